"""Changing what is on a listing from our side."""

from decimal import Decimal

from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.line import Line
from cartbridge.domain.listing import commands as c
from cartbridge.domain.listing.draft import Draft, L
from cartbridge.domain.refusals import Refusing


def edit(draft: Draft[L], command: c.Edit) -> None:
    """Quantities become what is said, lines come in, other prices hold."""
    for line_id, quantity in command.set.items():
        set_quantity(draft, line_id, quantity)
    for line in command.add:
        draft.tell(draft.rules.facts.line_added(line=line_from(line), note=line.note))
    for line_id, prices in (command.prices or {}).items():
        known = line_known(draft, line_id)
        if known.prices != prices:
            draft.tell(draft.rules.facts.line_priced(line=line_id, prices=prices))
    if command.customer is not None and command.customer != draft.document.customer:
        draft.tell(draft.rules.facts.customer_identified(customer=command.customer))


def set_quantity(
    draft: Draft[L], line_id: str, quantity: Decimal, moved_to: str | None = None
) -> None:
    """A line's quantity becomes what is said; 0 takes the line off."""
    line = line_known(draft, line_id)
    if quantity < 0:
        raise Refusing("quantity_invalid", line=line_id)
    was, facts = line.quantity.value, draft.rules.facts
    if quantity == 0:
        draft.tell(facts.line_removed(line=line_id, was=was, moved_to=moved_to))
    elif quantity != was:
        draft.tell(facts.line_changed(line=line_id, was=was, quantity=quantity))


def line_known(draft: Draft[L], line_id: str) -> Line:
    """The line of that id; refused if there is none."""
    line = draft.document.line(line_id)
    if line is None:
        raise Refusing("line_unknown", line=line_id)
    return line


def line_from(line: NewLine) -> Line:
    """The line that was asked for."""
    return Line(
        id=line.id,
        kind=line.kind,
        parent_line=line.parent_line,
        sold_by=line.sold_by,
        item=line.item,
        quantity=line.quantity,
        prices=line.prices,
        fulfilment=line.fulfilment,
    )
