"""evolve: the wish list after a fact. It never raises on what decide produced."""

from datetime import datetime

from cartbridge.domain.cart.state import Handover
from cartbridge.domain.listing.evolve import Changes, changes_of
from cartbridge.domain.wishlist import events as e
from cartbridge.domain.wishlist.lifecycle import following
from cartbridge.domain.wishlist.state import Bought, Wishlist


def evolve(wishlist: Wishlist, event: e.WishlistEvent, occurred_at: datetime) -> Wishlist:
    """The wish list once this event has happened to it, one version further."""
    changes = changes_of(wishlist, event) | _own(wishlist, event, occurred_at)
    return wishlist.with_changes(
        **changes,
        version=wishlist.version + 1,
        state=following(wishlist.state, event.type),
        updated_at=occurred_at,
    )


def _own(wishlist: Wishlist, event: e.WishlistEvent, at: datetime) -> Changes:
    match event:
        case e.Started():
            return {"name": event.name, "kind": event.kind, "started_at": at}
        case e.Renamed():
            told = {"name": event.name, "kind": event.kind}
            return {name: value for name, value in told.items() if value is not None}
        case e.Shared():
            return {"shares": wishlist.shares + 1}
        case e.LineBought():
            bought = Bought(line=event.line, cart=event.cart, quantity=event.quantity)
            return {"bought": (*wishlist.bought, bought)}
        case e.PurchaseUndone():
            return {"bought": tuple(x for x in wishlist.bought if x.cart != event.cart)}
        case e.HandoverOffered():
            return {"handovers": (*wishlist.handovers, _offer(event))}
        case e.HandoverJoined():
            return {"joined": {**wishlist.joined, event.code_hash: event.ref}}
        case e.HandoverEnded():
            live = tuple(x for x in wishlist.handovers if x.id != event.handover)
            return {"handovers": live}
        case _:
            return {}


def _offer(event: e.HandoverOffered) -> Handover:
    return Handover(
        id=event.handover,
        direction=event.direction,
        code_hash=event.code_hash,
        short_hash=event.short_hash,
        expires_at=event.expires_at,
        store=event.store,
    )
