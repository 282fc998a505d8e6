"""A platform as a small state machine: what a shop with our companion does, and what it tells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from cartbridge.domain.items import Item
from cartbridge.domain.line import Line
from cartbridge.domain.twin import ObservedLine, PlannedWrite, Refusal, Snapshot, TwinRef

ENGRAVED = "*"  # follows the SKU of an article that was made for her


def item_of(key: str) -> Item:
    sku = key.removesuffix(ENGRAVED)
    return Item(sku=sku, title=sku, attributes={"engraving": "yes"} if key != sku else {})


@dataclass(frozen=True)
class Kind:
    """What a platform can do."""

    name: str
    revisions: bool = True  # its snapshots carry a revision one can trust
    merges_skus: bool = False  # it shows one row per SKU, engraved or not
    stock: int | None = None  # it refuses more than that of anything
    keeps_one: bool = False  # it refuses to take a row out altogether

    def key(self, line: Line) -> str | None:
        """The item key of a line, in this platform's own form."""
        sku = line.item.sku
        if sku is None or self.merges_skus or not line.item.attributes:
            return sku
        return sku + ENGRAVED


@dataclass(frozen=True)
class Answer:
    """What the platform answers to a write: the twin as it is now, and whether it was written."""

    written: bool
    snapshot: Snapshot


@dataclass
class Platform:
    """The twin on one platform, with revision, last push and refusals in one transaction."""

    kind: Kind
    tell: Callable[[TwinRef, Snapshot], None]  # sends a webhook
    basket: dict[str, int] = field(default_factory=dict)
    revision: int = 1
    last_push: str | None = None
    refused: tuple[Refusal, ...] = ()
    written: dict[str, Snapshot] = field(default_factory=dict)

    @property
    def ref(self) -> TwinRef:
        return TwinRef(connection=self.kind.name, external_id="1")

    def snapshot(self) -> Snapshot:
        return Snapshot(
            lines=tuple(
                ObservedLine(key=key, item=item_of(key), quantity=Decimal(amount))
                for key, amount in self.basket.items()
            ),
            revision=self.revision if self.kind.revisions else None,
            last_push=self.last_push,
            refused=self.refused,
        )

    def edit(self, key: str, by: int) -> None:
        """The shopper changes a row; a row of nothing is gone."""
        self._show({**self.basket, key: self.basket.get(key, 0) + by})

    def write(self, write: PlannedWrite, base: int | None) -> Answer:
        """Takes the write once, and only if the twin is still what it was based on."""
        if write.push_id in self.written:
            return Answer(True, self.written[write.push_id])
        if base != self.revision:
            return Answer(False, self.snapshot())
        self._take(write.expected, write.push_id)
        self.written[write.push_id] = self.snapshot()
        return Answer(True, self.written[write.push_id])

    def overwrite(self, write: PlannedWrite) -> Answer:
        """A platform without a companion: it takes any write and remembers nothing of it."""
        self._take(write.expected, None)
        return Answer(True, self.snapshot())

    def accepts(self, key: str, wanted: int) -> int:
        """How much of a key this platform would show."""
        if self.kind.stock is not None:
            wanted = min(wanted, self.kind.stock)
        return max(wanted, 1) if self.kind.keeps_one and key in self.basket else wanted

    def _take(self, expected: Mapping[str, Decimal], push_id: str | None) -> None:
        wanted = dict.fromkeys(self.basket, 0)
        for key, amount in expected.items():
            own = key.removesuffix(ENGRAVED) if self.kind.merges_skus else key
            wanted[own] = wanted.get(own, 0) + int(amount)
        shown = {key: self.accepts(key, amount) for key, amount in sorted(wanted.items())}
        self.last_push = push_id
        self.refused = tuple(
            Refusal(key=key, wanted=Decimal(wanted[key]), accepted=Decimal(shown[key]))
            for key in shown
            if shown[key] != wanted[key]
        )
        self._show(shown)

    def _show(self, shown: Mapping[str, int]) -> None:
        self.basket = {key: amount for key, amount in shown.items() if amount}
        self.revision += 1
        self.tell(self.ref, self.snapshot())
