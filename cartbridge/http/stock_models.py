"""What is told and asked of stock, and what is answered."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator

from cartbridge.domain.item_list import Sku
from cartbridge.domain.items import Gtin
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount
from cartbridge.http.moment import Moment
from cartbridge.http.shop_models import ItemsQuery


class LevelTold(Strict):
    """How much of an article a store has, in the article's own unit; without a time: now."""

    sku: Sku | None = None
    gtin: Gtin | None = None
    store: Annotated[str, Field(min_length=1, max_length=63)]
    quantity: Amount
    as_of: Moment | None = None

    @model_validator(mode="after")
    def _one(self) -> "LevelTold":
        if (self.sku is None) == (self.gtin is None):
            raise ValueError("give either sku or gtin")
        return self


class StockRequest(Strict):
    """Stock levels; each is taken unless a newer one is known."""

    levels: Annotated[tuple[LevelTold, ...], Field(max_length=5000)]


class RefusedRow(Strict):
    """A row that was not taken, numbered from 1: why, what it named, and how to mend it."""

    row: int
    reason: str
    name: str
    mend: str


class StockAnswer(Strict):
    """How many levels were taken, and which were not."""

    accepted: int
    refused: tuple[RefusedRow, ...]


class StockQuery(ItemsQuery):
    """Which article: by reference or by number."""


class StockLevelAnswer(Strict):
    """What one store had of the article, as of when, and which connection said so."""

    store: str
    quantity: Amount
    as_of: datetime
    source: str | None


class StockLevels(Strict):
    """What was told last, store by store."""

    items: tuple[StockLevelAnswer, ...]
    next: None = None
