"""The reports over HTTP: what the retailer learns of its carts, as JSON or as CSV."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, Field

from cartbridge.domain.model import Strict
from cartbridge.domain.report.additional_sales import AdditionalSales, AdditionalSalesReport
from cartbridge.domain.report.attribution import AttributionReport
from cartbridge.domain.report.attribution_rows import Attribution
from cartbridge.domain.report.lifecycle import Lifecycle, LifecycleReport
from cartbridge.domain.store import Slug
from cartbridge.http.day import Day
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.http.shop_models import known_zone
from cartbridge.pages.reports import additional_sales_csv, attribution_csv, lifecycle_csv
from cartbridge.pages.table import Head
from cartbridge.services.tell_report import Making, Told, Wanted, tell_report

routes: Final = Routes("ops")

R = TypeVar("R", bound=Strict)


class ReportQuery(Strict):
    """Which days, which store or brand, and in which form."""

    from_: Annotated[
        Day | None,
        Field(alias="from", description="The first day; 30 days up to `to` if not said."),
    ] = None
    to: Annotated[
        Day | None, Field(description="The last day, which counts too; today if not said.")
    ] = None
    time_zone: Annotated[str, AfterValidator(known_zone)] = "Europe/Paris"
    store: Annotated[Slug | None, Field(description="What is credited to that store alone.")] = None
    brand: Annotated[Slug | None, Field(description="The carts of that brand alone.")] = None
    format: Annotated[
        Literal["json", "csv"],
        Field(
            description="`csv` writes amounts with decimals, and as the language's country does."
        ),
    ] = "json"


class ReportHead(Strict):
    """Which days a report tells of, and up to which moment the journal was followed for it."""

    as_of: datetime
    from_: Annotated[date, Field(alias="from")]
    to: date
    time_zone: str
    store: str | None
    brand: str | None


class LifecycleAnswer(ReportHead, Lifecycle):
    """The lifecycle of the carts begun in these days."""


class AdditionalSalesAnswer(ReportHead, AdditionalSales):
    """What stores added to web carts, began for buying at home, and could not sell."""


class AttributionAnswer(ReportHead, Attribution):
    """Which campaign's visits led to which sales on the other side."""


@routes.add(
    "GET",
    "/v1/reports/lifecycle",
    "Where carts stand, and where they are lost",
    query=ReportQuery,
    answer=LifecycleAnswer,
    problems=("not_found",),
)
async def lifecycle(call: Call) -> Answer:
    """Of the carts begun in these days: their states, what became of hand-overs and claims by
    store, how long each step took, and how often the till's price was another one.
    """
    told = await _told(call, LifecycleReport)
    if call.query.format == "csv":
        return _csv(lifecycle_csv(told.report, _csv_head(told), call.locale))
    return Answer(LifecycleAnswer(**_head(call, told), **dict(told.report)))


@routes.add(
    "GET",
    "/v1/reports/additional-sales",
    "What stores added, began and could not sell",
    query=ReportQuery,
    answer=AdditionalSalesAnswer,
    problems=("not_found",),
)
async def additional_sales(call: Call) -> Answer:
    """Of the sales of these days, by store and seller: what was added in the store to carts begun
    online, carts begun in the store and bought online, and why lines were not taken.
    """
    told = await _told(call, AdditionalSalesReport)
    if call.query.format == "csv":
        return _csv(additional_sales_csv(told.report, _csv_head(told), call.locale))
    return Answer(AdditionalSalesAnswer(**_head(call, told), **dict(told.report)))


@routes.add(
    "GET",
    "/v1/reports/attribution",
    "Which campaigns led to sales on the other side",
    query=ReportQuery,
    answer=AttributionAnswer,
    problems=("not_found",),
)
async def attribution(call: Call) -> Answer:
    """Of the sales of these days that went from online to a store or back: by campaign (first and
    last visit side by side), store and seller, and the receipt numbers that visits led to. Only
    with consent; a cell of fewer than ten people is not shown, nor what would give it away.
    """
    told = await _told(call, AttributionReport)
    if call.query.format == "csv":
        return _csv(attribution_csv(told.report, _csv_head(told), call.locale))
    return Answer(AttributionAnswer(**_head(call, told), **dict(told.report)))


async def _told(call: Call, make: Making[R]) -> Told[R]:
    query: ReportQuery = call.query
    wanted = Wanted(query.from_, query.to, query.time_zone, query.store, query.brand)
    return await tell_report(call.gateway, call.caller.tenant, wanted, make)


def _head(call: Call, told: Told[R]) -> dict[str, Any]:
    query: ReportQuery = call.query
    return {
        "as_of": told.as_of,
        "from": told.first,
        "to": told.last,
        "time_zone": query.time_zone,
        "store": query.store,
        "brand": query.brand,
    }


def _csv_head(told: Told[R]) -> Head:
    return Head(told.first, told.last, told.as_of)


def _csv(page: Any) -> Answer:
    headers = dict(page.headers)
    return Answer(page.body.encode(), 200, headers.pop("Content-Type"), headers)
