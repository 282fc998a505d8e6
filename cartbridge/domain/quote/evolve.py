"""evolve: the quote after a fact. It never raises on what decide produced."""

from datetime import datetime

from cartbridge.domain.cart.state import Handover
from cartbridge.domain.listing import events as listing
from cartbridge.domain.listing.evolve import Changes, changes_of
from cartbridge.domain.quote import events as e
from cartbridge.domain.quote.lifecycle import following
from cartbridge.domain.quote.state import Issue, PartSold, Quote, TakenUp


def evolve(quote: Quote, event: e.QuoteEvent, occurred_at: datetime) -> Quote:
    """The quote once this event has happened to it, one version further."""
    shared = changes_of(quote, event) if isinstance(event, listing.Event) else {}
    changes = shared | _own(quote, event, occurred_at)
    return quote.with_changes(
        **changes,
        version=quote.version + 1,
        state=following(quote.state, event.type),
        updated_at=occurred_at,
    )


def _own(quote: Quote, event: e.QuoteEvent, at: datetime) -> Changes:
    match event:
        case e.Started():
            return {"started_at": at}
        case e.ValidityChanged():
            return {"next_valid_until": event.valid_until}
        case e.Issued():
            return _issued(quote, event, at)
        case e.Accepted():
            return {"accepted_by": event.by}
        case e.Declined():
            return {"declined_by": event.by, "decline_reason": event.reason}
        case e.TakenUp():
            taken = TakenUp(cart=event.cart, revision=event.revision)
            return {"carts": (*quote.carts, taken)}
        case e.SoldInPart() | e.Converted() | e.SaleUndone() | e.DoubleSaleFound():
            return _sale(quote, event, at)
        case e.HandoverOffered():
            return {"handovers": (*quote.handovers, _offer(event)), "codes": quote.codes + 1}
        case e.HandoverEnded():
            live = tuple(x for x in quote.handovers if x.id != event.handover)
            return {"handovers": live}
        case _:
            return {}


def _issued(quote: Quote, event: e.Issued, at: datetime) -> Changes:
    """What was written holds from now on; the quote's code lives as long as it does."""
    until = event.valid_until
    longer = {} if until is None else {"expires_at": until}
    return {
        "number": event.number,
        "revision": event.revision,
        "pricing": event.pricing,
        "issued": Issue(
            revision=event.revision, at=at, valid_until=event.valid_until, lines=quote.lines
        ),
        "next_valid_until": None,
        "accepted_by": None,
        "declined_by": None,
        "decline_reason": None,
        "handovers": tuple(offer.model_copy(update=longer) for offer in quote.handovers),
    }


def _sale(
    quote: Quote,
    event: e.SoldInPart | e.Converted | e.SaleUndone | e.DoubleSaleFound,
    at: datetime,
) -> Changes:
    match event:
        case e.SaleUndone():
            return {"sold": tuple(part for part in quote.sold if part.cart != event.cart)}
        case e.DoubleSaleFound():
            return {"double_sales": quote.double_sales + 1}
        case _:
            part = PartSold(
                cart=event.cart,
                receipt_number=event.receipt_number,
                order_number=event.order_number,
                connection=event.connection,
                store=event.store,
                at=at,
                lines=event.lines,
            )
            return {"sold": (*quote.sold, part)} if part.lines else {}


def _offer(event: e.HandoverOffered) -> Handover:
    return Handover(
        id=event.handover,
        direction="to_store",
        code_hash=event.code_hash,
        short_hash=event.short_hash,
        expires_at=event.expires_at,
    )
