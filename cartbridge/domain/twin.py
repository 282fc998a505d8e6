"""The twin: a document's counterpart on a connection, and what both sides last agreed on."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from cartbridge.domain.customer import Customer
from cartbridge.domain.items import Item, LineKind, SoldBy
from cartbridge.domain.line import Prices
from cartbridge.domain.model import Strict, left_out
from cartbridge.domain.quantity import Amount

# The first five are counterparts of a cart; the last are what else a platform speaks of.
TwinKind = Literal[
    "cart",
    "checkout",
    "draft_order",
    "order",
    "till_order",
    "wishlist",
    "quote",
    "enquiry",
    "session",
    "customer",
    "item",
]
Writes = Literal["none", "best_effort", "conditional"]

# A cart in a platform's own form: how much it shows of each item key.
Basket = Mapping[str, Amount]


class TwinRef(Strict):
    """Where a twin is: the connection, what it is there, and its id there."""

    connection: str  # con_…
    kind: TwinKind = "cart"
    external_id: Annotated[str, Field(min_length=1, max_length=255)]

    def __str__(self) -> str:
        return f"{self.connection}/{self.kind}/{self.external_id}"


class Refusal(Strict):
    """What a platform said it would not show: we wanted so much, it accepted so much."""

    key: str
    wanted: Amount
    accepted: Amount
    reason: str | None = None


class CodeRefusal(Strict):
    """A promotion code that a platform would not take."""

    code: str
    reason: str | None = None


class PlannedWrite(Strict):
    """A write stored before it is sent, so that its echo is known when it comes."""

    push_id: str
    base_revision: int | None
    expected: Basket
    codes: tuple[str, ...] = ()
    # the part of `expected` as we wanted it before remembered refusals
    wanted: Basket = Field(default_factory=dict)


class ObservedLine(Strict):
    """One row as a platform shows it; `key` is its item key in that platform's own form."""

    key: str
    kind: LineKind = "goods"
    sold_by: SoldBy = "piece"
    item: Item
    quantity: Amount
    unit: str = "C62"
    prices: Prices = Prices()
    note: str | None = None
    external_id: str | None = None  # a hint for writing, never an identity


class Snapshot(Strict):
    """A whole cart as a platform showed it at one moment."""

    lines: tuple[ObservedLine, ...] = ()
    codes: tuple[str, ...] = ()
    revision: int | None = None  # strictly growing by change; None: this platform has none
    last_push: str | None = None
    refused: tuple[Refusal, ...] = ()  # of `last_push`, named by the platform
    refused_codes: tuple[CodeRefusal, ...] = ()
    at: datetime | None = None
    currency: str | None = None
    tax_mode: Literal["inclusive", "exclusive"] | None = None
    locale: str | None = None
    channel: str | None = None
    shipping: int = 0
    has_payment: bool = False
    customer: Customer | None = None
    attribution: dict[str, str] = Field(default_factory=dict)
    consent: dict[str, bool] = Field(default_factory=dict)
    price_list: str | None = None
    # Its rows have no quantity there: each is shown as one piece, however many are wanted.
    uncounted: Literal[True] | None = left_out()

    @property
    def basket(self) -> dict[str, Decimal]:
        """How much of each item key the platform shows."""
        shown: dict[str, Decimal] = {}
        for line in self.lines:
            shown[line.key] = shown.get(line.key, Decimal(0)) + line.quantity
        return {key: amount for key, amount in shown.items() if amount}


class PlacedFor(Strict):
    """What a twin was put before a cashier for: one claim with its fence, or the open offer."""

    by: str  # clm_…, or crt_… for the offer of that cart
    fence: int | None = None
    store: str | None = None
    terminal: str | None = None
    till: str | None = None  # what the terminal is called there


class Twin(Strict):
    """A counterpart of the document, its shadow, and what is on its way to it."""

    ref: TwinRef
    aliases: tuple[str, ...] = ()
    ended: bool = False  # the platform is done with it: it is watched, never written
    shadow: Basket = Field(default_factory=dict)
    shadow_codes: tuple[str, ...] = ()
    revision: int | None = None
    last_push: str | None = None  # the newest of our writes that the shadow already holds
    planned: tuple[PlannedWrite, ...] = ()  # sent and not yet seen, oldest first
    refusals: tuple[Refusal, ...] = ()
    refused_codes: tuple[CodeRefusal, ...] = ()
    placed: PlacedFor | None = None  # we put it there: it is sold or withdrawn, never merged
