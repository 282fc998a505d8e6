"""An example of each report, of a dozen shoppers who all lived the examples' story."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel

from cartbridge.domain.cart.events import CartEvent
from cartbridge.domain.header import Actor, Header
from cartbridge.domain.report.additional_sales import AdditionalSalesReport
from cartbridge.domain.report.attribution import AttributionReport
from cartbridge.domain.report.facts import CartFacts
from cartbridge.domain.report.fold import facts_of
from cartbridge.domain.report.lifecycle import LifecycleReport
from cartbridge.domain.report.reckoning import Asked
from cartbridge.http import openapi_story as of
from cartbridge.http.reports import AdditionalSalesAnswer, AttributionAnswer, LifecycleAnswer

_SHOPPERS: Final = 12


@dataclass(frozen=True)
class _Told:
    event: CartEvent
    header: Header


def reports() -> tuple[BaseModel, ...]:
    """The three reports."""
    facts = _facts()
    asked = Asked(of.BEGUN - timedelta(days=1), of.RETURNED)
    lifecycle = LifecycleReport(asked)
    additional, attribution = AdditionalSalesReport(asked), AttributionReport(asked)
    for number in range(_SHOPPERS):
        one = facts.model_copy(update={"cart": f"crt_{number}", "person": str(number)})
        for report in (lifecycle, additional, attribution):
            report.add(one)
    head: dict[str, Any] = {
        "as_of": of.RETURNED + timedelta(hours=1),
        "from": of.BEGUN.date(),
        "to": of.RETURNED.date(),
        "time_zone": "Europe/Paris",
        "store": None,
        "brand": None,
    }
    return (
        LifecycleAnswer(**head, **dict(lifecycle.told())),
        AdditionalSalesAnswer(**head, **dict(additional.told())),
        AttributionAnswer(**head, **dict(attribution.told())),
    )


def _facts() -> CartFacts:
    history = [_Told(event, _header(chapter)) for chapter in of.story() for event in chapter.events]
    facts = facts_of(of.CART_ID, history, str, {})
    if facts is None:
        raise ValueError("the examples' story has no beginning")
    return facts


def _header(chapter: of.Chapter) -> Header:
    in_store = chapter.at >= of.CLAIMED
    return Header(
        occurred_at=chapter.at,
        actor=Actor(kind="staff" if in_store else "connector"),
        store=of.STORE if in_store else None,
        terminal=of.TERMINAL if in_store else None,
        staff=of.STAFF if in_store else None,
    )
