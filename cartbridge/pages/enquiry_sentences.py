"""What happened to an enquiry, one sentence per event."""

from typing import Final

from cartbridge.domain.enquiry import events as e
from cartbridge.pages.listing_sentences import Sentences
from cartbridge.pages.told import Sentence, Speaker, given
from cartbridge.pages.words import Param


def _opened(event: e.Opened, by: Speaker) -> Sentence:
    kind = by.words.text(f"enquiry.kinds.{event.kind or 'information'}")
    channel = by.words.text(f"channels.{event.origin.channel}")
    return Sentence("enquiry.opened", given(kind=kind, channel=channel, subject=event.subject))


def _message_added(event: e.MessageAdded, by: Speaker) -> Sentence:
    channel = _channel(event.channel, by)
    key = "enquiry.she_wrote" if event.author == "customer" else "enquiry.we_wrote"
    return Sentence(key, {"channel": channel})


def _assigned(event: e.Assigned, by: Speaker) -> Sentence:
    return Sentence("enquiry.assigned", {"staff": event.staff})


def _unassigned(event: e.Unassigned, by: Speaker) -> Sentence:
    return Sentence("enquiry.unassigned")


def _moved(event: e.Moved, by: Speaker) -> Sentence:
    if event.store is not None:
        return Sentence("enquiry.moved_to_store", {"store": by.names.store(event.store)})
    return Sentence("enquiry.moved_to_team", given(team=event.team))


def _answered(event: e.Answered, by: Speaker) -> Sentence:
    return Sentence("enquiry.answered")


def _scheduled(event: e.Scheduled, by: Speaker) -> Sentence:
    zone = by.time_zone
    return Sentence(
        "enquiry.scheduled",
        given(
            date=by.words.date(event.at, zone),
            time=by.words.time(event.at, zone),
            store=by.names.store(event.store) if event.store is not None else None,
            with_staff=event.staff,
        ),
    )


def _demonstrated(event: e.Demonstrated, by: Speaker) -> Sentence:
    titles = ", ".join(item.title for item in event.items)
    return Sentence("enquiry.demonstrated", given(titles=titles, with_staff=event.staff))


def _details_changed(event: e.DetailsChanged, by: Speaker) -> Sentence:
    due: dict[str, Param | None] = {}
    if event.due_at is not None:
        due = {
            "date": by.words.date(event.due_at, by.time_zone),
            "time": by.words.time(event.due_at, by.time_zone),
        }
    return Sentence("enquiry.due_changed" if due else "enquiry.details_changed", given(**due))


def _customer_identified(event: e.CustomerIdentified, by: Speaker) -> Sentence:
    return Sentence("customer_identified")


def _linked(event: e.Linked, by: Speaker) -> Sentence:
    if event.born:
        return Sentence("enquiry.cart_begun")
    return Sentence(f"enquiry.linked_{event.document[:3]}")


def _closed(event: e.Closed, by: Speaker) -> Sentence:
    outcome = by.words.text(f"enquiry.outcomes.{event.outcome}")
    return Sentence("enquiry.closed", {"outcome": outcome, **by.on(event.connection)})


def _reopened(event: e.Reopened, by: Speaker) -> Sentence:
    return Sentence("enquiry.reopened")


def _cancelled(event: e.Cancelled, by: Speaker) -> Sentence:
    return Sentence("enquiry.cancelled", by.on(event.connection))


def _twin_joined(event: e.TwinJoined, by: Speaker) -> Sentence:
    name = by.names.connection(event.twin.ref.connection)
    return Sentence("enquiry.twin_joined", {"connection": name}, minor=True)


def _twin_left(event: e.TwinLeft, by: Speaker) -> Sentence:
    return Sentence("enquiry.twin_left", {"connection": by.names.connection(event.ref.connection)})


def _message_told(event: e.MessageTold, by: Speaker) -> Sentence:
    name = by.names.connection(event.ref.connection)
    return Sentence("enquiry.message_told", {"connection": name}, minor=True)


def _channel(channel: str, by: Speaker) -> str:
    """The channel in words; a platform may name one of its own."""
    known = by.words.has(f"channels.{channel}")
    return by.words.text(f"channels.{channel}") if known else channel


ENQUIRY_SENTENCES: Final[Sentences] = {
    e.Opened: _opened,
    e.MessageAdded: _message_added,
    e.Assigned: _assigned,
    e.Unassigned: _unassigned,
    e.Moved: _moved,
    e.Answered: _answered,
    e.Scheduled: _scheduled,
    e.Demonstrated: _demonstrated,
    e.DetailsChanged: _details_changed,
    e.CustomerIdentified: _customer_identified,
    e.Linked: _linked,
    e.Closed: _closed,
    e.Reopened: _reopened,
    e.Cancelled: _cancelled,
    e.TwinJoined: _twin_joined,
    e.TwinLeft: _twin_left,
    e.MessageTold: _message_told,
}
