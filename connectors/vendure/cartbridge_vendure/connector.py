"""Vendure 3 through our companion plugin: signed snapshots in, conditional writes out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from cartbridge.sdk import client, payload, webhook
from cartbridge.sdk.both_sides import PriceNow, PricesOf, StockNow
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
from cartbridge.sdk.documents import Item, Line, Projection, TwinRef, project_by
from cartbridge.sdk.errors import Ignore, Unknown, Unreadable
from cartbridge.sdk.observations import Read
from cartbridge.sdk.payload import understood
from cartbridge_vendure import payloads as wire
from cartbridge_vendure.both_sides import prices_now, stock_now
from cartbridge_vendure.calls import NO_CART, OR_CONFLICT, call, missing
from cartbridge_vendure.changes import changed_since
from cartbridge_vendure.lines import key_of, sku_of
from cartbridge_vendure.settings import Settings
from cartbridge_vendure.translate import (
    CUSTOMER,
    read_customer,
    read_envelope,
    read_gone,
    read_order,
    snapshot,
)


class Vendure(Connector):
    """A Vendure shop: one active order per shopper, its rows merged by article."""

    manifest: ClassVar[Manifest] = Manifest(
        name="vendure",
        title="Vendure",
        kind="shop",
        capabilities=frozenset(
            {"fetch", "push", "freeze", "continue_online", "join", "changed_since"}
            | {"prices", "stock"}
        ),
        writes="conditional",
        login="merges",
        versions="Vendure 3.7 with @cartbridge/vendure-plugin 0.1",
        settings=Settings,
    )

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        """Believes what one of the connection's secrets signed less than five minutes ago."""
        return Delivery(webhook.verify(raw.headers, raw.body, settings.secrets, now))

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        """The order a webhook speaks of; its id stays the same over retries."""
        envelope = _envelope(hook)
        named = understood(wire.Mention, envelope.data, "data")
        # What ends a cart need not change it: its revision may be that of the last snapshot.
        revision = named.revision if envelope.type == "cart.snapshot" else None
        dedup = hook.headers.get("webhook-id")
        return [Named(external_id=named.external_id, revision=revision, dedup=dedup)]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        """What a webhook, an order that `fetch` brought, or an account that was listed, says."""
        if isinstance(document, Raw):
            return read_envelope(_envelope(document))
        if document.get("state") == CUSTOMER:
            return read_customer(document)
        return read_gone(document) if document.get("error") == NO_CART else read_order(document)

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        """Whole pieces of articles with a SKU, one row each; anything else Vendure cannot hold."""
        return project_by(lines, _key)

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        """The order as it is now, or where it was joined to; None if the shop has none."""
        response = await call(remote, "carts/read", {"external_id": ref.external_id})
        gone = missing(response)
        if gone is None:
            return client.json_object(response)
        return {**gone, "external_id": ref.external_id} if gone.get("merged_into") else None

    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        """The orders, and if wanted the accounts, that changed behind a place, as they are now."""
        return await changed_since(cursor, remote)

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        """Writes the rows that differ, if the order is still at the revision we know."""
        body = {
            "push_id": write.push_id,
            "base_revision": write.base_revision,
            "external_id": write.ref.external_id,
            "customer": None,
            "lines": [_row(line) for line in write.lines if sku_of(line.key) is not None],
            "codes": list(write.codes),
        }
        response = await call(remote, "carts/write", body, OR_CONFLICT, write.push_id)
        gone = missing(response)
        if gone is not None:
            if gone.get("merged_into"):
                raise Unknown("the order was joined to another one: read it")
            raise Ignore("the shop has no such order")
        order = _shown(client.json_object(response), write.ref)
        shown = snapshot(order, [])  # what it loses is reported when the hook about it is read
        if response.status_code == 200:
            return Written(snapshot=shown)
        if not order.active:
            raise Unknown("the order is bought or ended: read it")
        return Moved(snapshot=shown)

    async def freeze(self, ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
        """Vendure's checkout refuses, saying where the cart is, until thawed or that time."""
        body = {
            "external_id": ref.external_id,
            "until": until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "where": where,
        }
        response = await call(remote, "carts/freeze", body, OR_CONFLICT)
        if response.status_code == 409:
            raise Ignore("the order is bought, or being paid just now: there is nothing to stop")
        if missing(response) is not None:
            raise Ignore("the shop has no such order: there is nothing to stop")

    async def thaw(self, ref: TwinRef, remote: Remote) -> None:
        """Vendure's checkout goes on."""
        response = await call(remote, "carts/thaw", {"external_id": ref.external_id})
        if missing(response) is not None:
            raise Ignore("the shop has no such order: there is nothing to let go on")

    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        """What the shop's channel asks for the articles now; it has no other price lists."""
        return await prices_now(items, of.currency, remote)

    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        """What stock locations have of the articles that the shop counts."""
        return await stock_now(items, stores, remote)

    def continue_url(self, code: str, settings: Any) -> str:
        """The companion's own page, which joins the session it finds and leads to the cart."""
        return f"{settings.shop_url}/cartbridge/continue/{code}"


def _key(line: Line) -> str | None:
    whole = line.quantity.value == int(line.quantity.value) and line.quantity.unit == "C62"
    return key_of(line.item.sku) if line.item.sku is not None and whole else None


def _row(line: WriteLine) -> dict[str, Any]:
    return {"sku": sku_of(line.key), "quantity": int(line.quantity)}


def _shown(answer: Mapping[str, Any], ref: TwinRef) -> wire.VendureOrder:
    try:
        order = understood(wire.VendureOrder, answer.get("snapshot"), "snapshot")
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
    if order.external_id != ref.external_id:
        raise Unknown("the answer speaks of another order")
    return order


def _envelope(hook: Raw) -> wire.Envelope:
    return understood(wire.Envelope, payload.loads(hook.body), "")
