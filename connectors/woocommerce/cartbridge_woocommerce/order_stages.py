"""How far an order is, and which cart it was placed from."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from cartbridge.sdk.payload import understood
from cartbridge_woocommerce import payloads as wire

CART_ID: Final = "_cartbridge_cart_id"
CART_REVISION: Final = "_cartbridge_cart_revision"
PUSH: Final = "_cartbridge_push"
PLACEMENT: Final = "_cartbridge_placement"

BOUGHT: Final = frozenset({"processing", "on-hold", "completed"})
UNPAID: Final = frozenset({"pending", "failed"})
ENDED: Final = frozenset({"cancelled", "trash"})
# Drafts of the block checkout and of the admin: no order yet, and told again when they are one.
DRAFTS: Final = frozenset({"checkout-draft", "auto-draft", "draft", "new"})
# Paid by other means than online: such an order is bought although nobody paid yet.
OFFLINE: Final = frozenset({"bacs", "cheque", "cod"})

Phase = Literal["draft", "unpaid", "bought", "returned", "ended", "discarded"]
# What changes nothing, and why.
NO_NEWS: Final[Mapping[Phase, str]] = {
    "draft": "a draft is no order yet",
    "discarded": "what was sold stays sold though its order is in the trash",
}


def order_of(body: Any) -> wire.Order:
    """The order in a body; Unreadable names what is wrong with it."""
    return understood(wire.Order, body)


def phase(order: wire.Stage) -> Phase:
    """How far an order is; one in a status of the shop's own is bought once it is paid."""
    if order.status in DRAFTS:
        return "draft"
    paid = order.date_paid_gmt is not None
    if order.status == "refunded":
        return "returned"
    if order.status in ENDED and (paid or order.payment_method in OFFLINE):
        return "returned" if order.status == "cancelled" else "discarded"
    if order.status in ENDED:
        return "ended"
    if order.status in UNPAID:
        return "unpaid"
    return "bought" if order.status in BOUGHT or paid else "unpaid"


def cart_id(order: wire.Stage) -> str | None:
    """The cart it was placed from, where the plugin has noted it."""
    value = meta(order, CART_ID)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if 0 < len(text) <= 255 and "\0" not in text else None


def meta(order: wire.Stage, key: str) -> Any:
    """A further fact of an order, the newest of that name."""
    return next((one.value for one in reversed(order.meta_data) if one.key == key), None)
