"""The connector for the sandbox shop."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, TypeVar

import httpx

from cartbridge.sdk import client, payload
from cartbridge.sdk.both_sides import HeldStock, PriceNow, PricesOf, StockHold, StockNow
from cartbridge.sdk.contract import (
    Changed,
    Connector,
    Delivery,
    Manifest,
    Moved,
    Named,
    Raw,
    Remote,
    Write,
    Written,
)
from cartbridge.sdk.documents import Item, Line, Projection, Snapshot, TwinRef, project_by
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge.sdk.observations import Read
from cartbridge_sandbox import payloads as wire
from cartbridge_sandbox.settings import Settings
from cartbridge_sandbox.shelf_answers import held_of, hold_body, keys_of, prices_of, stock_of
from cartbridge_sandbox.signing import check, sign
from cartbridge_sandbox.translate import (
    key_of,
    read_basket,
    read_changed,
    read_hook,
    snapshot_of,
    write_body,
)

OK: Final = frozenset({200})
PAGE: Final = 100  # baskets at once
Told = TypeVar("Told", bound=wire.Wire)


class Sandbox(Connector):
    """A small shop with a dialect of its own, deliberately unlike the canonical webhook."""

    manifest: ClassVar[Manifest] = Manifest(
        name="sandbox",
        title="Sandbox shop",
        kind="shop",
        capabilities=frozenset(
            {"fetch", "push", "freeze", "continue_online", "join", "changed_since", "hook"}
            | {"prices", "stock", "reserve_stock"}
        ),
        writes="conditional",
        versions="the shop of this package",
        settings=Settings,
    )

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        """Believes what one of the secrets signed less than five minutes ago."""
        check(raw.headers, raw.body, settings.secrets, now)
        return Delivery()

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        """The one basket a hook speaks of."""
        told = payload.understood(wire.Hook, payload.loads(hook.body))
        # Going to the checkout and back leaves the basket, and its revision, as they were.
        revision = None if told.event in ("checkout", "left") else told.basket.rev
        # A hook is stored with its body in the shop: a repeat is the same bytes.
        dedup = hashlib.sha256(hook.body).hexdigest()
        return [Named(external_id=told.basket.ref, revision=revision, dedup=dedup)]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        """What a hook says, or the basket that `fetch` brought."""
        if isinstance(document, Raw):
            return read_hook(payload.understood(wire.Hook, payload.loads(document.body)))
        return read_changed(document) if "event" in document else read_basket(document)

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        """One row per SKU; what has none stays out."""
        return project_by(lines, key_of)

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        """The basket as it is there now; None if it is gone."""
        expected = OK | {404, 410}
        response = await _call(remote, "read", {"ref": ref.external_id}, expected)
        return _basket(response) if response.status_code == 200 else None

    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        """The baskets that changed after a place in the shop's own order of changes."""
        call = {"after": cursor["place"] if cursor else 0, "limit": PAGE}
        told = _told(await _call(remote, "changed", call, OK))
        try:
            page = payload.understood(wire.Changes, told)
        except Unreadable as error:
            raise Unknown(f"the answer cannot be understood: {error}") from error
        return Changed(told["changed"], {"place": page.place}, page.more)

    async def hook_is_on(self, hook_url: str, remote: Remote) -> bool:
        """Whether the shop posts hooks; it has only the one address."""
        return _told(await _call(remote, "hook", {}, OK)).get("on") is True

    async def rearm(self, hook_url: str, remote: Remote) -> None:
        """Lets the shop post hooks again."""
        await _call(remote, "rearm", {}, OK)

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        """Writes every row on condition of the revision; a repeat answers its first result."""
        response = await _call(remote, "write", write_body(write), OK | {409})
        moved = response.status_code == 409
        return (Moved if moved else Written)(snapshot=_snapshot(_basket(response)))

    async def freeze(self, ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
        """Stops the checkout until a time; the shop says where the cart is, and thaws by itself."""
        body = {"ref": ref.external_id, "until": until.isoformat(), "where": where}
        await _call(remote, "freeze", body, OK)

    async def thaw(self, ref: TwinRef, remote: Remote) -> None:
        """Lets the checkout go on."""
        await _call(remote, "thaw", {"ref": ref.external_id}, OK)

    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        """What the articles cost in the shop now, tax included."""
        skus = list(keys_of(items))
        told = await _understood(
            wire.Prices, remote, "prices", {"skus": skus, "money": of.currency}
        )
        return prices_of(told, items)

    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        """What is free on the shelves of the shop's own stores, and what is kept there."""
        call = {"skus": list(keys_of(items)), "shops": list(stores)}
        return stock_of(await _understood(wire.Stock, remote, "stock", call), items)

    async def reserve_stock(self, hold: StockHold, remote: Remote) -> Sequence[HeldStock]:
        """Keeps goods on the shelves of one store until a time."""
        told = await _understood(wire.Kept, remote, "keep", hold_body(hold))
        return held_of(told, [line.item for line in hold.lines])

    async def release_stock(self, name: str, remote: Remote) -> None:
        """Lets what a hold keeps be sold again."""
        await _call(remote, "free", {"name": name}, OK)

    def continue_url(self, code: str, settings: Any) -> str:
        """The shop's page that joins the visitor's basket to the cart."""
        return f"{settings.shop_url}/continue/{code}"


async def _call(
    remote: Remote, what: str, body: Mapping[str, Any], expected: frozenset[int]
) -> httpx.Response:
    settings: Settings = remote.settings
    content = json.dumps(body, separators=(",", ":")).encode()
    headers = sign(settings.secrets[0], content, datetime.now(UTC))
    url = f"{settings.shop_url}/gateway/{what}"
    return await client.post(remote.client, url, content, headers, expected)


async def _understood(form: type[Told], remote: Remote, what: str, body: Mapping[str, Any]) -> Told:
    told = _told(await _call(remote, what, body, OK))
    try:
        return payload.understood(form, told)
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error


def _told(response: httpx.Response) -> dict[str, Any]:
    try:
        return payload.loads(response.content)
    except Unreadable as error:
        raise Unknown(f"the answer cannot be read: {error}") from error


def _basket(response: httpx.Response) -> dict[str, Any]:
    basket = _told(response).get("basket")
    if not isinstance(basket, dict):
        raise Unknown("the answer holds no basket")
    return basket


def _snapshot(basket: Mapping[str, Any]) -> Snapshot:
    try:
        return snapshot_of(payload.understood(wire.Basket, basket))
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
