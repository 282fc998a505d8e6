"""A listing as its facts leave it: what a wish list and a quote are both made of."""

from datetime import datetime
from typing import ClassVar, Self

from pydantic import Field

from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Line
from cartbridge.domain.model import Strict
from cartbridge.domain.money import CurrencyCode, TaxMode
from cartbridge.domain.twin import Twin, TwinRef


class Listing(Strict):
    """Lines that belong to somebody, and their counterparts on connections."""

    personal: ClassVar[frozenset[str]] = frozenset({"customer", "notes", "metadata"})

    id: str
    version: int = 0
    root: str | None = None  # the first document of the family, if it is not this one
    currency: CurrencyCode = "EUR"
    tax_mode: TaxMode = "inclusive"
    brand: str | None = None
    locale: str | None = None
    price_list: str | None = None
    customer: Customer | None = None
    origin: Origin = Origin()
    lines: tuple[Line, ...] = ()
    notes: dict[str, str] = Field(default_factory=dict)  # line → what was written beside it
    attribution: dict[str, str] = Field(default_factory=dict)
    consent: dict[str, bool] = Field(default_factory=dict)
    metadata: dict[str, str] = Field(default_factory=dict)
    twins: tuple[Twin, ...] = ()
    # twin → what it shows beside its lines (name, state, prices), as both sides last agreed
    details: dict[str, dict[str, str]] = Field(default_factory=dict)
    started_at: datetime | None = None
    updated_at: datetime | None = None

    def line(self, line_id: str) -> Line | None:
        """The line of that id, if there is one."""
        return next((line for line in self.lines if line.id == line_id), None)

    def twin(self, ref: TwinRef) -> Twin | None:
        """The twin at that place, if this document has it."""
        return next((twin for twin in self.twins if twin.ref == ref), None)

    def is_known_to(self, connection: str | None) -> bool:
        """Whether it began on that connection, or has a counterpart there."""
        known = {twin.ref.connection for twin in self.twins} | {self.origin.connection}
        return connection in known

    @property
    def wanted(self) -> tuple[Line, ...]:
        """The lines that twins should show."""
        return self.lines

    @property
    def settled(self) -> bool:
        """Whether its twins may be told what it is now."""
        return True

    @property
    def slot_holder(self) -> str:
        """The document whose key and slot this one shares with all its descendants."""
        return self.root or self.id

    def with_changes(self, **changes: object) -> Self:
        """The same listing with these fields changed."""
        return self.model_copy(update=changes)
