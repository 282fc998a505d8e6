"""Changing what is in a cart from our side: beginning it, and edits from a terminal."""

from decimal import Decimal

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Draft
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
            enquiry=command.enquiry,
            pass_of=draft.cart.id if command.enquiry is not None else None,
        )
    )
    for line in command.lines:
        draft.tell(added(line))
    for code in command.codes:
        draft.tell(e.CodeApplied(code=code))


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
