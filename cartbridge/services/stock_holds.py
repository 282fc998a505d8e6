"""When goods are kept aside in a store for a cart that is on its way there, and when let go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.services.connectors import Link
from cartbridge.services.errand import Errand, Links
from cartbridge.services.gateway import Gateway


@dataclass(frozen=True)
class Holding:
    """Goods that are kept for a hand-over in a store of ours, until a time."""

    handover: str
    store: str
    until: datetime

    @classmethod
    def told(cls, details: Mapping[str, str]) -> "Holding":
        """As an errand carries it."""
        until = datetime.fromisoformat(details["until"])
        return cls(details["handover"], details["store"], until)

    def on(self, connection: str) -> tuple[tuple[str, str], ...]:
        """The details of an errand about it, on that connection."""
        until = self.until.isoformat()
        return (
            ("handover", self.handover),
            ("on", connection),
            ("store", self.store),
            ("until", until),
        )


def hold_name(cart: str, handover: str) -> str:
    """What the hold of a hand-over is called, wherever it is kept."""
    return f"{cart}/{handover}"


def is_hold_of(name: str, cart: str) -> bool:
    """Whether a hold of that name keeps goods for that cart."""
    return name.startswith(f"{cart}/")


def kept_for(cart: Cart) -> dict[str, str]:
    """The hand-overs for which goods may be kept, and in which store: live ones, then the claim's.

    A claim of which nobody told the outcome keeps its goods: they may be on the counter. A
    reservation keeps them whatever code the cart was claimed by, until it ends.
    """
    kept = {live.id: live.store for live in cart.handovers if live.store is not None}
    if cart.reservation is not None:
        kept[cart.reservation.handover] = cart.reservation.store
    holder = cart.claim or cart.unheard
    if holder is not None and holder.handover is not None:
        kept[holder.handover] = holder.store
    return kept


async def stock_holds(
    gateway: Gateway, tenant: UUID, before: Cart, decided: Decided[Cart], links: Links
) -> list[Errand]:
    """The errands that keep goods for new hand-overs, and free those of what is over."""
    todo, now = [], kept_for(decided.document)
    for handover, store in kept_for(before).items():
        if handover not in now:
            holding = Holding(handover, store, gateway.clock())
            todo += await _errands(gateway, tenant, decided, "release_stock", holding, links)
    for offer, until in await _to_be_kept(gateway, tenant, decided):
        holding = Holding(offer.handover, offer.store or "", until)
        todo += await _errands(gateway, tenant, decided, "hold_stock", holding, links)
    return todo


async def _to_be_kept(
    gateway: Gateway, tenant: UUID, decided: Decided[Cart]
) -> list[tuple[e.HandoverOffered, datetime]]:
    """Reservations, and other offers to a named store if the retailer wants their goods kept.

    A claim may come at the very end.
    """
    offers = list(_to_a_store(decided))
    if offers and not (await gateway.directory.rules.get(tenant)).reserve_stock:
        offers = [offer for offer in offers if offer.reserve is not None]
    return [(offer, offer.expires_at + gateway.limits.lease) for offer in offers]


def _to_a_store(decided: Decided[Cart]) -> Iterator[e.HandoverOffered]:
    for fact in decided.events:
        if isinstance(fact, e.HandoverOffered) and fact.direction == "to_store" and fact.store:
            yield fact


async def _errands(
    gateway: Gateway,
    tenant: UUID,
    decided: Decided[Cart],
    kind: str,
    holding: Holding,
    links: Links,
) -> list[Errand]:
    """One for each system that can keep goods in that store; nothing ever waits for them."""
    todo = []
    for link in await _keepers(gateway, tenant, holding.store):
        links[link.id] = link
        cart = decided.document.id
        within = f"goods kept for {cart}"
        todo.append(Errand(cart, kind, on=link.id, within=within, details=holding.on(link.id)))
    return todo


async def _keepers(gateway: Gateway, tenant: UUID, store_id: str) -> list[Link]:
    store = await gateway.directory.stores.get(tenant, store_id)
    names = sorted(store.external_ids) if store is not None else []
    found = [await gateway.connectors.usable(tenant, name) for name in names]
    return [link for link in found if link is not None and link.can("reserve_stock")]
