"""What happened to a quote, one sentence per event."""

from typing import Final

from cartbridge.domain.quote import events as e
from cartbridge.pages.listing_sentences import Sentences, listing_sentences
from cartbridge.pages.told import Sentence, Speaker, given


def _started(event: e.Started, by: Speaker) -> Sentence:
    channel = by.words.text(f"channels.{event.origin.channel}")
    key = "started" if event.from_cart is None else "started_of_cart"
    return Sentence(f"quote.{key}", {"channel": channel})


def _validity_changed(event: e.ValidityChanged, by: Speaker) -> Sentence:
    return Sentence("quote.validity_changed", {"date": by.date(event.valid_until)})


def _issued(event: e.Issued, by: Speaker) -> Sentence:
    until = event.valid_until
    date = None if until is None else by.date(until)
    told = given(number=event.number, revision=event.revision, date=date)
    key = "issued" if event.revision == 1 else "issued_again"
    return Sentence(f"quote.{key}", told | by.on(event.pricing))


def _accepted(event: e.Accepted, by: Speaker) -> Sentence:
    return Sentence(f"quote.accepted_{event.by}", {"revision": event.revision})


def _declined(event: e.Declined, by: Speaker) -> Sentence:
    return Sentence(f"quote.declined_{event.by}", given(reason=event.reason))


def _expired(event: e.Expired, by: Speaker) -> Sentence:
    return Sentence("quote.expired")


def _taken_up(event: e.TakenUp, by: Speaker) -> Sentence:
    return Sentence("quote.taken_up", {"revision": event.revision})


def _sold_in_part(event: e.SoldInPart, by: Speaker) -> Sentence:
    count = by.articles(event.lines.items())
    return Sentence("quote.sold_in_part", {"count": count, **_number(event, by)})


def _converted(event: e.Converted, by: Speaker) -> Sentence:
    if not event.lines:
        return Sentence("quote.converted_rest")
    return Sentence("quote.converted", _number(event, by))


def _number(event: e.SoldInPart | e.Converted, by: Speaker) -> dict[str, str]:
    told = given(receipt=event.receipt_number, order=event.order_number) | by.on(event.connection)
    return {name: str(value) for name, value in told.items()}


def _sale_undone(event: e.SaleUndone, by: Speaker) -> Sentence:
    return Sentence("quote.sale_undone")


def _double_sale_found(event: e.DoubleSaleFound, by: Speaker) -> Sentence:
    told = given(receipt=event.receipt_number, order=event.order_number)
    return Sentence("double_sale_found", told)


def _cancelled(event: e.Cancelled, by: Speaker) -> Sentence:
    return Sentence("quote.cancelled", by.on(event.connection))


def _handover_offered(event: e.HandoverOffered, by: Speaker) -> Sentence:
    return Sentence("quote.handover_offered", {"date": by.date(event.expires_at)})


def _handover_ended(event: e.HandoverEnded, by: Speaker) -> Sentence:
    return Sentence(f"quote.handover_{event.how}", minor=event.how == "ended")


QUOTE_SENTENCES: Final[Sentences] = listing_sentences(e.VOCABULARY, "quote") | {
    e.Started: _started,
    e.ValidityChanged: _validity_changed,
    e.Issued: _issued,
    e.Accepted: _accepted,
    e.Declined: _declined,
    e.Expired: _expired,
    e.TakenUp: _taken_up,
    e.SoldInPart: _sold_in_part,
    e.Converted: _converted,
    e.SaleUndone: _sale_undone,
    e.DoubleSaleFound: _double_sale_found,
    e.Cancelled: _cancelled,
    e.HandoverOffered: _handover_offered,
    e.HandoverEnded: _handover_ended,
}
