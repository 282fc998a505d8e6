"""What becomes of an enquiry in our hands: who has it, when she comes, what she was shown."""

from typing import Any

from cartbridge.domain.cart.decide import decide as decide_cart
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry import events as e
from cartbridge.domain.enquiry.draft import Draft
from cartbridge.domain.enquiry.lifecycle import State
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.refusals import Refused, Refusing


def change(draft: Draft, command: c.Change) -> None:
    """Where it goes comes first: whoever had it there has it no more."""
    if command.store is not None or command.team is not None:
        _move(draft, command.store, command.team, command)
    if command.unassign and draft.enquiry.staff is not None:
        draft.tell(e.Unassigned())
    elif command.staff is not None and command.staff != draft.enquiry.staff:
        draft.tell(e.Assigned(staff=command.staff))
    _details(draft, command)
    if command.customer is not None and command.customer != draft.enquiry.customer:
        draft.tell(e.CustomerIdentified(customer=command.customer))


def set_date(draft: Draft, command: c.SetDate) -> None:
    """A date in time to come; who makes it for another store sends the enquiry there."""
    if command.at <= draft.now:
        raise Refusing("enquiry_date_passed")
    if command.store is not None:
        _move(draft, command.store, None, command)
    store, staff = draft.enquiry.store, command.staff or draft.enquiry.staff
    made = e.Scheduled(at=command.at, store=store, staff=staff)
    present = draft.enquiry.schedule
    if present is None or (present.at, present.staff) != (made.at, made.staff):
        draft.tell(made)


def note_demonstration(draft: Draft, command: c.NoteDemonstration) -> None:
    """Without a word about what was shown, it was what she had asked about."""
    items = command.items or draft.enquiry.items
    if not items:
        raise Refusing("enquiry_without_items")
    date = draft.enquiry.schedule
    staff = command.staff or (date and date.staff) or draft.enquiry.staff
    draft.tell(e.Demonstrated(at=command.at, items=items, store=command.store, staff=staff))


def begin_cart(draft: Draft, command: c.BeginCart) -> Decided[Cart] | None:
    """A cart is born of it, in one append with the word of it; one that is alive stays the one."""
    if command.alive is not None:
        return None
    if not command.start.lines:
        raise Refusing("enquiry_without_items")
    draft.tell(e.Linked(document=command.cart, born=True))
    born = Cart(id=command.cart)
    decision = decide_cart(born, command.start, draft.now, draft.happened_at)
    if isinstance(decision, Refused):
        raise Refusing(decision.code, **decision.params)
    cart: Decided[Any] = decision[0]
    return cart


def items_shown(enquiry: Enquiry) -> tuple[Any, ...]:
    """What she was shown last, else what she asked about."""
    shown = enquiry.demonstrations
    return shown[-1].items if shown else enquiry.items


def _move(draft: Draft, store: str | None, team: str | None, command: c.Change | c.SetDate) -> None:
    if (store, team) == (draft.enquiry.store, draft.enquiry.team):
        return
    fell_through = draft.enquiry.state is State.SCHEDULED
    again = command.due_again if fell_through and not draft.enquiry.waits else None
    draft.tell(e.Moved(store=store, team=team, due_at=again))


def _details(draft: Draft, command: c.Change) -> None:
    due_at = command.due_at if command.due_at != draft.enquiry.due_at else None
    subject = command.subject if command.subject != draft.enquiry.subject else None
    if due_at is not None and due_at <= draft.now:
        raise Refusing("enquiry_date_passed")
    if due_at is not None or subject is not None:
        draft.tell(e.DetailsChanged(due_at=due_at, subject=subject))
