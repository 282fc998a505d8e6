"""A connector on its fake platform, for the length of one test."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

import pytest

from cartbridge.domain.items import Item
from cartbridge.domain.twin import Snapshot, TwinKind, TwinRef
from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Capability, Connector, Remote, Write, WriteLine
from cartbridge.sdk.observations import CartSeen, QuoteSeen, Read, WishlistSeen
from cartbridge.testing.levels import Level, promise
from cartbridge.testing.platform import Platform
from cartbridge.testing.quoting import prices_for, terms_of
from cartbridge.testing.snapshots import WHOLE, key_of
from cartbridge.testing.suite import Suite

PAGES: Final = 50  # a list of what changed ends long before
NAME: Final = "Anna's wishes"

Of = Literal["carts", "what is written", "wish lists", "quotes"]
Whole = CartSeen | WishlistSeen | QuoteSeen
HOOK_URL: Final = "https://gateway.example/v1/hooks/hk"


@dataclass(frozen=True)
class There:
    """The platform as it stands, and what the gateway would call it with."""

    connector: Connector
    platform: Platform
    remote: Remote
    kind: TwinKind  # what is looked at: what its carts are there, wish lists or quotes

    def new(self) -> str:
        """A new document of the kind that is looked at."""
        made: dict[TwinKind, Callable[[], str]] = {
            "wishlist": self.platform.new_wishlist,
            "quote": self.platform.new_quote,
        }
        return made.get(self.kind, self.platform.new_cart)()

    def ref(self, external_id: str) -> TwinRef:
        """The twin of a document of the platform."""
        return TwinRef(connection="con_1", kind=self.kind, external_id=external_id)

    async def document(self, external_id: str) -> Mapping[str, Any] | None:
        """The document as it is there now: fetched, or else found among all that changed."""
        if "fetch" in self.connector.capabilities(self.remote.settings):
            return await self.connector.fetch(self.ref(external_id), self.remote)
        found = None
        for document in await self.changes(None):
            if any(seen.external_id == external_id for seen in self.read(document).observations):
                found = document
        return found

    async def told(self, external_id: str) -> Whole:
        """What the platform tells of a document now."""
        document = await self.document(external_id)
        assert document is not None, f"the platform has this {self.kind}, and it was not found"
        for seen in self.read(document).observations:
            ours = (seen.kind, seen.external_id) == (self.kind, external_id)
            if ours and isinstance(seen, WHOLE):
                return seen
        raise AssertionError(f"what was fetched shows no {self.kind} of that id")

    async def seen(self, external_id: str) -> Snapshot:
        """What the platform shows of a document now."""
        return (await self.told(external_id)).snapshot

    async def changes(self, cursor: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
        """Every document that changed after a cursor."""
        documents, _ = await self.changes_and_cursor(cursor)
        return documents

    async def changes_and_cursor(
        self, cursor: Mapping[str, Any] | None
    ) -> tuple[list[Mapping[str, Any]], Mapping[str, Any]]:
        """Every document that changed after a cursor, and the cursor behind them."""
        documents: list[Mapping[str, Any]] = []
        for _ in range(PAGES):
            page = await self.connector.changed_since(cursor, self.remote)
            documents += page.documents
            cursor = page.cursor
            if not page.more:
                return documents, cursor
        raise AssertionError(f"after {PAGES} pages there still is more: does the cursor move?")

    def read(self, document: Mapping[str, Any]) -> Read:
        """What a document says."""
        return self.connector.read(document, self.remote.settings)

    def key(self, item: Item, unit: str = "C62") -> str:
        """The item key of an article there."""
        return key_of(self.connector, item, self.remote.settings, unit)

    def write(
        self,
        external_id: str,
        before: Snapshot,
        push_id: str,
        wanted: Mapping[str, tuple[Item, Decimal, str]],
    ) -> Write:
        """A write of what is shown, with some articles as they are wanted instead."""
        rows = {row.key: (row.item, before.basket[row.key], row.unit) for row in before.lines}
        lines = (
            WriteLine(
                key=key,
                item=item,
                quantity=amount,
                unit=unit,
                changed=key in wanted,
                prices=prices_for(amount) if self.kind == "quote" else None,
            )
            for key, (item, amount, unit) in {**rows, **wanted}.items()
        )
        return Write(
            push_id=push_id,
            ref=self.ref(external_id),
            base_revision=before.revision,
            lines=tuple(lines),
            codes=before.codes,
            name=NAME if self.kind == "wishlist" else None,
            terms=terms_of(before) if self.kind == "quote" else None,
        )

    def more(
        self, external_id: str, before: Snapshot, push_id: str, amount: int = 2, article: int = 0
    ) -> Write:
        """A write that puts some pieces of an article into the cart; one where none is counted."""
        item = self.platform.articles[article]
        wanted = {self.key(item): (item, Decimal(1 if before.uncounted else amount), "C62")}
        return self.write(external_id, before, push_id, wanted)


Scene = Callable[[Any, There], Awaitable[None]]


def on_platform(
    level: Level, subject: str, *needs: Capability, of: Of = "carts"
) -> Callable[[Scene], Callable[[Suite], None]]:
    """Makes a scene on the fake platform a promise; passed over where something is undeclared.

    A scene `of` what is written is played again for wish lists and for quotes, if they are.
    """

    def mark(scene: Scene) -> Callable[[Suite], None]:
        def test(self: Suite) -> None:
            able = self.connector.capabilities(self.settings(*self.secrets))
            if missing := [need for need in needs if need not in able]:
                pytest.skip(f"it does not declare {', '.join(missing)}")
            if self.fake is None:
                pytest.skip("no fake of the platform is named: set `fake`")
            for kind in _kinds(of, able, self.fake):
                asyncio.run(_played(scene, self, self.fake(), kind))

        test.__name__, test.__qualname__ = scene.__name__, scene.__qualname__
        test.__doc__, test.__module__ = scene.__doc__, scene.__module__
        return promise(level, subject, *needs)(test)

    return mark


def _kinds(of: Of, able: frozenset[Capability], fake: type[Platform]) -> list[TwinKind]:
    """Which documents a scene is played with."""
    told: dict[TwinKind, bool] = {
        "wishlist": "push_wishlists" in able,
        "quote": "push_quotes" in able,
    }
    beside = [kind for kind, is_written in told.items() if is_written]
    alone: dict[Of, list[TwinKind]] = {"wish lists": ["wishlist"], "quotes": ["quote"]}
    if of in alone:
        return alone[of]
    return [fake.kind, *beside] if of == "what is written" else [fake.kind]


async def _played(scene: Scene, suite: Suite, platform: Platform, kind: TwinKind) -> None:
    settings = suite.settings(*suite.secrets)
    # Nothing is encrypted on the way to a fake: reading the machine's certificates takes long.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with platform.reached():
        async with make_client(tls=tls) as client:
            remote = Remote(settings, client, platform.credentials)
            try:
                await scene(suite, There(suite.connector, platform, remote, kind))
            except Exception as error:
                error.add_note(f"It was looked at with a {kind}.")
                raise
