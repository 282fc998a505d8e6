"""Brands, stores and terminals: where carts are sold."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from cartbridge.domain.enquiry.state import Kind
from cartbridge.domain.model import Strict, left_out
from cartbridge.domain.money import CurrencyCode

PricePolicy = Literal["till", "captured", "lower"]
CodesPolicy = Literal["honoured", "not_honoured"]
Owner = Literal["own", "franchise", "concession"]

Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
_DEFAULT_CLOSING: Final = time(20, 0)


class Position(Strict):
    """Where a store is on the earth, in degrees."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class Brand(Strict):
    """What the shopper knows: name, logo and legal texts of one banner of the retailer."""

    id: Slug
    name: Annotated[str, Field(min_length=1, max_length=200)]
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "fr-FR"
    logo_url: str | None = None
    privacy_url: str | None = None
    picture_origins: tuple[Origin, ...] = ()  # where pictures on its pages may come from
    policy: PricePolicy | None = None  # of its stores that have no rule of their own
    codes: CodesPolicy | None = None
    # within how many hours an enquiry is answered, by its kind; else as the installation has it
    enquiry_hours: dict[Kind, Annotated[int, Field(ge=1, le=24 * 31)]] | None = left_out()


class Store(Strict):
    """A shop: where it is, when it closes, and whose price wins there."""

    id: Slug
    brand: Slug
    name: Annotated[str, Field(min_length=1, max_length=200)]
    address: str | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "FR"
    currency: CurrencyCode = "EUR"
    time_zone: str = "Europe/Paris"
    opening_hours: str | None = None
    closing_time: time = _DEFAULT_CLOSING
    owner: Owner = "own"
    price_list: str | None = None
    policy: PricePolicy | None = None  # whose price wins; None: as the brand or the retailer says
    codes: CodesPolicy | None = None  # whether its tills honour codes of the web
    position: Position | None = None
    mode: Literal["live", "training"] = "live"
    external_ids: dict[str, str] = {}  # connection → the store's id there

    def next_closing(self, now: datetime) -> datetime:
        """When this store closes next, by its own clock; the moment is in UTC."""
        return min(closing for closing in self._closings(now) if closing > now)

    def last_closing(self, now: datetime) -> datetime:
        """When this store closed last, this moment included; the moment is in UTC."""
        return max(closing for closing in self._closings(now) if closing <= now)

    def _closings(self, now: datetime) -> list[datetime]:
        """One closing for each day around a moment, whatever its clocks do in that night.

        An hour that is skipped is closed at after it; of an hour that comes twice it is the first.
        """
        zone = ZoneInfo(self.time_zone)
        today = now.astimezone(zone).date()
        at = self.closing_time.replace(second=0, microsecond=0)
        days = (today + timedelta(days=days) for days in (-2, -1, 0, 1, 2))
        # Through UTC, because moments of one zone are compared by what its clocks show.
        return [datetime.combine(day, at, zone).astimezone(UTC) for day in days]


class Terminal(Strict):
    """A till, tablet or kiosk in a store."""

    id: Slug
    store: Slug
    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Literal["till", "tablet", "kiosk"] = "till"
    external_ids: dict[str, str] = {}
