"""Vendure 3 through our companion plugin: signed snapshots in, conditional writes out."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

import httpx
from pydantic_core import to_json

from cartbridge.sdk import client, payload, webhook
from cartbridge.sdk.contract import (
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
from cartbridge.sdk.documents import Cart, Line, Projection, TwinRef, project_by
from cartbridge.sdk.errors import Ignore, Unknown, Unreadable
from cartbridge.sdk.observations import Read
from cartbridge_vendure import payloads as wire
from cartbridge_vendure.settings import Settings
from cartbridge_vendure.translate import (
    key_of,
    read_envelope,
    read_order,
    sku_of,
    snapshot,
    understood,
)

DONE: Final = frozenset({200})
WRITTEN: Final = frozenset({200, 409})
READ: Final = frozenset({200, 404})
FROZEN: Final = frozenset({200, 409})


class Vendure(Connector):
    """A Vendure shop: one active order per shopper, its rows merged by article."""

    manifest: ClassVar[Manifest] = Manifest(
        name="vendure",
        title="Vendure",
        kind="shop",
        capabilities=frozenset({"fetch", "push", "freeze", "continue_online", "join"}),
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
        external_id = envelope.data.get("external_id")
        revision = envelope.data.get("revision")
        if not isinstance(external_id, str) or not external_id:
            raise Unreadable("data.external_id: missing")
        return [
            Named(
                external_id=external_id,
                revision=revision if isinstance(revision, int) else None,
                dedup=hook.headers.get("webhook-id"),
            )
        ]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        """What a webhook, or an order that `fetch` brought, says."""
        if isinstance(document, Raw):
            return read_envelope(_envelope(document))
        return read_order(document)

    def project(self, cart: Cart) -> Projection:
        """Whole pieces of articles with a SKU, one row each; anything else Vendure cannot hold."""
        return project_by(cart.lines, _key)

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        """The order as it is now; None if the shop has none of that code."""
        body = {"external_id": ref.external_id}
        response = await _call(remote, "carts/read", body, expected=READ)
        return None if response.status_code == 404 else client.json_object(response)

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
        response = await _call(remote, "carts/write", body, message=write.push_id, expected=WRITTEN)
        answer = client.json_object(response)
        try:
            order = understood(wire.VendureOrder, answer.get("snapshot"), "snapshot")
        except Unreadable as error:
            raise Unknown(f"the answer cannot be understood: {error}") from error
        shown = snapshot(order, [])
        return Moved(snapshot=shown) if response.status_code == 409 else Written(snapshot=shown)

    async def freeze(self, ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
        """Vendure's checkout refuses, saying where the cart is, until thawed or that time."""
        body = {
            "external_id": ref.external_id,
            "until": until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "where": where,
        }
        answer = await _call(remote, "carts/freeze", body, expected=FROZEN)
        if answer.status_code == 409:
            raise Ignore("the order is bought, or being paid just now: there is nothing to stop")

    async def thaw(self, ref: TwinRef, remote: Remote) -> None:
        """Vendure's checkout goes on."""
        await _call(remote, "carts/thaw", {"external_id": ref.external_id}, expected=DONE)

    def continue_url(self, code: str, settings: Any) -> str:
        """The companion's own page, which joins the session it finds and leads to the cart."""
        return f"{settings.shop_url}/cartbridge/continue/{code}"


def _key(line: Line) -> str | None:
    whole = line.quantity.value == int(line.quantity.value)
    return key_of(line.item.sku) if line.item.sku is not None and whole else None


def _row(line: WriteLine) -> dict[str, Any]:
    return {"sku": sku_of(line.key), "quantity": int(line.quantity)}


def _envelope(hook: Raw) -> wire.Envelope:
    return understood(wire.Envelope, payload.loads(hook.body), "")


async def _call(
    remote: Remote,
    path: str,
    body: dict[str, Any],
    *,
    expected: frozenset[int],
    message: str | None = None,
) -> httpx.Response:
    """A signed call to the companion."""
    settings: Settings = remote.settings
    raw = to_json(body)
    identifier = message or f"msg_{uuid.uuid4().hex}"
    headers = webhook.sign(settings.secrets[0], identifier, datetime.now(UTC), raw)
    url = f"{settings.shop_url}/cartbridge/v1/{path}"
    return await client.post(remote.client, url, raw, headers, expected)
