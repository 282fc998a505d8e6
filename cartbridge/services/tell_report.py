"""The reports: what the retailer asked for, read from the facts that were gathered so far."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from cartbridge.domain.report.facts import CartFacts
from cartbridge.domain.report.reckoning import Asked
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem

USUAL: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=400)

Report = TypeVar("Report", covariant=True)


class Adding(Protocol[Report]):
    """A report in the making."""

    def add(self, facts: CartFacts) -> None:
        """One more cart."""

    def told(self) -> Report:
        """The report of the carts so far."""


class Making(Protocol[Report]):
    """Begins a report."""

    def __call__(self, asked: Asked) -> Adding[Report]:
        """A report of what is asked, with nothing in it yet."""


@dataclass(frozen=True)
class Wanted:
    """From the first day to the last one, which counts too, as days are in a time zone."""

    first: date | None
    last: date | None
    time_zone: str
    store: str | None = None
    brand: str | None = None


@dataclass(frozen=True)
class Told(Generic[Report]):
    """A report, for which days, and up to which moment the journal was followed for it."""

    as_of: datetime
    first: date
    last: date
    report: Report


async def tell_report(
    gateway: Gateway, tenant: UUID, wanted: Wanted, make: Making[Report]
) -> Told[Report]:
    """The report over what is known; it waits for nothing. Problem for a place nobody knows."""
    first, last = _days(wanted, gateway.clock())
    asked = Asked(
        since=_begin(first, wanted.time_zone),
        until=_begin(last + timedelta(days=1), wanted.time_zone),
        store=wanted.store,
        brand=wanted.brand,
        training=await _training(gateway, tenant, wanted),
    )
    as_of = await gateway.facts.as_of(tenant)  # first: what is read after it is no older
    making = make(asked)
    async for facts in gateway.facts.read(tenant, asked.since, asked.until):
        making.add(facts)
    return Told(as_of, first, last, making.told())


def _days(wanted: Wanted, now: datetime) -> tuple[date, date]:
    last = wanted.last or now.astimezone(ZoneInfo(wanted.time_zone)).date()
    first = wanted.first or last - USUAL + timedelta(days=1)
    if first > last:
        raise _wrong("from", "it is after `to`")
    if last - first >= LONGEST:
        raise _wrong("from", f"at most {LONGEST.days} days are told at once")
    return first, last


def _begin(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(time_zone))


def _wrong(field: str, why: str) -> Problem:
    return Problem("invalid_request", errors=({"field": field, "why": why},))


async def _training(gateway: Gateway, tenant: UUID, wanted: Wanted) -> frozenset[str]:
    """The stores where sales are only practised."""
    directory = gateway.directory
    if wanted.brand is not None and await directory.brands.get(tenant, wanted.brand) is None:
        raise Problem("not_found", what="brand")
    stores = await directory.stores.list(tenant)
    if wanted.store is not None and all(store.id != wanted.store for store in stores):
        raise Problem("not_found", what="store")
    return frozenset(store.id for store in stores if store.mode == "training")
