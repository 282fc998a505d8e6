"""The rows of the attribution report; a cell of too few people says so and shows no number."""

from datetime import datetime
from typing import Literal

from cartbridge.domain.model import Strict
from cartbridge.domain.money import TaxMode
from cartbridge.domain.report.facts import Touch
from cartbridge.domain.report.reckoning import Money

Crossing = Literal["online_to_store", "store_to_online"]
LeadKind = Literal["campaign", "click", "none", "without_consent"]


class Lead(Strict):
    """What led to a sale: a campaign, a click alone, nothing that was told; or it is not known."""

    kind: LeadKind
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None

    @property
    def names(self) -> tuple[str | None, ...]:
        """Its names, by which rows are ordered."""
        return self.kind, self.source, self.medium, self.campaign


def lead_of(touch: Touch | None, *, agreed: bool) -> Lead:
    """What a touch says; without the shopper's consent nothing is attributed."""
    if not agreed:
        return Lead(kind="without_consent")
    if touch is None:
        return Lead(kind="none")
    told = touch.campaign
    if not told:
        return Lead(kind="click", source=next(iter(touch.clicks)))
    return Lead(
        kind="campaign",
        source=told.get("utm_source"),
        medium=told.get("utm_medium"),
        campaign=told.get("utm_campaign") or told.get("utm_id"),
    )


class Cell(Strict):
    """How many people bought how often and for how much; all of it null where it is suppressed."""

    suppressed: bool
    people: int | None = None
    sales: int | None = None  # without those voided
    money: Money | None = None


class WayRow(Strict):
    """All sales that went one way."""

    crossing: Crossing
    currency: str
    tax_mode: TaxMode
    cell: Cell


class CampaignRow(Strict):
    """The sales whose first touch was this, and those whose last touch was."""

    crossing: Crossing
    currency: str
    tax_mode: TaxMode
    lead: Lead
    first: Cell
    last: Cell


class StoreRow(Strict):
    """The sales credited to a store: it sold them, or the cart began in it."""

    crossing: Crossing
    currency: str
    tax_mode: TaxMode
    store: str
    cell: Cell


class SellerRow(Strict):
    """The sales credited to a seller of a store, by the till's own code."""

    crossing: Crossing
    currency: str
    tax_mode: TaxMode
    store: str
    staff: str | None
    cell: Cell


class ReceiptRow(Strict):
    """A sale by the number it has in the till or the shop, and the visits that led to it."""

    crossing: Crossing
    receipt_number: str | None
    order_number: str | None
    at: datetime
    first: Touch | None
    last: Touch | None


class Consent(Strict):
    """How many of the carts sold have the shopper's consent to analytics."""

    suppressed: bool
    carts: int | None
    with_consent: int | None
    without_consent: int | None


class Attribution(Strict):
    """The attribution of the sales of a time."""

    fewest_people: int  # that a cell must have to be shown
    consent: Consent
    ways: tuple[WayRow, ...]
    campaigns: tuple[CampaignRow, ...]
    stores: tuple[StoreRow, ...]
    sellers: tuple[SellerRow, ...]
    receipts: tuple[ReceiptRow, ...]
