"""Medusa 2 through our companion plugin: signed snapshots in, conditional writes out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import httpx

from cartbridge.sdk import payload, webhook
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
    WriteLine,
    Written,
)
from cartbridge.sdk.documents import Item, Line, Projection, Snapshot, TwinRef, project_by
from cartbridge.sdk.errors import Ignore, Unknown, Unreadable
from cartbridge.sdk.observations import Read
from cartbridge.sdk.payload import understood
from cartbridge_medusa import payloads as wire
from cartbridge_medusa.both_sides import hold as hold_goods
from cartbridge_medusa.both_sides import prices_now, release, stock_now
from cartbridge_medusa.calls import OR_CONFLICT, call, cart_path, missing, snapshot_of
from cartbridge_medusa.changes import changed_since
from cartbridge_medusa.lines import article_of
from cartbridge_medusa.settings import Settings
from cartbridge_medusa.translate import CUSTOMER, read_cart, read_customer, snapshot

NEVER_WRITTEN: Final = frozenset({"shipping", "fee"})


class Medusa(Connector):
    """A Medusa shop: carts that only their id leads to, rows of one article summed up."""

    manifest: ClassVar[Manifest] = Manifest(
        name="medusa",
        title="Medusa",
        kind="shop",
        capabilities=frozenset(
            {"fetch", "push", "freeze", "continue_online", "join", "changed_since"}
            | {"prices", "stock", "reserve_stock"}
        ),
        writes="conditional",
        login="adopts",
        versions="Medusa 2.21 with @cartbridge/medusa-plugin 0.1",
        settings=Settings,
    )

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        """Believes what one of the connection's secrets signed less than five minutes ago."""
        return Delivery(webhook.verify(raw.headers, raw.body, settings.secrets, now))

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        """The cart a webhook speaks of; its id stays the same over retries."""
        named = understood(wire.Mention, _envelope(hook).data, "data")
        revision = named.revision if named.state == "open" else None
        dedup = hook.headers.get("webhook-id")
        return [Named(external_id=named.external_id, revision=revision, dedup=dedup)]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        """What a webhook, or a cart that `fetch` brought, or an account that was listed, says."""
        if isinstance(document, Raw):
            return read_cart("data.", _envelope(document).data, settings)
        if document.get("state") == CUSTOMER:
            return read_customer(document)
        return read_cart("", document, settings)

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        """Whole pieces, one row per SKU, else EAN, else title; the shop names what it lacks."""
        return project_by(lines, _key)

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        """The cart as it is now, also when it was bought; None if the shop has none."""
        response = await call(remote, "GET", cart_path(ref.external_id))
        return None if missing(response) else snapshot_of(response)

    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        """The carts, and if wanted the accounts, that changed behind a place, as they are now."""
        return await changed_since(cursor, remote)

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        """Writes the rows that differ, if the cart is still at the revision we know."""
        body = {
            "push_id": write.push_id,
            "base_revision": write.base_revision,
            "lines": [_row(line) for line in write.lines],
            "codes": list(write.codes),
        }
        path = cart_path(write.ref.external_id)
        response = await call(remote, "PUT", path, body, OR_CONFLICT)
        if missing(response):
            raise Ignore("the shop has no such cart")
        shown = _shown(response, write.ref, remote.settings)
        return Written(snapshot=shown) if response.status_code == 200 else Moved(snapshot=shown)

    async def freeze(self, ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
        """The shop refuses changes and payment, saying where the cart is, until that time."""
        moment = until.astimezone(UTC).isoformat().replace("+00:00", "Z")
        body = {"until": moment, "where": where}
        path = cart_path(ref.external_id, "/freeze")
        response = await call(remote, "POST", path, body, OR_CONFLICT)
        if response.status_code == 409:
            raise Ignore("the cart is bought, or carries a payment: there is nothing to stop")
        if missing(response):
            raise Ignore("the shop has no such cart: there is nothing to stop")

    async def thaw(self, ref: TwinRef, remote: Remote) -> None:
        """The shop lets the cart be changed and bought again."""
        if missing(await call(remote, "DELETE", cart_path(ref.external_id, "/freeze"))):
            raise Ignore("the shop has no such cart: there is nothing to let go on")

    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        """What the shop's storefront asks for the articles now; it has no other prices."""
        return await prices_now(items, of.currency, remote)

    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        """What stock locations have of the articles that the shop counts."""
        return await stock_now(items, stores, remote)

    async def reserve_stock(self, hold: StockHold, remote: Remote) -> Sequence[HeldStock]:
        """Reserves pieces in a stock location, until they are free by themselves."""
        return await hold_goods(hold, remote)

    async def release_stock(self, name: str, remote: Remote) -> None:
        """Lets what was reserved be sold again."""
        await release(name, remote)

    def continue_url(self, code: str, settings: Any) -> str:
        """The storefront's cart page, which joins the cart that the browser holds.

        The code stands behind #, so that no server and no log of the shop ever sees it.
        """
        return f"{settings.storefront_url}#cartbridge={code}"


def _key(line: Line) -> str | None:
    whole = line.quantity.value == int(line.quantity.value) and line.quantity.unit == "C62"
    return line.item.key if whole and line.kind not in NEVER_WRITTEN else None


def _row(line: WriteLine) -> dict[str, Any]:
    return {**article_of(line.key), "quantity": int(line.quantity)}


def _shown(response: httpx.Response, ref: TwinRef, settings: Settings) -> Snapshot:
    """The open cart in an answer; what it loses is reported when the hook about it is read."""
    told = snapshot_of(response)
    if told.get("external_id") != ref.external_id:
        raise Unknown("the answer speaks of another cart")
    if told.get("state") != "open":
        raise Unknown("the cart is bought or ended: read it")
    try:
        return snapshot("", understood(wire.MedusaCart, told, "snapshot"), settings, [])
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error


def _envelope(hook: Raw) -> wire.Envelope:
    return understood(wire.Envelope, payload.loads(hook.body), "")
