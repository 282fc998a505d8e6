"""What happened between a cart and a store: codes, claims, sales, returns, a sentence each."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from cartbridge.domain.cart import events as e
from cartbridge.pages.names import in_a_sentence
from cartbridge.pages.told import Sentence, Speaker, given
from cartbridge.pages.words import Param


def _handover_offered(event: e.HandoverOffered, by: Speaker) -> Sentence:
    if event.direction == "to_online":
        return Sentence("handover_to_online")
    if event.reserve is not None:
        return Sentence("reserved", {"store": by.names.store(event.reserve.store)})
    store = by.names.store(event.store) if event.store is not None else None
    return Sentence("handover_to_store", given(store=store))


def _line_marked(event: e.ReservationLineMarked, by: Speaker) -> Sentence:
    """Of what was set aside only in part, both amounts are told."""
    title = by.title(event.line)
    if event.mark == "not_found":
        return Sentence("reservation_not_found", {"title": title})
    short = event.quantity < event.asked
    asked = by.quantity(event.line, event.asked) if short else None
    told = given(title=title, quantity=by.quantity(event.line, event.quantity), asked=asked)
    return Sentence("reservation_set_aside", told)


def _reservation_ready(event: e.ReservationReady, by: Speaker) -> Sentence:
    missing = len(event.not_found)
    if not missing:
        return Sentence("reservation_ready", _at(event, by))
    return Sentence("reservation_ready_part", {"count": missing} | _at(event, by))


def _reservation_ended(event: e.ReservationEnded, by: Speaker) -> Sentence:
    """That it was bought is told by the sale."""
    return Sentence(f"reservation_{event.how}", _at(event, by), minor=event.how == "bought")


def _at(event: e.ReservationReady | e.ReservationEnded, by: Speaker) -> dict[str, Param]:
    return {"store": by.names.store(event.store)}


def _handed_out(event: e.HandedOut, by: Speaker) -> Sentence:
    return Sentence("handed_out", given(order=event.order_number))


def _handover_ended(event: e.HandoverEnded, by: Speaker) -> Sentence:
    """Only a code that somebody withdrew or let run out is news; the claim tells its use."""
    return Sentence(f"handover_{event.how}", minor=event.how in ("used", "replaced"))


def _offer_closed(event: e.OfferClosed, by: Speaker) -> Sentence:
    return Sentence("offer_closed", minor=True)


def _handover_joined(event: e.HandoverJoined, by: Speaker) -> Sentence:
    return Sentence("handover_joined", by.on(event.ref.connection))


def _claimed(event: e.Claimed, by: Speaker) -> Sentence:
    if event.taken_over_from is None:
        return Sentence("claimed")
    before = in_a_sentence(by.words, by.names.terminal(event.taken_over_from))
    return Sentence("claimed_over", given(terminal=before, reason=event.reason))


def _claim_put_on_hold(event: e.ClaimPutOnHold, by: Speaker) -> Sentence:
    return Sentence("claim_put_on_hold")


def _claim_released(event: e.ClaimReleased, by: Speaker) -> Sentence:
    return Sentence(f"claim_{event.why}")


def _claim_lapsed(event: e.ClaimLapsed, by: Speaker) -> Sentence:
    return Sentence("claim_lapsed_unknown" if event.outcome == "unknown" else "claim_lapsed")


def _outcome_told(event: e.OutcomeTold, by: Speaker) -> Sentence:
    return Sentence("outcome_told")


def _sold(event: e.Sold, by: Speaker) -> Sentence:
    refused = [
        by.words.text(
            "timeline.sold_refused",
            title=by.title(line.line),
            reason=by.words.text(f"not_taken.{line.reason}"),
        )
        for line in event.not_taken
    ]
    return Sentence(
        "sold",
        given(
            receipt=event.receipt_number,
            count=by.articles((line.line, line.quantity) for line in event.lines),
            left=_left(event, by),
            not_taken=", ".join(refused) or None,
        ),
    )


def _left(event: e.Sold, by: Speaker) -> str | None:
    """How many articles the remainder holds, as far as the events told so far know the lines."""
    if event.remainder is None:
        return None
    gone: dict[str, Decimal] = {}
    declined = [(line.line, line.quantity) for line in event.not_taken if not line.keep]
    for line_id, amount in [(line.line, line.quantity) for line in event.lines] + declined:
        gone[line_id] = gone.get(line_id, Decimal(0)) + amount
    if not gone.keys() <= by.known.lines.keys():
        return by.words.text("timeline.sold_left_some")
    lines = by.known.lines.items()
    count = by.articles((name, line.quantity - gone.get(name, 0)) for name, line in lines)
    return by.words.text("articles", count=count)


def _sale_reported_late(event: e.SaleReportedLate, by: Speaker) -> Sentence:
    return Sentence("sale_reported_late", {"receipt": event.receipt_number})


def _double_sale_found(event: e.DoubleSaleFound, by: Speaker) -> Sentence:
    params = given(receipt=event.receipt_number, order=event.order_number)
    return Sentence("double_sale_found", params)


def _sale_voided(event: e.SaleVoided, by: Speaker) -> Sentence:
    return Sentence("sale_voided", {"receipt": event.receipt_number})


def _lines_returned(event: e.LinesReturned, by: Speaker) -> Sentence:
    titles = dict.fromkeys(by.title(line.line) for line in event.lines)
    count = by.articles((line.line, line.quantity) for line in event.lines)
    return Sentence("lines_returned", {"count": count, "titles": ", ".join(titles)})


def _all_returned(event: e.AllReturned, by: Speaker) -> Sentence:
    return Sentence("all_returned")


STORE_SENTENCES: Final[dict[type[e.Event], Callable[[Any, Speaker], Sentence]]] = {
    e.HandoverOffered: _handover_offered,
    e.ReservationLineMarked: _line_marked,
    e.ReservationReady: _reservation_ready,
    e.ReservationEnded: _reservation_ended,
    e.HandedOut: _handed_out,
    e.HandoverEnded: _handover_ended,
    e.OfferClosed: _offer_closed,
    e.HandoverJoined: _handover_joined,
    e.Claimed: _claimed,
    e.ClaimPutOnHold: _claim_put_on_hold,
    e.ClaimReleased: _claim_released,
    e.ClaimLapsed: _claim_lapsed,
    e.OutcomeTold: _outcome_told,
    e.Sold: _sold,
    e.SaleReportedLate: _sale_reported_late,
    e.DoubleSaleFound: _double_sale_found,
    e.SaleVoided: _sale_voided,
    e.LinesReturned: _lines_returned,
    e.AllReturned: _all_returned,
}
