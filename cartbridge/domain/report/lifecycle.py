"""The lifecycle report: where carts stand, where hand-overs are lost, how long each step takes."""

from collections import Counter, defaultdict
from typing import Final

from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.state import Direction
from cartbridge.domain.model import Strict
from cartbridge.domain.money import TaxMode
from cartbridge.domain.report.facts import CartFacts, CodeEnd, Fate
from cartbridge.domain.report.offers import OfferEnd, end_of_offers
from cartbridge.domain.report.reckoning import Asked, Purse, by_name
from cartbridge.domain.report.steps import StepRow, Steps

_DIRECTIONS: Final[tuple[Direction, ...]] = ("to_store", "to_online")


class StateRow(Strict):
    """How many carts stand there now."""

    state: State
    carts: int


class OfferRow(Strict):
    """Carts offered to the other side, by store, and how many of them were lost on the way."""

    direction: Direction
    store: str | None  # None: the code was for any store, and no store scanned it
    carts: int
    scanned: int
    named: int  # taken by a terminal without the code
    waiting: int  # a code is live
    never_scanned: int
    codes: int
    codes_used: int
    codes_lapsed: int
    codes_revoked: int
    codes_replaced: int


class ClaimRow(Strict):
    """The claims of a store, and what became of them."""

    store: str
    claims: int
    sold: int
    voided: int
    released: int
    sent_online: int
    store_closed: int
    not_sold: int
    unknown: int
    taken_over: int
    ordered_online: int
    held: int


class DriftRow(Strict):
    """Lines whose price a till told, against what the cart would have asked for as much."""

    store: str
    currency: str
    tax_mode: TaxMode
    lines: int
    different: int
    difference: int  # the till's totals less the cart's, in minor units


class Lifecycle(Strict):
    """The lifecycle of the carts begun in a time."""

    carts: int
    outcome_unknown: int
    reported_late: int
    double_sales: int
    states: tuple[StateRow, ...]
    offers: tuple[OfferRow, ...]
    claims: tuple[ClaimRow, ...]
    steps: tuple[StepRow, ...]
    drift: tuple[DriftRow, ...]


class LifecycleReport:
    """Adds up the carts that were begun in a time, one after another."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._totals: Counter[str] = Counter()
        self._states: Counter[State] = Counter()
        self._offers: dict[tuple[Direction, str | None], Counter[OfferEnd]] = defaultdict(Counter)
        self._codes: dict[tuple[Direction, str | None], Counter[CodeEnd]] = defaultdict(Counter)
        self._code_counts: Counter[tuple[Direction, str | None]] = Counter()
        self._claims: dict[str, Counter[Fate]] = defaultdict(Counter)
        self._steps = Steps()
        self._drift: dict[tuple[str, Purse], Counter[str]] = defaultdict(Counter)

    def add(self, facts: CartFacts) -> None:
        """One more cart."""
        asked = self._asked
        if not (asked.counts(facts) and asked.in_time(facts.began.at)):
            return
        if asked.store is not None and asked.store not in facts.stores:
            return
        self._totals["carts"] += 1
        self._totals["unknown"] += facts.unknown
        self._totals["late"] += sum(asked.in_store(store) for store in facts.reported_late)
        self._totals["double"] += facts.double_sales
        self._states[facts.state] += 1
        self._add_offers(facts)
        for holding in facts.holdings:
            if asked.in_store(holding.store):
                self._claims[holding.store][holding.fate] += 1
        self._steps.add(facts)
        self._add_drift(facts)

    def _add_offers(self, facts: CartFacts) -> None:
        for direction in _DIRECTIONS:
            store, end = end_of_offers(facts, direction)
            if end is None or not self._asked.in_store(store):
                continue
            key = (direction, store)
            self._offers[key][end] += 1
            offers = [offer for offer in facts.offers if offer.direction == direction]
            self._code_counts[key] += len(offers)
            self._codes[key].update(offer.end for offer in offers if offer.end is not None)

    def _add_drift(self, facts: CartFacts) -> None:
        for sale in facts.sales:
            if sale.store is None or not self._asked.in_store(sale.store):
                continue
            told = self._drift[sale.store, Purse.of(facts)]
            for line in sale.lines:
                if line.assumed or line.total is None or line.captured is None:
                    continue
                told["lines"] += 1
                told["different"] += line.total != line.captured
                told["difference"] += line.total - line.captured

    def told(self) -> Lifecycle:
        """The report of the carts so far."""
        return Lifecycle(
            carts=self._totals["carts"],
            outcome_unknown=self._totals["unknown"],
            reported_late=self._totals["late"],
            double_sales=self._totals["double"],
            states=tuple(
                StateRow(state=state, carts=self._states[state])
                for state in State
                if state is not State.NONE
            ),
            offers=tuple(
                self._offer_row(key)
                for key in sorted(self._offers, key=lambda key: (key[0], by_name(key[1:])))
            ),
            claims=tuple(_claim_row(store, self._claims[store]) for store in sorted(self._claims)),
            steps=self._steps.told(),
            drift=tuple(
                DriftRow(
                    store=store,
                    currency=purse.currency,
                    tax_mode=purse.tax_mode,
                    lines=told["lines"],
                    different=told["different"],
                    difference=told["difference"],
                )
                for (store, purse), told in sorted(self._drift.items())
                if told["lines"]
            ),
        )

    def _offer_row(self, key: tuple[Direction, str | None]) -> OfferRow:
        ends, codes = self._offers[key], self._codes[key]
        return OfferRow(
            direction=key[0],
            store=key[1],
            carts=ends.total(),
            scanned=ends["scanned"],
            named=ends["named"],
            waiting=ends["waiting"],
            never_scanned=ends["never_scanned"],
            codes=self._code_counts[key],
            codes_used=codes["used"],
            codes_lapsed=codes["lapsed"],
            codes_revoked=codes["revoked"],
            codes_replaced=codes["replaced"],
        )


def _claim_row(store: str, fates: Counter[Fate]) -> ClaimRow:
    return ClaimRow(
        store=store,
        claims=fates.total(),
        sold=fates["sold"],
        voided=fates["voided"],
        released=fates["released"],
        sent_online=fates["sent_online"],
        store_closed=fates["store_closed"],
        not_sold=fates["not_sold"],
        unknown=fates["unknown"],
        taken_over=fates["taken_over"],
        ordered_online=fates["ordered_online"],
        held=fates["held"],
    )
