"""What a cart's history tells of its way to the till: beginning, visits, codes, claims."""

from decimal import Decimal
from typing import Final

from cartbridge.domain.cart import events as e
from cartbridge.domain.header import Header
from cartbridge.domain.report.facts import Began, CartFacts, CodeEnd, Holding, Offer
from cartbridge.domain.report.gathered import LIVE, Gathered, Notes


def _started(fold: Gathered, event: e.Started, header: Header) -> None:
    origin = event.origin
    fold.began = Began(
        channel=origin.channel,
        connection=origin.connection,
        store=origin.store,
        staff=header.staff,
        at=header.occurred_at,
        imported=origin.imported,
    )
    fold.touch(event.attribution, header)


def _details_changed(fold: Gathered, event: e.DetailsChanged, header: Header) -> None:
    fold.touch(event.attribution, header)


def _line_added(fold: Gathered, event: e.LineAdded, header: Header) -> None:
    line, quantity = event.line.id, event.line.quantity.value
    if event.from_cart is not None:
        fold.taken_from.append(event.from_cart)
        fold.web[line] = _brought(fold.sources.get(event.from_cart), line, quantity)
    else:
        hers = event.line.wishlist is not None or not _by_till(fold, header)
        fold.web[line] = quantity if hers else Decimal(0)


def _brought(source: CartFacts | None, line: str, quantity: Decimal) -> Decimal:
    """How much of a line from another cart no till had added, what a void gives back included."""
    left = None if source is None else source.web_left(line)
    if source is None or left is None:
        return quantity
    voided = any(sale.voided and sale.has(line) for sale in source.sales)
    return left if voided else min(left, quantity)


def _by_till(fold: Gathered, header: Header) -> bool:
    """Whether a till changes what somebody put into her cart elsewhere.

    A till that takes a quote up fills its cart with what was asked for: that adds nothing.
    """
    online = fold.began is not None and fold.began.store is None
    taking_up = fold.cart.quote is not None and fold.cart.claim is None
    return online and header.terminal is not None and not taking_up


def _line_changed(fold: Gathered, event: e.LineChanged, header: Header) -> None:
    before, more = fold.web.get(event.line, event.was), event.quantity - event.was
    if more < 0:
        fold.web[event.line] = min(before, event.quantity)
    elif not _by_till(fold, header):
        fold.web[event.line] = before + more
    # What a till adds was not in the cart; what a void gives back had been counted before.


def _offered(fold: Gathered, event: e.HandoverOffered, header: Header) -> None:
    fold.offers[event.handover] = Offer(
        direction=event.direction, store=event.store or header.store, at=header.occurred_at
    )


def _offer_ended(fold: Gathered, event: e.HandoverEnded, header: Header) -> None:
    end: CodeEnd = event.how
    offer = fold.offers.get(event.handover)
    if offer is not None:
        fold.offers[event.handover] = offer.model_copy(update={"end": end})


def _claimed(fold: Gathered, event: e.Claimed, header: Header) -> None:
    if fold.cart.claim is not None:
        fold.end(fold.cart.claim.id, "taken_over", LIVE)
    fold.holdings[event.claim] = Holding(
        store=event.store, terminal=event.terminal, staff=header.staff, at=header.occurred_at
    )
    offer = fold.offers.get(event.handover or "")
    if offer is not None and event.handover is not None:
        fold.offers[event.handover] = offer.model_copy(update={"claimed_in": event.store})


def _released(fold: Gathered, event: e.ClaimReleased, header: Header) -> None:
    fold.end(event.claim, event.why, LIVE)


def _lapsed(fold: Gathered, event: e.ClaimLapsed, header: Header) -> None:
    fold.end(event.claim, "unknown", LIVE)


def _outcome_told(fold: Gathered, event: e.OutcomeTold, header: Header) -> None:
    fold.end(event.claim, "not_sold", frozenset({"unknown"}))


NOTES: Final[Notes] = {
    e.Started: _started,
    e.DetailsChanged: _details_changed,
    e.LineAdded: _line_added,
    e.LineChanged: _line_changed,
    e.HandoverOffered: _offered,
    e.HandoverEnded: _offer_ended,
    e.Claimed: _claimed,
    e.ClaimReleased: _released,
    e.ClaimLapsed: _lapsed,
    e.OutcomeTold: _outcome_told,
}
