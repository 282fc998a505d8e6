"""What the companion answers about prices and stock: its wire form, field by field."""

from typing import Annotated

from pydantic import Field

from cartbridge_medusa.payloads import Code, Exact, Flag, Percent, Pieces, Sku, Text, Wire


class Article(Wire):
    """What an answer names an article by: as it was asked for."""

    sku: Sku | None = None
    gtin: Annotated[str, Field(max_length=14)] | None = None

    @property
    def key(self) -> str:
        """Its item key."""
        return f"sku:{self.sku}" if self.sku else f"gtin:{(self.gtin or '').zfill(14)}"


class MedusaPrice(Article):
    """What a piece costs now, in major units; `tax_rate` is in percent."""

    amount: Exact
    currency_code: Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")]
    is_tax_inclusive: Flag
    tax_rate: Percent | None = None
    promotion: Text | None = None


class MedusaPrices(Wire):
    """What of the articles has a price."""

    prices: Annotated[tuple[MedusaPrice, ...], Field(max_length=2000)]


class MedusaLevel(Article):
    """What a stock location can sell, and what is held there, by the name of the hold."""

    location: Code
    quantity: Pieces
    held: dict[Code, Pieces]


class MedusaStock(Wire):
    """What is counted where."""

    stock: Annotated[tuple[MedusaLevel, ...], Field(max_length=50_000)]


class MedusaKept(Article):
    """How many pieces are held."""

    quantity: Pieces


class MedusaHeld(Wire):
    """What a hold keeps."""

    held: Annotated[tuple[MedusaKept, ...], Field(max_length=2000)]
