"""What carries on after a sale: the lines left, the twins that live on, lines given back."""

from decimal import Decimal

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Draft
from cartbridge.domain.cart.editing import set_quantity
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.line import Line
from cartbridge.domain.twin import Twin


def remainder(
    draft: Draft, before: Cart, left: tuple[Line, ...], cart_id: str, codes: tuple[str, ...] = ()
) -> Draft:
    """The cart of what is left: same shopper, same pass, and the twins that live on."""
    child = Draft(Cart(id=cart_id), draft.now, draft.happened_at)
    child.tell(
        e.Started(
            origin=before.origin,
            currency=before.currency,
            tax_mode=before.tax_mode,
            root=before.slot_holder,
            parent=before.id,
            quote=before.quote,
            enquiry=before.enquiry,
            pass_of=before.pass_of,
            brand=before.brand,
            locale=before.locale,
            price_list=before.price_list,
            customer=before.customer,
            attribution=before.attribution,
            consent=before.consent,
            metadata=before.metadata,
        )
    )
    for line in left:
        note = before.notes.get(line.id)
        child.tell(e.LineAdded(line=line, note=note, from_cart=before.id))
    for code in codes:
        child.tell(e.CodeApplied(code=code))
    move_twins(draft, child)
    return child


def move_twins(origin: Draft, target: Draft) -> None:
    """The twins that live on move as they are: shadow, writes under way, refusals, what waits."""
    for twin in origin.cart.twins:
        if _lives_on(twin):
            waiting = origin.cart.waiting.get(str(twin.ref))
            target.tell(e.TwinJoined(twin=twin, from_cart=origin.cart.id))
            if waiting is not None:
                target.tell(e.ObservationHeld(ref=twin.ref, snapshot=waiting))
            origin.tell(e.TwinLeft(ref=twin.ref, to_cart=target.cart.id))


def _lives_on(twin: Twin) -> bool:
    return not twin.ended and twin.ref.kind in ("cart", "checkout")


def give_back(
    heir: Draft, line: Line, amount: Decimal, from_cart: str, note: str | None = None
) -> None:
    """Lines of another cart come into this one: onto the same line, or as a line of their own."""
    if amount <= 0:
        return
    same = heir.cart.line(line.id)
    if same is not None:
        set_quantity(heir, same.id, same.quantity.value + amount)
    else:
        heir.tell(e.LineAdded(line=line.with_quantity(amount), note=note, from_cart=from_cart))
