"""Writing a shopper's cart through the plugin: on condition, repeatable, refusals by name."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Moved, Remote, Write, Written
from cartbridge.sdk.documents import TwinRef, plain
from cartbridge.sdk.errors import Ignore, Unknown, Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_woocommerce import cart_payloads as wire
from cartbridge_woocommerce.calls import PLUGIN, Answer, call
from cartbridge_woocommerce.carts import snapshot
from cartbridge_woocommerce.keys import named

CONFLICT: Final = frozenset({409})
LONGEST: Final = timedelta(hours=23)  # the plugin stops a checkout for a day at most


def route(ref: TwinRef) -> str:
    """The plugin's path of a cart."""
    return f"{PLUGIN}/carts/{quote(ref.external_id, safe='')}"


async def fetch_cart(ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
    """The cart as it is this moment; None if the shop has none of that id."""
    answer = await call(remote, "GET", route(ref))
    return None if answer.is_gone else {"cart": _same(answer.json(), ref)}


async def write_cart(write: Write, remote: Remote) -> Written | Moved:
    """Sends the whole cart; the shop takes it only if it is at the revision that we know."""
    body = {
        "push_id": write.push_id,
        "base_revision": write.base_revision,
        "lines": [
            {**named(line.key), "quantity": plain(line.quantity)}
            for line in write.lines
            if line.quantity
        ],
        "codes": list(write.codes),
    }
    answer = await call(remote, "PUT", route(write.ref), body, also=CONFLICT)
    if answer.is_gone:
        raise Ignore("the shop has no such cart")
    if answer.status != 409:
        return Written(snapshot=snapshot(_cart(answer.json().get("cart"), write.ref)))
    cart = _cart(_conflict(answer), write.ref)
    if cart.status in ("merged", "gone", "ordered"):
        raise Unknown("the cart was joined to another one, sold or ended: read it")
    return Moved(snapshot=snapshot(cart))


async def freeze_cart(ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
    """The shop's checkout refuses, saying where the cart is, until thawed or that time."""
    end = min(until.astimezone(UTC), datetime.now(UTC) + LONGEST)
    body = {"until": end.strftime("%Y-%m-%dT%H:%M:%SZ"), "where": where}
    answer = await call(remote, "PUT", f"{route(ref)}/freeze", body, also=CONFLICT)
    if answer.is_gone or answer.status == 409:
        raise Ignore("the shop has no such cart any more: there is nothing to stop")


async def thaw_cart(ref: TwinRef, remote: Remote) -> None:
    """The shop's checkout goes on."""
    answer = await call(remote, "DELETE", f"{route(ref)}/freeze", also=CONFLICT)
    if answer.is_gone or answer.status == 409:
        raise Ignore("the shop has no such cart any more: there is nothing to let go on")


def _conflict(answer: Answer) -> Any:
    try:
        data = payload.loads(answer.response.content).get("data")
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
    return data.get("cart") if isinstance(data, dict) else None


def _cart(body: Any, ref: TwinRef) -> wire.Cart:
    try:
        cart = understood(wire.Cart, body, "cart")
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
    if cart.external_id != ref.external_id:
        raise Unknown("the answer speaks of another cart")
    return cart


def _same(body: dict[str, Any], ref: TwinRef) -> dict[str, Any]:
    if body.get("external_id") != ref.external_id:
        raise Unknown("the answer speaks of another cart")
    return body
