"""Whether an order is picked up, and in which store: from the way of shipping that she chose."""

from typing import Final

from cartbridge.sdk.documents import Fulfilment
from cartbridge_woocommerce import payloads as wire
from cartbridge_woocommerce.articles import in_words

# The block checkout keeps the name of the place with the order, and no number of it.
PLACE: Final = "pickup_location"
CLASSIC: Final = "local_pickup"
_LONGEST: Final = 255


def pick_up(order: wire.Stage) -> Fulfilment | None:
    """In the one place where all of it waits; None if any of it is sent, or nothing is."""
    places = [_place(line) for line in order.shipping_lines]
    return at_place(places[0]) if len(set(places)) == 1 else None


def is_handed_out(order: wire.Stage) -> bool:
    """Whether an order that was to be picked up is with the shopper: the shop completed it."""
    return order.status == "completed" and pick_up(order) is not None


def at_place(place: str | None) -> Fulfilment | None:
    """Picked up in the store that the shop calls so."""
    if place is None:
        return None
    return Fulfilment(kind="pick_up", store=in_words(place).strip()[:_LONGEST] or None)


def _place(line: wire.ShippingLine) -> str | None:
    """What a place is called: its name, or the number of the classic method."""
    if line.method_id == CLASSIC:
        return f"{CLASSIC}:{line.instance_id}"
    if line.method_id != PLACE:
        return None
    named = next((one.value for one in line.meta_data if one.key == PLACE), "")
    return named if isinstance(named, str) else ""
