"""What a shop's pages tell of what is looked at: in our own form, or in that of GA4."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, model_validator

from cartbridge.domain.browsing import PURPOSE, WebKind
from cartbridge.domain.items import Gtin, Item
from cartbridge.domain.model import Strict
from cartbridge.services.observe_browsing import Fact, Visit

_ITEMS: Final = 50  # facts of one call
Session = Annotated[str, Field(min_length=8, max_length=128, pattern=r"^[A-Za-z0-9._-]+$")]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Title = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f]+$")]
Sku = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Said = Literal["GRANTED", "DENIED"]


class ViewedItem(Strict):
    """An article as the page knows it; the item list knows the rest."""

    sku: Sku | None = None
    gtin: Gtin | None = None
    title: Title | None = None

    @property
    def item(self) -> Item | None:
        """The article; None if the page says nothing of it."""
        title = self.title or self.sku or self.gtin
        return None if title is None else Item(sku=self.sku, gtin=self.gtin, title=title)


class BrowseFact(Strict):
    """One thing that was looked at: an article, a list by its name, or a search by its words."""

    what: WebKind
    item: ViewedItem | None = None
    text: Name | None = None

    @model_validator(mode="after")
    def _named(self) -> "BrowseFact":
        if self.what == "product_viewed" and (self.item is None or self.item.item is None):
            raise ValueError("product_viewed needs an item with sku, gtin or title")
        if self.what != "product_viewed" and self.text is None:
            raise ValueError(f"{self.what} needs a text")
        return self


class BrowseRequest(Strict):
    """What was looked at in one session of a browser, and what its visitor agreed to."""

    session: Session
    consent: Annotated[dict[str, bool], Field(max_length=10)] = {}
    facts: Annotated[tuple[BrowseFact, ...], Field(max_length=_ITEMS)] = ()

    def told(self, now: datetime) -> tuple[Visit, list[Fact]]:
        """The visit and its facts, all of this moment: a browser's clock is not believed."""
        facts = [
            Fact(one.what, now, one.item.item if one.item else None, one.text) for one in self.facts
        ]
        return Visit(session=self.session, consent=self.consent), facts


class _Foreign(Strict):
    """A part of a form that is not ours: what else stands in it is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Ga4Item(_Foreign):
    """An article as GA4 names it."""

    item_id: Sku | None = None
    item_name: Title | None = None


class Ga4Params(_Foreign):
    """What an event of GA4 is about."""

    items: Annotated[tuple[Ga4Item, ...], Field(max_length=200)] = ()
    search_term: Name | None = None
    item_list_name: Name | None = None


class Ga4Event(_Foreign):
    """An event of GA4; those that are no browsing are left aside."""

    name: Annotated[str, Field(max_length=100)]
    params: Ga4Params = Ga4Params()

    def facts(self, now: datetime) -> list[Fact]:
        """What was looked at: each article of `view_item`, the list, or the search."""
        params = self.params
        match self.name:
            case "view_item":
                items = [ViewedItem(sku=i.item_id, title=i.item_name).item for i in params.items]
                return [Fact("product_viewed", now, item) for item in items if item]
            case "view_item_list":
                return [Fact("list_viewed", now, text=params.item_list_name)]
            case "search" | "view_search_results":
                return [Fact("searched", now, text=params.search_term)]
            case _:
                return []


class Ga4Consent(_Foreign):
    """Consent as Google's consent mode says it; `analytics_storage` alone lets us keep anything."""

    analytics_storage: Said | None = None
    ad_user_data: Said | None = None

    @property
    def by_purpose(self) -> dict[str, bool]:
        """What was said, by our purposes."""
        said = {PURPOSE: self.analytics_storage, "marketing": self.ad_user_data}
        return {purpose: word == "GRANTED" for purpose, word in said.items() if word is not None}


class Ga4Request(_Foreign):
    """The body of GA4's Measurement Protocol; who the visitor is, is not taken from a browser."""

    client_id: Session
    consent: Ga4Consent = Ga4Consent()
    events: Annotated[tuple[Ga4Event, ...], Field(max_length=25)]

    def told(self, now: datetime) -> tuple[Visit, list[Fact]]:
        """The visit and its facts, all of this moment."""
        facts = [fact for event in self.events for fact in event.facts(now)]
        return Visit(session=self.client_id, consent=self.consent.by_purpose), facts[:_ITEMS]


def form_of(value: Any) -> type[BrowseRequest] | type[Ga4Request]:
    """In whose form a body is written: GA4's has events."""
    return Ga4Request if isinstance(value, dict) and "events" in value else BrowseRequest
