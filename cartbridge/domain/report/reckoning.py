"""What is asked of a report, and how the money of sales adds up."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from cartbridge.domain.model import Strict
from cartbridge.domain.money import TaxMode
from cartbridge.domain.report.facts import CartFacts, LineSold


@dataclass(frozen=True)
class Asked:
    """Which time (the end excluded), and whether only one store's or one brand's part of it.

    Carts that had to do with a store of training are left out.
    """

    since: datetime
    until: datetime
    store: str | None = None
    brand: str | None = None
    training: frozenset[str] = frozenset()

    def in_time(self, at: datetime) -> bool:
        """Whether a moment is asked for."""
        return self.since <= at < self.until

    def in_store(self, store: str | None) -> bool:
        """Whether what is credited to a store is asked for."""
        return self.store is None or store == self.store

    def counts(self, facts: CartFacts) -> bool:
        """Whether this cart is one of those that are looked at."""
        if self.brand is not None and facts.brand != self.brand:
            return False
        return self.training.isdisjoint(facts.stores)


@dataclass(frozen=True, order=True)
class Purse:
    """What may be added up: one currency, and totals that all hold the tax, or all do not."""

    currency: str
    tax_mode: TaxMode

    @classmethod
    def of(cls, facts: CartFacts) -> "Purse":
        """The purse of a cart."""
        return cls(facts.currency, facts.tax_mode)


class Money(Strict):
    """Revenue in minor units: `net` is `gross` less what came back and what was voided."""

    gross: int
    assumed: int  # the part of `gross` that no till told: the cart's own totals
    returned: int
    voided: int
    net: int
    unpriced: int  # lines of which nobody told a price: they are in none of the sums


@dataclass
class Tally:
    """Adds up lines of sales."""

    gross: int = 0
    assumed: int = 0
    returned: int = 0
    voided: int = 0
    unpriced: int = 0
    lines: int = 0
    quantity: Decimal = field(default=Decimal(0))

    def add(self, line: LineSold, part: Decimal, *, voided: bool) -> None:
        """So much of a line; what came back of the line came back of the part, in proportion."""
        self.lines += 1
        self.quantity += part
        if line.total is None:
            self.unpriced += 1
            return
        amount = line.share(line.total, part)
        back = line.share(amount, line.returned)
        self.gross += amount
        self.returned += back
        self.assumed += amount if line.assumed else 0
        self.voided += amount - back if voided else 0

    @property
    def money(self) -> Money:
        """The sums."""
        return Money(
            gross=self.gross,
            assumed=self.assumed,
            returned=self.returned,
            voided=self.voided,
            net=self.gross - self.returned - self.voided,
            unpriced=self.unpriced,
        )


def by_name(key: tuple[str | None, ...]) -> tuple[tuple[bool, str], ...]:
    """The order of rows: by each name in turn, what has none last."""
    return tuple((name is None, name or "") for name in key)
