"""What happened to a cart's lines, details and twins, one sentence per event."""

from collections.abc import Callable
from typing import Any, Final

from cartbridge.domain.cart import events as e
from cartbridge.pages.told import Sentence, Speaker, given, title_of


def _started(event: e.Started, by: Speaker) -> Sentence:
    if event.parent is not None:
        return Sentence("started_left")
    if event.quote is not None:
        return Sentence("started_quote", {"number": event.quote.number})
    if event.origin.imported:
        return Sentence("started_imported")
    return Sentence("started", {"channel": by.words.text(f"channels.{event.origin.channel}")})


def _line_added(event: e.LineAdded, by: Speaker) -> Sentence:
    line = event.line
    key = "line_added" if event.from_cart is None else "line_added_back"
    return Sentence(key, {"title": title_of(line), "quantity": by.words.quantity(line.quantity)})


def _line_changed(event: e.LineChanged, by: Speaker) -> Sentence:
    return Sentence(
        "line_changed",
        {
            "title": by.title(event.line),
            "quantity": by.quantity(event.line, event.quantity),
            "was": by.quantity(event.line, event.was),
        },
    )


def _line_removed(event: e.LineRemoved, by: Speaker) -> Sentence:
    return Sentence("line_removed", {"title": by.title(event.line)})


def _line_priced(event: e.LinePriced, by: Speaker) -> Sentence:
    total = by.money(event.prices.total)
    return Sentence("line_priced", given(title=by.title(event.line), total=total))


def _code_applied(event: e.CodeApplied, by: Speaker) -> Sentence:
    return Sentence("code_applied", {"code": event.code})


def _code_removed(event: e.CodeRemoved, by: Speaker) -> Sentence:
    return Sentence("code_removed", {"code": event.code})


def _customer_identified(event: e.CustomerIdentified, by: Speaker) -> Sentence:
    return Sentence("customer_identified")


def _details_changed(event: e.DetailsChanged, by: Speaker) -> Sentence:
    if event.has_payment is not None:
        return Sentence("details_payment" if event.has_payment else "details_no_payment")
    shipping = by.money(event.shipping)
    if shipping is not None:
        return Sentence("details_shipping", {"amount": shipping})
    return Sentence("details_changed", minor=True)


def _quote_revised(event: e.QuoteRevised, by: Speaker) -> Sentence:
    number, revision = event.quote.number, event.quote.revision
    return Sentence("quote_revised", {"number": number, "revision": revision})


def _twin_joined(event: e.TwinJoined, by: Speaker) -> Sentence:
    name = by.names.connection(event.twin.ref.connection)
    if event.from_cart is not None:
        return Sentence("twin_joined_moved", {"connection": name}, minor=True)
    return Sentence("twin_joined", {"connection": name})


def _twin_observed(event: e.TwinObserved, by: Speaker) -> Sentence:
    """The lines that changed are told by their own events: what remains is bookkeeping."""
    if event.refusals:
        name = by.names.connection(event.ref.connection)
        count = len(event.refusals)
        return Sentence("twin_observed_refused", {"connection": name, "count": count})
    key = "twin_observed_echo" if event.echo else "twin_observed"
    return Sentence(key, by.on(event.ref.connection), minor=True)


def _observation_held(event: e.ObservationHeld, by: Speaker) -> Sentence:
    return Sentence("observation_held", by.on(event.ref.connection))


def _write_planned(event: e.WritePlanned, by: Speaker) -> Sentence:
    name = by.names.connection(event.ref.connection)
    return Sentence("write_planned", {"connection": name}, minor=True)


def _edit_overwritten(event: e.EditOverwritten, by: Speaker) -> Sentence:
    return Sentence("edit_overwritten", {"connection": by.names.connection(event.ref.connection)})


def _twin_placed(event: e.TwinPlaced, by: Speaker) -> Sentence:
    name, placed = by.names.connection(event.twin.ref.connection), event.twin.placed
    if placed is not None and placed.terminal is not None:
        told = {"connection": name, "terminal": by.names.terminal(placed.terminal)}
        return Sentence("twin_placed_on_till", told)
    return Sentence("twin_placed_on_offer", {"connection": name})


def _twin_left(event: e.TwinLeft, by: Speaker) -> Sentence:
    name = by.names.connection(event.ref.connection)
    if event.to_cart is not None:
        return Sentence("twin_left_moved", {"connection": name}, minor=True)
    return Sentence("twin_left", {"connection": name})


def _checkout_started(event: e.CheckoutStarted, by: Speaker) -> Sentence:
    return Sentence("checkout_started", by.on(event.connection))


def _checkout_left(event: e.CheckoutLeft, by: Speaker) -> Sentence:
    return Sentence("checkout_left", by.on(event.connection))


def _ordered(event: e.Ordered, by: Speaker) -> Sentence:
    return Sentence("ordered", by.on(event.connection) | given(order=event.order_number))


def _fulfilled(event: e.Fulfilled, by: Speaker) -> Sentence:
    """Right after a sale at a till, or once an order was handed out, it goes without saying."""
    return Sentence("fulfilled", minor=by.known.last in (e.Sold, e.HandedOut))


def _abandoned(event: e.Abandoned, by: Speaker) -> Sentence:
    return Sentence("abandoned")


def _merged(event: e.Merged, by: Speaker) -> Sentence:
    return Sentence("merged")


def _unmerged(event: e.Unmerged, by: Speaker) -> Sentence:
    return Sentence("unmerged")


def _expired(event: e.Expired, by: Speaker) -> Sentence:
    return Sentence("expired")


def _cancelled(event: e.Cancelled, by: Speaker) -> Sentence:
    return Sentence("cancelled", by.on(event.connection))


CART_SENTENCES: Final[dict[type[e.Event], Callable[[Any, Speaker], Sentence]]] = {
    e.Started: _started,
    e.LineAdded: _line_added,
    e.LineChanged: _line_changed,
    e.LineRemoved: _line_removed,
    e.LinePriced: _line_priced,
    e.CodeApplied: _code_applied,
    e.CodeRemoved: _code_removed,
    e.CustomerIdentified: _customer_identified,
    e.DetailsChanged: _details_changed,
    e.QuoteRevised: _quote_revised,
    e.TwinJoined: _twin_joined,
    e.TwinObserved: _twin_observed,
    e.ObservationHeld: _observation_held,
    e.WritePlanned: _write_planned,
    e.EditOverwritten: _edit_overwritten,
    e.TwinPlaced: _twin_placed,
    e.TwinLeft: _twin_left,
    e.CheckoutStarted: _checkout_started,
    e.CheckoutLeft: _checkout_left,
    e.Ordered: _ordered,
    e.Fulfilled: _fulfilled,
    e.Abandoned: _abandoned,
    e.Merged: _merged,
    e.Unmerged: _unmerged,
    e.Expired: _expired,
    e.Cancelled: _cancelled,
}
