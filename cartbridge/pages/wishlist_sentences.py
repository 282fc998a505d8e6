"""What happened to a wish list, one sentence per event."""

from typing import Final

from cartbridge.domain.wishlist import events as e
from cartbridge.pages.listing_sentences import Sentences, listing_sentences
from cartbridge.pages.told import Sentence, Speaker, given


def _started(event: e.Started, by: Speaker) -> Sentence:
    channel = by.words.text(f"channels.{event.origin.channel}")
    return Sentence("wishlist.started", {"channel": channel})


def _line_bought(event: e.LineBought, by: Speaker) -> Sentence:
    told = {"title": by.title(event.line), "quantity": by.quantity(event.line, event.quantity)}
    return Sentence("wishlist.line_bought", told)


def _purchase_undone(event: e.PurchaseUndone, by: Speaker) -> Sentence:
    return Sentence("wishlist.purchase_undone")


def _renamed(event: e.Renamed, by: Speaker) -> Sentence:
    return Sentence("wishlist.renamed", given(name=event.name, kind=event.kind))


def _shared(event: e.Shared, by: Speaker) -> Sentence:
    return Sentence("wishlist.shared")


def _unshared(event: e.Unshared, by: Speaker) -> Sentence:
    return Sentence("wishlist.unshared")


def _archived(event: e.Archived, by: Speaker) -> Sentence:
    return Sentence("wishlist.archived")


def _reopened(event: e.Reopened, by: Speaker) -> Sentence:
    return Sentence("wishlist.reopened")


def _cancelled(event: e.Cancelled, by: Speaker) -> Sentence:
    if event.into is not None:
        return Sentence("wishlist.given_away")
    return Sentence("wishlist.cancelled", by.on(event.connection))


def _handover_joined(event: e.HandoverJoined, by: Speaker) -> Sentence:
    return Sentence("wishlist.handover_joined", by.on(event.ref.connection))


def _handover_offered(event: e.HandoverOffered, by: Speaker) -> Sentence:
    if event.direction == "to_online":
        return Sentence("handover_to_online")
    store = by.names.store(event.store) if event.store is not None else None
    return Sentence("wishlist.handover_offered", given(store=store))


def _handover_ended(event: e.HandoverEnded, by: Speaker) -> Sentence:
    if event.cart is not None:
        return Sentence("wishlist.pulled_to_cart")
    return Sentence(f"handover_{event.how}")


WISHLIST_SENTENCES: Final[Sentences] = listing_sentences(e.VOCABULARY, "wishlist") | {
    e.Started: _started,
    e.LineBought: _line_bought,
    e.PurchaseUndone: _purchase_undone,
    e.Renamed: _renamed,
    e.Shared: _shared,
    e.Unshared: _unshared,
    e.Archived: _archived,
    e.Reopened: _reopened,
    e.Cancelled: _cancelled,
    e.HandoverOffered: _handover_offered,
    e.HandoverEnded: _handover_ended,
    e.HandoverJoined: _handover_joined,
}
