"""A placement as rows of Odoo's: what each line costs there, to the cent, and what is refused."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from cartbridge.sdk.contract import PlacedLine, Placement
from cartbridge.sdk.documents import Refusal, to_major, to_minor
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.amounts import Priced, Taxed, both, own_price, told_price
from cartbridge_odoo.articles import Articles
from cartbridge_odoo.naming import item_of, noted
from cartbridge_odoo.settings import Settings
from cartbridge_odoo.traces import UNKNOWN, in_preparation

# Our till add-on derives the same ids: see PROTOCOL.md of the companion.
NAMESPACE: Final = uuid.UUID("9d4b0d2e-1f0a-5c55-8a53-6f9f6c2b7e10")
TAX: Final = "tax_not_in_percent"
# A till computes an "original" price anew and keeps the others; of a "manual" one a French till
# prints what the article cost before, struck through.
PriceType = Literal["original", "automatic", "manual"]


def order_uuid(name: str) -> uuid.UUID:
    """The uuid of the order that a placement becomes, the same whenever it is asked."""
    return uuid.uuid5(NAMESPACE, name)


def line_uuid(order: uuid.UUID, line: str) -> str:
    """The uuid of a line: sent again it is an update, where a new one would be one more line."""
    return str(uuid.uuid5(order, line))


@dataclass(frozen=True)
class Row:
    """A row as it will stand there."""

    id: str  # our line, or a name for what reduces several of them
    product: wire.Product
    quantity: Decimal
    taxed: Taxed
    priced: Priced
    note: str | None = None
    title: str | None = None  # only where the product is not the article itself
    price_type: PriceType = "automatic"


@dataclass(frozen=True)
class Ticket:
    """All rows of a placement, and what Odoo cannot show of it."""

    rows: tuple[Row, ...]
    refused: tuple[Refusal, ...]

    @property
    def total(self) -> int:
        """What the rows cost with tax, in minor units."""
        return sum(row.priced.total for row in self.rows)

    @property
    def untaxed(self) -> int:
        """What the rows cost without tax, in minor units."""
        return sum(row.priced.untaxed for row in self.rows)


def ticket_of(
    placement: Placement,
    articles: Articles,
    settings: Settings,
    company: int | None,
    *,
    fine: bool,
) -> Ticket:
    """The rows of a placement; an item nobody knows there is shown by name, or refused."""
    rows, refused = [], []
    unknown = articles.known(settings.unknown_product_id)
    discount = articles.known(settings.discount_product_id)
    for line in placement.lines:
        found = articles.find(line.item)
        product = found or unknown
        taxed = articles.taxed(product, company) if product is not None else None
        if product is None or taxed is None:
            reason = UNKNOWN if product is None else TAX
            refused.append(_refusal(line, reason))
            continue
        apart = discount is not None
        priced, kind = _priced(line, placement, product, taxed, apart=apart, fine=fine)
        same = found is not None and item_of(found, "", []).key == line.key
        rows.append(
            Row(
                id=line.line,
                product=product,
                quantity=line.quantity,
                taxed=taxed,
                priced=priced,
                note=line.note if same else noted(line.item, line.note, placement.locale),
                title=None if found is not None else line.item.title,
                price_type="automatic" if found is None else kind,
            )
        )
    if discount is not None:
        rows += _reductions(rows, discount, placement)
    return Ticket(tuple(rows), tuple(refused))


def _refusal(line: PlacedLine, reason: str) -> Refusal:
    return Refusal(key=line.key, wanted=line.quantity, accepted=Decimal(0), reason=reason)


def _priced(
    line: PlacedLine,
    placement: Placement,
    product: wire.Product,
    taxed: Taxed,
    *,
    apart: bool,
    fine: bool,
) -> tuple[Priced, PriceType]:
    """What the line costs, and how the till is to call that price."""
    if line.prices.total is None:
        price = own_price(product.lst_price, line.quantity, placement.currency, taxed)
        return price, "original"
    told = told_price(
        line.prices,
        line.quantity,
        placement.currency,
        placement.tax_mode,
        taxed,
        apart=apart,
        fine=fine,
    )
    same = to_minor(told.price_unit, placement.currency) == to_minor(
        product.lst_price, placement.currency
    )
    return told, "automatic" if same else "manual"


def _reductions(rows: list[Row], discount: wire.Product, placement: Placement) -> list[Row]:
    """One row per tax for the reductions that are no percentage: French receipts want it so."""
    off: dict[tuple[int, ...], int] = {}
    taxes: dict[tuple[int, ...], Taxed] = {}
    for row in rows:
        if row.priced.off:
            off[row.taxed.ids] = off.get(row.taxed.ids, 0) + row.priced.off
            taxes[row.taxed.ids] = row.taxed
    made = []
    for ids, amount in off.items():
        taxed = taxes[ids]
        untaxed, total = both(amount, "inclusive" if taxed.included else "exclusive", taxed)
        price = -to_major(amount, placement.currency)
        name = "discount " + " ".join(map(str, ids))
        priced = Priced(price, Decimal(0), -untaxed, -total)
        made.append(Row(name, discount, Decimal(1), taxed, priced))
    return made


def till_order(
    placement: Placement, ticket: Ticket, session: int, company: int, partner: int | None, at: str
) -> dict[str, Any]:
    """The order as the till itself would save it: unpaid, and with no word of a payment."""
    order = order_uuid(placement.name)

    def major(amount: int) -> Decimal:
        """An amount as Odoo writes it."""
        return to_major(amount, placement.currency)

    return {
        "uuid": str(order),
        "access_token": str(uuid.uuid4()),
        "name": "/",
        "state": "draft",
        "session_id": session,
        "company_id": company,
        "partner_id": partner or False,
        "pricelist_id": False,
        "fiscal_position_id": False,
        "lines": [[0, 0, _till_row(order, row, major)] for row in ticket.rows],
        "payment_ids": [],
        "amount_total": major(ticket.total),
        "amount_tax": major(ticket.total - ticket.untaxed),
        "amount_paid": 0,
        "amount_return": 0,
        "to_invoice": False,
        "date_order": at,
        "last_order_preparation_change": in_preparation(),
        "floating_order_name": placement.label,
        "general_customer_note": "",
        "internal_note": "",
    }


def _till_row(order: uuid.UUID, row: Row, major: Callable[[int], Decimal]) -> dict[str, Any]:
    return {
        "uuid": line_uuid(order, row.id),
        "product_id": row.product.id,
        "full_product_name": row.title or row.product.name,
        "qty": row.quantity,
        "price_unit": row.priced.price_unit,
        "price_type": row.price_type,
        "price_extra": 0,
        "discount": row.priced.discount,
        "price_subtotal": major(row.priced.untaxed),
        "price_subtotal_incl": major(row.priced.total),
        "tax_ids": [[6, 0, list(row.taxed.ids)]],
        "customer_note": row.note or "",
    }
