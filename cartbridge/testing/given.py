"""Given these facts, when this is asked of a cart, then these facts follow, or it is refused.

Facts are compared whole, not field by field, so a test says everything that happened. Whatever
is asked, the facts are folded once more and must lead to the cart that `decide` answered.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cartbridge.domain.cart.commands import Command
from cartbridge.domain.cart.decide import decide
from cartbridge.domain.cart.events import CartEvent, parse
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.domain.refusals import Code, Refused

NOW: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
CART: Final = "crt_given"


def given(*events: CartEvent, cart: Cart | None = None) -> "Given":
    """A cart to which these facts happened; `cart` is what it was before them."""
    present = cart or Cart(id=CART)
    for event in events:
        present = evolve(present, event, NOW)
    return Given(present)


@dataclass(frozen=True)
class Given:
    """A cart of which something may be asked."""

    cart: Cart

    def when(self, command: Command, at: datetime = NOW) -> "Outcome":
        """What comes of asking it at that moment."""
        before = self.cart.model_copy(deep=True)
        decision = decide(self.cart, command, at)
        assert self.cart == before, "deciding changed the cart it looked at"
        if isinstance(decision, Refused):
            return Outcome(self.cart, decision)
        for decided in decision:
            _check(self.cart, decided, at)
        return Outcome(decision[0].document, decision)


@dataclass(frozen=True)
class Outcome(Given):
    """What came of it; more may be asked of the cart that it left."""

    decision: tuple[Decided[Cart], ...] | Refused

    def then(self, *events: CartEvent) -> "Outcome":
        """Exactly these facts happened to the cart."""
        assert self._decided(0).events == events
        return self

    def then_nothing(self) -> "Outcome":
        """Nothing happened, and nothing was refused."""
        assert [decided.events for decided in self._all()] in ([()], [(), ()])
        return self

    def then_elsewhere(self, *events: CartEvent) -> "Outcome":
        """Exactly these facts happened to the other cart: born of this one, or carrying on."""
        assert self._decided(1).events == events
        return self

    def refused(self, code: Code, **params: str) -> "Outcome":
        """It was refused for that reason, and nothing happened."""
        assert self.decision == Refused(code, params)
        return self

    @property
    def events(self) -> tuple[CartEvent, ...]:
        """The facts that happened to the cart."""
        return self._decided(0).events

    @property
    def other(self) -> Cart:
        """The other cart that the command touched."""
        return self._decided(1).document

    @property
    def alone(self) -> bool:
        """Whether no other cart was touched."""
        return len(self._all()) == 1

    def _decided(self, place: int) -> Decided[Cart]:
        decided = self._all()
        assert len(decided) > place, "no other cart was touched"
        return decided[place]

    def _all(self) -> tuple[Decided[Cart], ...]:
        assert not isinstance(self.decision, Refused), f"it was refused: {self.decision}"
        return self.decision


def _check(before: Cart, decided: Decided[Cart], at: datetime) -> None:
    """The facts, read back as the journal keeps them, lead to the cart that was answered."""
    for event in decided.events:
        assert parse(event.model_dump(mode="json")) == event, "a fact changes when it is stored"
    born = decided.document.version == len(decided.events)
    if decided.document.id == before.id or born:
        folded = before if decided.document.id == before.id else Cart(id=decided.document.id)
        for event in decided.events:
            folded = evolve(folded, event, at)
        assert folded == decided.document, "folding the facts leads to another cart"
