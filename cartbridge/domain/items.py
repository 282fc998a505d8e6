"""Items and their numbers: what is sold, and how scanners name it (GS1 General Specifications)."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from cartbridge.domain.model import Strict

SoldBy = Literal["piece", "weight", "length", "area", "volume"]
LineKind = Literal["goods", "service", "shipping", "gift_card", "fee"]

Text = Annotated[str, Field(max_length=500)]
Address = Annotated[str, Field(max_length=2000)]

_GTIN: Final = re.compile(r"\d{8}|\d{12,14}", re.ASCII)


def check_digit(digits: str) -> int:
    """The last digit of a GTIN whose other digits these are (weights 3 and 1 from the right)."""
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return -total % 10


def is_gtin(text: str) -> bool:
    """Whether these are 8, 12, 13 or 14 digits with the right check digit."""
    return _GTIN.fullmatch(text) is not None and check_digit(text[:-1]) == int(text[-1])


def is_in_store(gtin: str) -> bool:
    """Whether a number belongs to one store or brand only: EAN-13 prefixes 02 and 20 to 29."""
    ean = gtin.zfill(13)[-13:]
    return ean[:2] == "02" or "20" <= ean[:2] <= "29"


def to_ean13(gtin: str) -> str | None:
    """The EAN-13 a till reads for this GTIN, or None where there is none (a case code)."""
    if not is_gtin(gtin) or (len(gtin) == 14 and gtin[0] != "0"):
        return None
    return gtin.zfill(14)[1:]


def same_gtin(one: str, other: str) -> bool:
    """Whether two numbers name the same article, written with 8, 12, 13 or 14 digits."""
    return one.zfill(14) == other.zfill(14)


def _must_be_gtin(text: str) -> str:
    if not is_gtin(text):
        raise ValueError("not a GTIN: 8, 12, 13 or 14 digits with a right check digit")
    return text


Gtin = Annotated[str, AfterValidator(_must_be_gtin)]


class Item(Strict):
    """What is sold, as far as the sender told it."""

    sku: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    gtin: Gtin | None = None
    title: Text
    variant: Text | None = None
    attributes: Annotated[dict[str, Text], Field(max_length=50)] = {}
    image_url: Address | None = None
    product_url: Address | None = None
    resolved: bool = True  # False: the other side does not know it; it travels with its description

    @property
    def key(self) -> str:
        """What makes two rows the same article: SKU, else GTIN, else the title."""
        if self.sku is not None:
            return f"sku:{self.sku}"
        return f"gtin:{self.gtin.zfill(14)}" if self.gtin is not None else f"title:{self.title}"
