"""What happened to the lines and twins of a wish list or quote, one sentence per event."""

from collections.abc import Callable
from typing import Any

from cartbridge.domain.listing import events as e
from cartbridge.pages.told import Sentence, Speaker, given, title_of

Sentences = dict[type[Any], Callable[[Any, Speaker], Sentence]]


def listing_sentences(facts: e.Vocabulary, kind: str) -> Sentences:
    """The sentences of what every listing shares; `kind` names its own texts: wishlist, quote."""

    def line_added(event: e.LineAdded, by: Speaker) -> Sentence:
        told = {"title": title_of(event.line), "quantity": by.words.quantity(event.line.quantity)}
        return Sentence(f"{kind}.{'line_added' if event.moved_from is None else 'moved_in'}", told)

    def line_removed(event: e.LineRemoved, by: Speaker) -> Sentence:
        key = "line_removed" if event.moved_to is None else "moved_out"
        return Sentence(f"{kind}.{key}", {"title": by.title(event.line)})

    def twin_joined(event: e.TwinJoined, by: Speaker) -> Sentence:
        return Sentence(f"{kind}.twin_joined", {"connection": _name(by, event.twin.ref.connection)})

    def twin_observed(event: e.TwinObserved, by: Speaker) -> Sentence:
        if event.refusals:
            name, count = _name(by, event.ref.connection), len(event.refusals)
            return Sentence("twin_observed_refused", {"connection": name, "count": count})
        return Sentence(f"{kind}.twin_observed", by.on(event.ref.connection), minor=True)

    def twin_left(event: e.TwinLeft, by: Speaker) -> Sentence:
        return Sentence(f"{kind}.twin_left", {"connection": _name(by, event.ref.connection)})

    return {
        facts.line_added: line_added,
        facts.line_changed: _line_changed,
        facts.line_removed: line_removed,
        facts.line_priced: _line_priced,
        facts.customer_identified: _customer_identified,
        facts.twin_joined: twin_joined,
        facts.twin_observed: twin_observed,
        facts.write_planned: _write_planned,
        facts.twin_left: twin_left,
    }


def _line_changed(event: e.LineChanged, by: Speaker) -> Sentence:
    told = {
        "title": by.title(event.line),
        "quantity": by.quantity(event.line, event.quantity),
        "was": by.quantity(event.line, event.was),
    }
    return Sentence("line_changed", told)


def _line_priced(event: e.LinePriced, by: Speaker) -> Sentence:
    total = by.money(event.prices.total)
    return Sentence("line_priced", given(title=by.title(event.line), total=total))


def _customer_identified(event: e.CustomerIdentified, by: Speaker) -> Sentence:
    return Sentence("customer_identified")


def _write_planned(event: e.WritePlanned, by: Speaker) -> Sentence:
    return Sentence("write_planned", {"connection": _name(by, event.ref.connection)}, minor=True)


def _name(by: Speaker, connection: str) -> str:
    return by.names.connection(connection)
