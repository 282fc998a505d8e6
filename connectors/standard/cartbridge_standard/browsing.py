"""Browsing facts of a canonical body."""

from typing import Final, Literal

from pydantic import Field

from cartbridge.sdk.documents import Item
from cartbridge.sdk.observations import Browsed
from cartbridge_standard import payloads as wire
from cartbridge_standard.lines import item_of
from cartbridge_standard.report import Report
from cartbridge_standard.snapshots import customer_of
from cartbridge_standard.told import Told
from cartbridge_standard.unknown import count_unknown
from cartbridge_standard.values import answers

LONGEST_TEXT: Final = 200  # of what was searched, or of a list's name

What = Literal["product_viewed", "list_viewed", "searched"]


class Fact(wire.Wire):
    """Who looked, when, and what she agreed to."""

    session: wire.Id
    id: wire.Id | None = None
    at: wire.Moment | None = None
    customer: wire.Customer | None = None
    consent: wire.Some = Field(default_factory=dict)


class ProductViewed(Fact):
    """`product.viewed`."""

    item: wire.Item


class ProductSearched(Fact):
    """`product.searched`."""

    query: wire.Letter


class ListViewed(Fact):
    """`list.viewed`."""

    list: wire.Letter


def product_viewed(told: Told) -> tuple[Browsed]:
    """`product.viewed`."""
    fact = told.read_as(ProductViewed)
    item = item_of(fact.item, "data.item", told.report)
    return (_browsed("product_viewed", fact, told, item=item),)


def product_searched(told: Told) -> tuple[Browsed]:
    """`product.searched`."""
    fact = told.read_as(ProductSearched)
    return (_browsed("searched", fact, told, text=_cut(fact.query, "query", told.report)),)


def list_viewed(told: Told) -> tuple[Browsed]:
    """`list.viewed`."""
    fact = told.read_as(ListViewed)
    return (_browsed("list_viewed", fact, told, text=_cut(fact.list, "list", told.report)),)


def _cut(text: str, field: str, report: Report) -> str:
    if len(text) > LONGEST_TEXT:
        report.add(f"data.{field}", "rounded", f"cut after {LONGEST_TEXT} characters")
    return text[:LONGEST_TEXT]


def _browsed(
    what: What, fact: Fact, told: Told, item: Item | None = None, text: str | None = None
) -> Browsed:
    seen = Browsed(
        external_id=fact.session,
        name=told.name(fact.id),
        what=what,
        at=told.moment(fact.at),
        item=item,
        text=text,
        customer=customer_of(fact.customer),
        consent=answers(fact.consent, "data.consent", told.report),
    )
    count_unknown(fact, told.report)
    return seen
