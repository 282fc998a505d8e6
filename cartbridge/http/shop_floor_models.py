"""What mirrors, readers of tags and associates tell of articles, and what operators learn of it."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cartbridge.domain.browsing import FloorKind
from cartbridge.domain.epc import gtin_of_epc
from cartbridge.domain.items import Gtin, Item
from cartbridge.domain.model import Strict
from cartbridge.http.day import Day
from cartbridge.http.pos_models import Staff
from cartbridge.services.recently_looked_at import RecentLook


def _readable(epc: str) -> str:
    gtin_of_epc(epc)
    return epc


Sku = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Epc = Annotated[str, Field(max_length=200), AfterValidator(_readable)]


class ShownItem(Strict):
    """An article by exactly one of bar code, reference, or what its tag says."""

    gtin: Gtin | None = None
    sku: Sku | None = None
    epc: Epc | None = None

    @model_validator(mode="after")
    def _one(self) -> "ShownItem":
        if [self.gtin, self.sku, self.epc].count(None) != 2:
            raise ValueError("give exactly one of gtin, sku or epc")
        return self

    @property
    def item(self) -> Item:
        """The article, titled by its number until the item list tells better."""
        gtin = gtin_of_epc(self.epc) if self.epc is not None else self.gtin
        return Item(sku=self.sku, gtin=gtin, title=self.sku or gtin or "")


class ObservationsRequest(Strict):
    """What happened to articles on the shop floor, and with whom if she let herself be known."""

    kind: FloorKind
    items: Annotated[tuple[ShownItem, ...], Field(min_length=1, max_length=200)]
    customer: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    enquiry: Annotated[str, Field(pattern=r"^enq_[0-9a-f]{32}$")] | None = None
    staff: Staff | None = None

    @property
    def told(self) -> tuple[Item, ...]:
        """The articles; a tag that is read over and over is one article."""
        tags = {one.epc.upper(): one.item for one in self.items if one.epc is not None}
        return (*(one.item for one in self.items if one.epc is None), *tags.values())


class KeptItem(Strict):
    """An article that was counted, as the item list names it."""

    sku: str
    gtin: str | None
    title: str


class UnknownItem(Strict):
    """An article that the item list does not know, and the way out."""

    sku: str | None
    gtin: str | None
    mend: str


class ObservationsAnswer(Strict):
    """What was counted, and what could not be; `for_customer`: it was kept of her, too."""

    kept: tuple[KeptItem, ...]
    unknown: tuple[UnknownItem, ...]
    for_customer: bool


class RecentQuery(Strict):
    """How much, and what for: each look at a customer is kept with it."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    purpose: Annotated[str, Field(min_length=1, max_length=200)] = "advice"


class RecentLooks(Strict):
    """What she looked at, the newest first."""

    items: tuple[RecentLook, ...]
    next: None = None


class ShopFloorQuery(Strict):
    """Which store and which days, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    store: Annotated[str, Field(max_length=63)] | None = None
    first: Day | None = Field(None, alias="from")
    last: Day | None = Field(None, alias="to")


class FloorCountAnswer(Strict):
    """How often an article was shown, tried, demonstrated or asked for."""

    sku: str
    title: str | None  # None: it is no longer on the item list
    kind: FloorKind
    count: int


class ShopFloorReport(Strict):
    """Articles by what happened to them, the most frequent first; of no person."""

    items: tuple[FloorCountAnswer, ...]
    next: None = None
