"""decide: which facts a command on a quote leads to, or why it may not happen. Pure."""

from datetime import datetime
from typing import Any, Final

from cartbridge.domain.decided import Decided, Decision
from cartbridge.domain.listing import commands as shared
from cartbridge.domain.listing import editing, observing
from cartbridge.domain.listing.draft import Draft, Rules
from cartbridge.domain.quote import answering, seeing, selling
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote import events as e
from cartbridge.domain.quote.evolve import evolve
from cartbridge.domain.quote.issuing import issue
from cartbridge.domain.quote.lifecycle import may
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.refusals import Refused, Refusing

_RULES: Final = Rules[Quote](
    facts=e.VOCABULARY,
    may=lambda quote, event: may(quote.state, event),
    evolve=evolve,
    closed="quote_not_open",
)
_Draft = Draft[Quote]


def decide(
    quote: Quote, command: c.Command, now: datetime, happened_at: datetime | None = None
) -> Decision | Refused:
    """The facts the command leads to, on the quote and on the cart born of it, or a refusal."""
    draft = Draft(quote, _RULES, now, happened_at or now)
    try:
        cart = _dispatch(draft, command)
    except Refusing as refusing:
        return refusing.refused
    return (draft.decided,) if cart is None else (draft.decided, cart)


def _dispatch(draft: _Draft, command: c.Command) -> Decided[Any] | None:
    match command:
        case c.SeeQuote():
            return seeing.see(draft, command)
        case c.IssueQuote():
            return issue(draft, command)
        case c.TakeUp():
            return selling.take_up(draft, command)
        case c.StartQuote():
            return _start(draft, command)
        case c.AcceptQuote():
            return answering.accept_with_cart(draft, command)
        case shared.Observe() | shared.PlanWrite() | shared.LoseTwin():
            _twin(draft, command)
        case c.NoteSale() | c.UndoSale():
            selling.note(draft, command)
        case c.EditQuote():
            _edit(draft, command)
        case _:
            answering.answer(draft, command)
    return None


def _twin(draft: _Draft, command: shared.Observe | shared.PlanWrite | shared.LoseTwin) -> None:
    match command:
        case shared.Observe():
            observing.observe(draft, command, priced_there=False)
        case shared.PlanWrite():
            observing.plan_write(draft, command)
        case shared.LoseTwin():
            observing.lose_twin(draft, command)
            seeing.cancel_if_it_was_theirs(draft, command.ref)


def _start(draft: _Draft, command: c.StartQuote) -> Decided[Any] | None:
    draft.tell(
        e.Started(
            origin=command.origin,
            currency=command.currency,
            tax_mode=command.tax_mode,
            root=command.root,
            brand=command.brand,
            locale=command.locale,
            price_list=command.price_list,
            customer=command.customer,
            attribution=dict(command.attribution or {}),
            consent=dict(command.consent or {}),
            metadata=dict(command.metadata or {}),
            message=command.message,
            from_cart=command.from_cart,
        )
    )
    for line in command.lines:
        draft.tell(e.LineAdded(line=editing.line_from(line), note=line.note))
    _set_date(draft, command.valid_until)
    return issue(draft, command.issue) if command.issue is not None else None


def _edit(draft: _Draft, command: c.EditQuote) -> None:
    editing.edit(draft, command.lines)
    _set_date(draft, command.valid_until)


def _set_date(draft: _Draft, until: datetime | None) -> None:
    if until is None or until == draft.document.next_valid_until:
        return
    if until <= draft.now:
        raise Refusing("quote_date_passed", valid_until=until.isoformat())
    draft.tell(e.ValidityChanged(valid_until=until))
