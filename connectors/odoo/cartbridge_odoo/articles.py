"""Finding our items among Odoo's products: by internal reference, then by bar code."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from cartbridge.sdk.documents import Item
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.amounts import HUNDRED, Taxed
from cartbridge_odoo.calls import Calls

_FIELDS: Final = ("name", "default_code", "barcode", "uom_id", "taxes_id", "lst_price")
_TAX: Final = ("amount", "amount_type", "price_include", "company_id")

M = TypeVar("M", bound=BaseModel)


def record(model: type[M], row: Mapping[str, Any], where: str) -> M:
    """A record that a call brought; Unknown if it has not the form that Odoo gives it."""
    try:
        return understood(model, row, where)
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from None


@dataclass(frozen=True)
class Articles:
    """Products that were looked up together, and their taxes."""

    products: tuple[wire.Product, ...]
    taxes: Mapping[int, wire.Tax]

    def find(self, item: Item) -> wire.Product | None:
        """The one product that an item is; None if there is none, or if several could be it."""
        coded = [one for one in self.products if item.sku and one.default_code == item.sku]
        scanned = [one for one in self.products if item.gtin and _scans(one, item.gtin)]
        both = [one for one in coded if one in scanned]
        for found in (both, coded, scanned):
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def known(self, product_id: int | None) -> wire.Product | None:
        """A product by its own id."""
        return next((one for one in self.products if one.id == product_id), None)

    def taxed(self, product: wire.Product, company: int | None) -> Taxed | None:
        """The taxes of a product in a company; None if one of them is no percentage."""
        taxes = [self.taxes[one] for one in product.taxes_id if one in self.taxes]
        taxes = [
            tax
            for tax in taxes
            if company is None or tax.company_id is None or tax.company_id.id == company
        ]
        if any(tax.amount_type != "percent" for tax in taxes):
            return None
        return Taxed(
            ids=tuple(tax.id for tax in taxes),
            rate=sum((tax.amount for tax in taxes), HUNDRED * 0) / HUNDRED,
            included=all(tax.price_include for tax in taxes),
        )


def numbered(items: Iterable[Item]) -> list[Any]:
    """The domain of products that have the reference or the bar code of one of these items."""
    wanted = list(items)
    skus = sorted({item.sku for item in wanted if item.sku})
    codes = sorted({code for item in wanted if item.gtin for code in _codes(item.gtin)})
    return ["|", ["default_code", "in", skus], ["barcode", "in", codes]]


async def look_up(
    calls: Calls,
    items: Iterable[Item],
    own: Iterable[int | None] = (),
    *,
    at_till: bool,
    more: Sequence[str] = (),
) -> Articles:
    """The products behind items, and those named by their ids, with their taxes.

    `more` are fields to be read of them beside what every use needs.
    """
    domain = numbered(items)
    if at_till:
        domain = ["&", ["available_in_pos", "=", True], *domain]
    domain = ["|", ["id", "in", sorted(one for one in own if one)], *domain]
    rows = await calls.search("product.product", domain, [*_FIELDS, *more])
    products = tuple(record(wire.Product, row, "product") for row in rows)
    ids = sorted({tax for product in products for tax in product.taxes_id})
    told = await calls.search("account.tax", [["id", "in", ids]], _TAX) if ids else []
    taxes = [record(wire.Tax, row, "tax") for row in told]
    return Articles(products, {tax.id: tax for tax in taxes})


def _codes(gtin: str) -> set[str]:
    """The ways in which one number is written into Odoo: with 8, 12, 13 or 14 digits."""
    bare = gtin.lstrip("0")
    return {gtin, *(bare.zfill(length) for length in (8, 12, 13, 14) if len(bare) <= length)}


def _scans(product: wire.Product, gtin: str) -> bool:
    return (product.barcode or "").lstrip("0") == gtin.lstrip("0")
