"""What tills sell at: Odoo's sales price, or what the rules of a price list make of it.

Odoo tells by call no price of a list but one article at a time, so the rules are read. Those that
stand on the sales price are followed; a price that stands on what the article costs the retailer,
on another list, or on how much is bought is not told.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from cartbridge_odoo import payloads as wire
from cartbridge_odoo.amounts import HUNDRED
from cartbridge_odoo.articles import record
from cartbridge_odoo.calls import Calls
from cartbridge_odoo.units import unit_of

RULES: Final = "product.pricelist.item"
_RULE: Final = (
    *("min_quantity", "compute_price", "base", "fixed_price", "percent_price"),
    *("price_discount", "price_surcharge", "price_round", "price_min_margin", "price_max_margin"),
    *("product_id", "product_tmpl_id", "categ_id"),
)
_ORDER: Final = "applied_on, min_quantity desc, categ_id desc, id desc"  # Odoo's own: first wins
_MOST: Final = 5000  # rules of a list; of more, no price is told
_FORM: Final = "%Y-%m-%d %H:%M:%S"
_PIECE: Final = "C62"
# A till's price for each of these is one for what our quantities count in.
_COUNTED: Final = frozenset({_PIECE, "KGM", "MTR", "MTK", "MTQ", "LTR"})


class Rule(wire.Wire):
    """A `product.pricelist.item`; amounts are in the money of its list."""

    id: wire.Id
    min_quantity: wire.Number = Decimal(0)
    compute_price: wire.Text
    base: wire.Text
    fixed_price: wire.Number = Decimal(0)
    percent_price: wire.Number = Decimal(0)
    price_discount: wire.Number = Decimal(0)
    price_surcharge: wire.Number = Decimal(0)
    price_round: wire.Number = Decimal(0)
    price_min_margin: wire.Number = Decimal(0)
    price_max_margin: wire.Number = Decimal(0)
    product_id: wire.To = None
    product_tmpl_id: wire.To = None
    categ_id: wire.To = None


async def sold_at(
    calls: Calls, pricelist: int | None, products: Sequence[wire.Product]
) -> dict[int, Decimal]:
    """What a piece, metre or kilogram of each product is sold at, in its own tax mode.

    By the product's id; what cannot be told is left out.
    """
    counted = [one for one in products if _unit(one) in _COUNTED]
    if pricelist is None or not counted:
        return {one.id: one.lst_price for one in counted}
    rules = await _rules(calls, pricelist)
    if len(rules) > _MOST:
        return {}
    families = await _families(calls, counted) if any(one.categ_id for one in rules) else {}
    prices = {one.id: _price(one, rules, families) for one in counted}
    return {number: price for number, price in prices.items() if price is not None}


def _unit(product: wire.Product) -> str | None:
    return unit_of(product.uom_id.name) if product.uom_id is not None else _PIECE


async def _rules(calls: Calls, pricelist: int) -> list[Rule]:
    """The rules of a list that hold now, in the order in which Odoo looks at them."""
    now = datetime.now(UTC).strftime(_FORM)
    domain: list[Any] = [
        ["pricelist_id", "=", pricelist],
        *("|", ["date_start", "=", False], ["date_start", "<=", now]),
        *("|", ["date_end", "=", False], ["date_end", ">=", now]),
    ]
    rows = await calls.search(RULES, domain, _RULE, order=_ORDER, limit=_MOST + 1)
    return [record(Rule, row, "price rule") for row in rows]


async def _families(calls: Calls, products: Iterable[wire.Product]) -> dict[int, frozenset[int]]:
    """The category of each product with all that it lies in, by the category's id."""
    wanted = sorted({one.categ_id.id for one in products if one.categ_id is not None})
    if not wanted:
        return {}
    domain: list[Any] = [["id", "in", wanted]]
    rows = await calls.search("product.category", domain, ["parent_path"])
    return {
        row["id"]: frozenset(int(part) for part in str(row["parent_path"]).split("/") if part)
        for row in rows
    }


def _price(
    product: wire.Product, rules: Sequence[Rule], families: Mapping[int, frozenset[int]]
) -> Decimal | None:
    """The price by the first rule that concerns it; None if it cannot be told."""
    rule = next((one for one in rules if _concerns(one, product, families)), None)
    if rule is None:
        return product.lst_price
    if rule.min_quantity > (1 if _unit(product) == _PIECE else 0):
        return None  # it depends on how much is bought
    if rule.compute_price == "fixed":
        return rule.fixed_price
    if rule.base != "list_price":
        return None
    if rule.compute_price == "percentage":
        return _off(product.lst_price, rule.percent_price)
    return _by_formula(product.lst_price, rule) if rule.compute_price == "formula" else None


def _concerns(rule: Rule, product: wire.Product, families: Mapping[int, frozenset[int]]) -> bool:
    if rule.product_id is not None:
        return rule.product_id.id == product.id
    if rule.product_tmpl_id is not None:
        own = product.product_tmpl_id
        return own is not None and rule.product_tmpl_id.id == own.id
    if rule.categ_id is not None:
        family = product.categ_id
        return family is not None and rule.categ_id.id in families.get(family.id, ())
    return True


def _by_formula(price: Decimal, rule: Rule) -> Decimal:
    """Odoo's formula: a discount, rounded, something on top, between two margins."""
    told = _off(price, rule.price_discount)
    if rule.price_round:
        steps = (told / rule.price_round).to_integral_value(ROUND_HALF_UP)
        told = steps * rule.price_round
    told += rule.price_surcharge
    if rule.price_min_margin:
        told = max(told, price + rule.price_min_margin)
    if rule.price_max_margin:
        told = min(told, price + rule.price_max_margin)
    return told


def _off(price: Decimal, percent: Decimal) -> Decimal:
    return price * (1 - percent / HUNDRED)
