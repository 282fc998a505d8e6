"""A decision in the making: facts told one after another, each checked against the table."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.lifecycle import State, may
from cartbridge.domain.cart.reservation import HowEnded
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.domain.refusals import Refusing


@dataclass
class Draft:
    """Collects the facts of one cart; each is judged on the cart that the earlier ones left."""

    cart: Cart
    now: datetime
    happened_at: datetime  # what the journal will say, so that folding it leads to the same cart
    events: list[e.CartEvent] = field(default_factory=list)

    def tell(self, *events: e.CartEvent) -> None:
        """Adds facts; refuses one that the transition table does not allow here."""
        for event in events:
            if not may(self.cart.state, event.type):
                raise Refusing("cart_not_open", state=self.cart.state.value)
            self.cart = evolve(self.cart, event, self.happened_at)
            self.events.append(event)

    def end_codes(self, used: str | None = None) -> None:
        """Ends all live codes: the one in `used` as used, the others as replaced."""
        for offer in self.cart.handovers:
            how: Literal["used", "replaced"] = "used" if offer.id == used else "replaced"
            self.tell(e.HandoverEnded(handover=offer.id, how=how))

    def end_reservation(self, how: HowEnded) -> None:
        """Says that the store need keep nothing aside any more, if it does."""
        reservation = self.cart.reservation
        if reservation is not None:
            self.tell(
                e.ReservationEnded(handover=reservation.handover, store=reservation.store, how=how)
            )

    def close_offer(self) -> None:
        """Says that no code is live any more, if the cart still counts as offered."""
        if self.cart.state is State.OFFERED and not self.cart.handovers:
            self.tell(e.OfferClosed())

    @property
    def decided(self) -> Decided[Cart]:
        """What was told so far."""
        return Decided(self.cart, tuple(self.events))
