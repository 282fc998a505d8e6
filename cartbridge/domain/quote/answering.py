"""What becomes of an issued quote: accepted, declined, expired; and its own code."""

from typing import Any

from cartbridge.domain.decided import Decided
from cartbridge.domain.listing.draft import Draft
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote import events as e
from cartbridge.domain.quote.issuing import refill, unless_busy
from cartbridge.domain.quote.lifecycle import State
from cartbridge.domain.quote.state import Answerer, Quote
from cartbridge.domain.refusals import Refusing

_Draft = Draft[Quote]


def answer(
    draft: _Draft,
    command: c.DeclineQuote | c.ExpireQuote | c.OfferQuote | c.RevokeCode,
) -> None:
    """Says no to what holds, lets time end it, makes or kills its code."""
    match command:
        case c.DeclineQuote():
            decline(draft, command.by, command.reason)
        case c.ExpireQuote():
            if draft.document.state is State.ISSUED and not draft.document.holds(draft.now):
                expire(draft)
        case c.OfferQuote():
            _offer(draft, command)
        case c.RevokeCode():
            if draft.document.handover(command.handover) is not None:
                draft.tell(e.HandoverEnded(handover=command.handover, how="revoked"))


def accept_with_cart(draft: _Draft, command: c.AcceptQuote) -> Decided[Any] | None:
    """The customer says yes; the cart born of it keeps its prices as long, unless it is busy."""
    accept(draft, command.by)
    return refill(draft, unless_busy(command.cart))


def accept(draft: _Draft, by: Answerer) -> None:
    """The customer says yes to the newest revision; saying it twice changes nothing."""
    if draft.document.state is State.ACCEPTED:
        return
    check_it_holds(draft)
    draft.tell(e.Accepted(by=by, revision=draft.document.revision))


def decline(draft: _Draft, by: Answerer, reason: str | None = None) -> None:
    """Somebody says no, to the rest if some is sold: its code dies. Twice changes nothing."""
    if draft.document.state is State.DECLINED:
        return
    draft.tell(e.Declined(by=by, reason=reason))
    if draft.document.sold:
        draft.tell(e.Converted())  # what was sold stands, and nothing of the rest is wanted
    end_codes(draft)


def expire(draft: _Draft) -> None:
    """Its date has passed: its code dies with it."""
    draft.tell(e.Expired())
    end_codes(draft)


def end_codes(draft: _Draft) -> None:
    """The codes die with the quote."""
    for live in draft.document.handovers:
        draft.tell(e.HandoverEnded(handover=live.id, how="ended"))


def check_it_holds(draft: _Draft) -> None:
    """Refuses, by what has to be done, a quote that no till may take up now."""
    quote = draft.document
    match quote.state:
        case State.REQUESTED | State.NONE:
            raise Refusing("quote_not_issued")
        case State.DECLINED:
            raise Refusing("quote_declined", number=quote.number or "")
        case State.CONVERTED:
            raise Refusing("quote_converted", number=quote.number or "")
        case State.CANCELLED:
            raise Refusing("quote_not_open", state=quote.state.value)
    if not quote.holds(draft.now):
        until = quote.issued.valid_until if quote.issued is not None else None
        told = {"valid_until": until.isoformat()} if until is not None else {}
        raise Refusing("quote_expired", number=quote.number or "", **told)


def _offer(draft: _Draft, command: c.OfferQuote) -> None:
    check_it_holds(draft)
    if draft.document.handovers:
        return  # on paper already: it must not die there
    draft.tell(
        e.HandoverOffered(
            handover=command.handover,
            code_hash=command.code_hash,
            short_hash=command.short_hash,
            expires_at=command.expires_at,
        )
    )
