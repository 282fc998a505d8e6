"""The same torture for wish lists and quotes: the world of carts, with another machine in it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cartbridge.domain.cart.state import Origin
from cartbridge.domain.decided import Decision
from cartbridge.domain.listing import commands as c
from cartbridge.domain.listing.observing import in_step
from cartbridge.domain.projection import Projection, basket_of, project_by
from cartbridge.domain.refusals import Refused
from cartbridge.domain.twin import Snapshot, TwinRef
from tests.unit.domain.merge_world import SKUS, Broken, Scenario, World


@dataclass(frozen=True)
class ListingKind:
    """One kind of listing: how it begins, decides and folds, and what it tells beside its lines."""

    prefix: str
    begin: Callable[[str], Any]
    decide: Callable[..., Decision | Refused]
    evolve: Callable[..., Any]
    details: Callable[[Any], Mapping[str, str]]
    see: Callable[[c.Observe], Any]  # the command of what a platform shows
    edit: Callable[[c.Edit], Any]  # the command of a change from our side


class ListingWorld(World):
    """One listing, its platforms, and everything under way between them."""

    def __init__(
        self, seed: int, scenario: Scenario, kind: ListingKind, broken: Broken | None = None
    ) -> None:
        self.listing, self.kind = kind.begin(f"{kind.prefix}_1"), kind
        super().__init__(seed, scenario, broken)

    def ask(self, command: Any) -> None:
        """Decides, checks that folding the facts leads to the same listing, and stores."""
        decision = self.kind.decide(self.listing, command, self.now)
        self.trace.append(type(command).__name__)
        assert not isinstance(decision, Refused), decision
        folded = self.listing
        for fact in decision[0].events:
            folded = self.kind.evolve(folded, fact, self.now)
        assert folded == decision[0].document, "folding does not lead to the decided listing"
        assert all(line.quantity.value > 0 for line in folded.lines), "a line of nothing"
        self.listing = folded

    def holder(self, ref: TwinRef) -> Any:
        return self.listing

    def twin(self, ref: TwinRef) -> Any:
        return self.listing.twin(ref)

    def projection(self, cart: Any, ref: TwinRef) -> Projection:
        return project_by(self.listing.wanted, self.platforms[ref.connection].kind.key)

    def observe(self, ref: TwinRef, snapshot: Snapshot, into: str | None = None) -> None:
        seen = c.Observe(
            ref=ref,
            snapshot=snapshot,
            projection=self.projection(None, ref),
            line_ids=tuple(self.id("lin") for _ in snapshot.lines),
            origin=Origin(connection=ref.connection),
            details=self.kind.details(self.listing),
        )
        self.ask(self.kind.see(seen))

    def write_due(self, ref: TwinRef) -> bool:
        shown = basket_of(self.projection(None, ref))
        details = self.kind.details(self.listing)
        return not in_step(self.listing, self.twin(ref), shown, details)

    def _push(self, ref: TwinRef, base: int | None) -> None:
        details = self.kind.details(self.listing)
        self.ask(c.PlanWrite(ref, self.id("psh"), self.projection(None, ref), details))
        self._send(ref, base)

    def _begin(self) -> None:
        """A listing begun on the first platform; the others hold something of their own."""
        few = self.scenario.removals
        for place, platform in enumerate(self.platforms.values()):
            most = 2 if few else (30 if place == 0 else 3)
            platform.basket = {
                sku: most if place == 0 and not few else self.rng.randint(1, most) for sku in SKUS
            }
            self.ledger.put.update(platform.basket)
            self.where[platform.ref] = self.listing.id
            self.observe(platform.ref, platform.snapshot())

    def amounts(self) -> dict[str, int]:
        found: Counter[str] = Counter()
        for line in self.listing.wanted:
            found[line.item.sku or ""] += int(line.quantity.value)
        return {sku: found[sku] for sku in SKUS}

    def associate_edits(self) -> None:
        """Somebody in a store puts more of an article on it."""
        lines = self.listing.lines
        if not lines:
            return
        line = self.rng.choice(lines)
        self.ledger.put[line.item.sku or ""] += 1
        self.edit({line.id: line.quantity.value + 1})

    def edit(self, quantities: Mapping[str, Any]) -> None:
        """A change from our side."""
        self.ask(self.kind.edit(c.Edit(set=quantities)))
