"""A connector on its fake platform, for the length of one test."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pytest

from cartbridge.domain.items import Item
from cartbridge.domain.twin import Snapshot, TwinRef
from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Capability, Connector, Remote, Write, WriteLine
from cartbridge.sdk.observations import CartSeen, Read
from cartbridge.testing.levels import Level, promise
from cartbridge.testing.platform import Platform
from cartbridge.testing.snapshots import key_of
from cartbridge.testing.suite import Suite

PAGES: Final = 50  # a list of what changed ends long before
HOOK_URL: Final = "https://gateway.example/v1/hooks/hk"


@dataclass(frozen=True)
class There:
    """The platform as it stands, and what the gateway would call it with."""

    connector: Connector
    platform: Platform
    remote: Remote

    def ref(self, external_id: str) -> TwinRef:
        """The twin of a document of the platform."""
        return TwinRef(connection="con_1", kind=self.platform.kind, external_id=external_id)

    async def document(self, external_id: str) -> Mapping[str, Any] | None:
        """The document as it is there now: fetched, or else found among all that changed."""
        if "fetch" in self.connector.capabilities(self.remote.settings):
            return await self.connector.fetch(self.ref(external_id), self.remote)
        found = None
        for document in await self.changes(None):
            if any(seen.external_id == external_id for seen in self.read(document).observations):
                found = document
        return found

    async def seen(self, external_id: str) -> Snapshot:
        """What the platform shows of a cart now."""
        document = await self.document(external_id)
        assert document is not None, "the platform has this cart, and it was not found"
        for seen in self.read(document).observations:
            if isinstance(seen, CartSeen) and seen.external_id == external_id:
                return seen.snapshot
        raise AssertionError("what was fetched shows no cart of that id")

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
        """A write of what the cart shows, with some articles as they are wanted instead."""
        rows = {row.key: (row.item, before.basket[row.key], row.unit) for row in before.lines}
        lines = (
            WriteLine(key=key, item=item, quantity=amount, unit=unit, changed=key in wanted)
            for key, (item, amount, unit) in {**rows, **wanted}.items()
        )
        return Write(
            push_id=push_id,
            ref=self.ref(external_id),
            base_revision=before.revision,
            lines=tuple(lines),
            codes=before.codes,
        )

    def more(
        self, external_id: str, before: Snapshot, push_id: str, amount: int = 2, article: int = 0
    ) -> Write:
        """A write that puts some pieces of an article into the cart."""
        item = self.platform.articles[article]
        wanted = {self.key(item): (item, Decimal(amount), "C62")}
        return self.write(external_id, before, push_id, wanted)


Scene = Callable[[Any, There], Awaitable[None]]


def on_platform(
    level: Level, subject: str, *needs: Capability
) -> Callable[[Scene], Callable[[Suite], None]]:
    """Makes a scene on the fake platform a promise; passed over where something is undeclared."""

    def mark(scene: Scene) -> Callable[[Suite], None]:
        def test(self: Suite) -> None:
            able = self.connector.capabilities(self.settings(*self.secrets))
            if missing := [need for need in needs if need not in able]:
                pytest.skip(f"it does not declare {', '.join(missing)}")
            if self.fake is None:
                pytest.skip("no fake of the platform is named: set `fake`")
            asyncio.run(_played(scene, self, self.fake()))

        test.__name__, test.__qualname__ = scene.__name__, scene.__qualname__
        test.__doc__, test.__module__ = scene.__doc__, scene.__module__
        return promise(level, subject, *needs)(test)

    return mark


async def _played(scene: Scene, suite: Suite, platform: Platform) -> None:
    settings = suite.settings(*suite.secrets)
    # Nothing is encrypted on the way to a fake: reading the machine's certificates takes long.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with platform.reached():
        async with make_client(tls=tls) as client:
            remote = Remote(settings, client, platform.credentials)
            await scene(suite, There(suite.connector, platform, remote))
