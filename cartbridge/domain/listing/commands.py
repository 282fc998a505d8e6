"""What may be asked of any listing: imperative, complete, with every id already drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Prices
from cartbridge.domain.projection import Projection
from cartbridge.domain.twin import Snapshot, TwinRef


@dataclass(frozen=True)
class Observe:
    """Take in what a platform shows of its counterpart, by the three-way merge."""

    ref: TwinRef
    snapshot: Snapshot
    projection: Projection  # of the wanted lines, in that platform's own form
    line_ids: tuple[str, ...]  # as many as the snapshot has rows
    origin: Origin
    brand: str | None = None
    details: Mapping[str, str] | None = None  # what it shows beside its lines; None: not told


@dataclass(frozen=True)
class Edit:
    """Change lines from our side: quantities (0 removes), more lines, other prices."""

    set: Mapping[str, Decimal]
    add: tuple[NewLine, ...] = ()
    prices: Mapping[str, Prices] | None = None
    customer: Customer | None = None


@dataclass(frozen=True)
class PlanWrite:
    """Decide what a twin should show and store it before it is sent."""

    ref: TwinRef
    push_id: str
    projection: Projection
    details: Mapping[str, str]  # what it should show beside its lines


@dataclass(frozen=True)
class LoseTwin:
    """The platform no longer has its counterpart."""

    ref: TwinRef
