"""What the sandbox shop sells: a dozen French articles, each with a trait that tills stumble on."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True)
class Article:
    """One article: its price in cents with tax, and what is special about it."""

    sku: str
    fr: str
    en: str
    price: int
    ean: str | None = None
    vat: Decimal = Decimal(20)  # per cent
    unit: str = "C62"  # UN/ECE Rec 20: C62 piece, MTR metre
    kind: str = "goods"
    eco: int = 0  # eco-participation, in cents, within the price
    tied_to: str | None = None  # a warranty is sold with this article only
    stock: int | None = None  # None: there is always more

    def name(self, lang: str) -> str:
        """How the shop calls it."""
        return self.en if lang == "en" else self.fr


BOOK_VAT: Final = Decimal("5.5")

ARTICLES: Final = {
    article.sku: article
    for article in (
        Article("LAMP-OAK", "Lampe chêne", "Oak lamp", 4990, "3700123456780", eco=60),
        Article(
            *("LAMP-OAK-W2", "Garantie 2 ans, lampe chêne", "2-year warranty, oak lamp", 990),
            kind="service",
            tied_to="LAMP-OAK",
        ),
        Article("SHADE-LINEN", "Abat-jour en lin", "Linen shade", 2450, "3760123451017"),
        Article("BULB-E27", "Ampoule LED E27", "E27 LED bulb", 690, "3760123451024", eco=12),
        Article(
            *("CABLE-TX", "Câble textile, au mètre", "Textile cable, by the metre", 390),
            ean="3760123451031",
            unit="MTR",
        ),
        Article(
            *("BOOK-LIGHT", "Le Livre des lumières", "The Book of Lights", 1900),
            ean="9791099990013",
            vat=BOOK_VAT,
        ),
        Article("CANDLE-FIG", "Bougie figuier", "Fig candle", 2990, "3760123451048", stock=3),
        Article(
            "VASE-BLUE", "Vase bleu, pièce unique", "Blue vase", 5900, "3760123451055", stock=1
        ),
        Article(
            *("NIGHTSTAND", "Table de chevet noyer", "Walnut nightstand", 18900, "3760123451062"),
            eco=450,
        ),
        Article("CUSHION", "Coussin velours", "Velvet cushion", 3490, "3760123451079"),
        Article("PLAID", "Plaid en laine", "Wool throw", 7900, "3760123451086"),
        Article(
            *("TEA-NIGHT", "Tisane du soir", "Evening tea", 850, "3760123451093"), vat=BOOK_VAT
        ),
    )
}

# Promotion codes and the per cent they take off every line.
CODES: Final = {"NOEL": 10, "BIENVENUE": 5}
