"""Changing what is in a cart from our side: beginning it, and edits from a terminal."""

from decimal import Decimal

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Draft
from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.state import Claim
from cartbridge.domain.line import Line
from cartbridge.domain.refusals import Refusing


def start(draft: Draft, command: c.StartCart) -> None:
    """A cart begins on our side, with what was already put into it."""
    draft.tell(
        e.Started(
            origin=command.origin,
            currency=command.currency,
            tax_mode=command.tax_mode,
            brand=command.brand,
            locale=command.locale,
            price_list=command.price_list,
            customer=command.customer,
            metadata=dict(command.metadata or {}),
            root=command.root,
            quote=command.quote,
            attribution=dict(command.attribution or {}),
            consent=dict(command.consent or {}),
            enquiry=command.enquiry,
            pass_of=draft.cart.id if command.enquiry is not None else None,
        )
    )
    for line in command.lines:
        draft.tell(added(line))
    for code in command.codes:
        draft.tell(e.CodeApplied(code=code))


def refill(draft: Draft, command: c.RefillCart) -> None:
    """The lines of its quote become what that holds now; a terminal that has the cart keeps it."""
    cart = draft.cart
    if cart.claim is not None:
        raise held_by(cart.claim)
    if cart.state is State.CHECKOUT:
        raise Refusing("cart_in_checkout")
    wanted = {line.id for line in command.lines}
    for line_id in cart.quote.lines if cart.quote is not None else ():
        if line_id not in wanted and cart.line(line_id) is not None:
            set_quantity(draft, line_id, Decimal(0))
    for new in command.lines:
        known = cart.line(new.id)
        if known is None:
            draft.tell(added(new))
            continue
        set_quantity(draft, new.id, new.quantity.value)
        present = draft.cart.line(new.id)
        if present is not None and present.prices != new.prices:
            draft.tell(e.LinePriced(line=new.id, prices=new.prices))
    draft.tell(e.QuoteRevised(quote=command.quote))


def held_by(claim: Claim) -> Refusing:
    """The refusal that tells who has the cart, where, and since when."""
    since = claim.since.isoformat()
    return Refusing("held_elsewhere", terminal=claim.terminal, store=claim.store, since=since)


def edit(draft: Draft, command: c.EditCart) -> None:
    """A terminal changes the cart; while one holds it, no other may."""
    claim = draft.cart.claim
    if claim is not None and claim.terminal != command.terminal:
        raise Refusing("held_elsewhere", terminal=claim.terminal, since=claim.since.isoformat())
    for line_id, quantity in command.set.items():
        set_quantity(draft, line_id, quantity)
    for line in command.add:
        draft.tell(added(line))
    if command.codes is not None:
        set_codes(draft, frozenset(command.codes))
    if command.customer is not None and command.customer != draft.cart.customer:
        draft.tell(e.CustomerIdentified(customer=command.customer))


def set_quantity(draft: Draft, line_id: str, quantity: Decimal) -> None:
    """A line's quantity becomes what is said; 0 takes the line out."""
    line = draft.cart.line(line_id)
    if line is None:
        raise Refusing("line_unknown", line=line_id)
    if quantity < 0:
        raise Refusing("quantity_invalid", line=line_id)
    was = line.quantity.value
    if quantity == 0:
        draft.tell(e.LineRemoved(line=line_id, was=was))
    elif quantity != was:
        draft.tell(e.LineChanged(line=line_id, was=was, quantity=quantity))


def set_codes(draft: Draft, wanted: frozenset[str]) -> None:
    """The promotion codes become exactly these."""
    known = frozenset(draft.cart.codes)
    for code in sorted(wanted - known):
        draft.tell(e.CodeApplied(code=code))
    for code in sorted(known - wanted):
        draft.tell(e.CodeRemoved(code=code))


def added(line: c.NewLine) -> e.LineAdded:
    """The fact that a line came in."""
    return e.LineAdded(
        line=Line(
            id=line.id,
            kind=line.kind,
            parent_line=line.parent_line,
            sold_by=line.sold_by,
            item=line.item,
            quantity=line.quantity,
            prices=line.prices,
            fulfilment=line.fulfilment,
            wishlist=line.wishlist,
        ),
        note=line.note,
    )
