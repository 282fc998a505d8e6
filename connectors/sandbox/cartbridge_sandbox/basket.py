"""A basket of the sandbox shop, and how it is shown in the shop's dialect."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from cartbridge.sdk.documents import plain
from cartbridge_sandbox.catalogue import ARTICLES, CODES, Article

CENT: Final = Decimal("0.01")


class Declined(BaseModel):
    """What the shop would not take of a write."""

    sku: str
    want: str
    got: str
    why: str


class Basket(BaseModel):
    """What a shopper has put together, and what the gateway last wrote into it."""

    ref: str
    rev: int = 0
    push: str | None = None
    rows: dict[str, Decimal] = {}
    coupons: list[str] = []
    declined: list[Declined] = []
    declined_coupons: list[str] = []
    lang: Literal["fr", "en"] = "fr"
    mail: str | None = None
    state: Literal["open", "checkout", "ordered", "dropped"] = "open"
    order_number: str | None = None
    frozen_until: datetime | None = None
    frozen_where: str | None = None
    updated: datetime
    # What articles cost if not as in the catalogue, in cents: the shop's, not the basket's own.
    prices: Annotated[dict[str, int], Field(exclude=True)] = {}

    def where_frozen(self, now: datetime) -> str | None:
        """Where the cart is while a till holds it; None once the time is over."""
        held = self.frozen_until is not None and now < self.frozen_until
        return self.frozen_where if held else None

    @property
    def percent_off(self) -> int:
        """What its codes take off every row, in per cent."""
        return sum(CODES[code] for code in self.coupons)

    def shown(self) -> dict[str, Any]:
        """The basket in the shop's dialect, as hooks and answers carry it."""
        return {
            "ref": self.ref,
            "rev": self.rev,
            "push": self.push,
            "rows": [
                _row(self._priced(ARTICLES[sku]), quantity, self.percent_off, self.lang)
                for sku, quantity in self.rows.items()
            ],
            "coupons": self.coupons,
            "declined": [declined.model_dump() for declined in self.declined],
            "declined_coupons": self.declined_coupons,
            "money": "EUR",
            "lang": self.lang,
            "mail": self.mail,
            "updated": self.updated.isoformat(),
        }

    def _priced(self, article: Article) -> Article:
        return replace(article, price=self.prices.get(article.sku, article.price))

    @property
    def total(self) -> Decimal:
        """What the whole basket costs, in euros with tax."""
        rows: list[Mapping[str, Any]] = self.shown()["rows"]
        return sum((Decimal(row["sum"]) for row in rows), Decimal(0))


def _row(article: Article, quantity: Decimal, percent_off: int, lang: str) -> dict[str, Any]:
    each = Decimal(article.price) / 100
    gross = _cents(each * quantity)
    discount = _cents(gross * percent_off / 100)
    total = gross - discount
    return {
        "sku": article.sku,
        "name": article.name(lang),
        "ean": article.ean,
        "kind": article.kind,
        "qty": plain(quantity),
        "unit": article.unit,
        "each": str(_cents(each)),
        "sum": str(total),
        "discount": str(discount),
        "vat": str(article.vat),
        "vat_sum": str(_cents(total - total / (1 + article.vat / 100))),
        "eco": str(_cents(Decimal(article.eco) / 100 * quantity)),
    }


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
