"""Which rows of an order have to change so that it shows what a write asks for."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from cartbridge.sdk.contract import Write, WriteLine
from cartbridge.sdk.documents import ObservedLine, Refusal, Snapshot, to_major
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.amounts import HUNDRED, Priced, Taxed, own_price
from cartbridge_odoo.articles import Articles
from cartbridge_odoo.naming import item_of, noted
from cartbridge_odoo.tickets import TAX, line_uuid
from cartbridge_odoo.traces import UNKNOWN

Command = list[Any]  # as Odoo writes rows: [0, 0, values], [1, id, values], [2, id, 0]
ZERO: Final = Decimal(0)


class Plan:
    """The rows to set, to add and to refuse, told apart from how an order writes them."""

    def __init__(self, write: Write, snapshot: Snapshot, articles: Articles) -> None:
        self.articles = articles
        self.amounts: dict[int, Decimal] = {}  # row → how much of it
        self.added: list[tuple[WriteLine, wire.Product]] = []
        self.refused: list[Refusal] = []
        for line in write.lines:
            there = [row for row in snapshot.lines if row.key == line.key]
            shown = sum((row.quantity for row in there), ZERO)
            if not line.changed or line.quantity == shown:
                continue  # what only she changed is hers
            product = articles.find(line.item) if not there else None
            if there:
                self.amounts |= spread(there, line.quantity)
            elif product is None:
                self.refuse(line, UNKNOWN)
            else:
                self.added.append((line, product))

    def refuse(self, line: WriteLine, reason: str) -> None:
        """Names an item that the order will not show."""
        refusal = Refusal(key=line.key, wanted=line.quantity, accepted=ZERO, reason=reason)
        self.refused.append(refusal)

    @property
    def is_empty(self) -> bool:
        """Whether the order shows it all already."""
        return not (self.amounts or self.added)


def spread(rows: Sequence[ObservedLine], wanted: Decimal) -> dict[int, Decimal]:
    """More goes to the oldest row, less is taken from the youngest."""
    amounts = [row.quantity for row in rows]
    more = wanted - sum(amounts, ZERO)
    if more > 0:
        amounts[0] += more
    for place in reversed(range(len(rows))):
        if more < 0:
            less = min(amounts[place], -more)
            amounts[place] -= less
            more += less
    return {
        int(row.external_id or 0): amount
        for row, amount in zip(rows, amounts, strict=True)
        if amount != row.quantity
    }


def sale_commands(plan: Plan) -> list[Command]:
    """The rows of a sales order; Odoo finds their prices itself."""
    commands: list[Command] = []
    for row, amount in plan.amounts.items():
        values = {"product_uom_qty": amount}
        commands.append([1, row, values] if amount else [2, row, 0])
    for line, product in plan.added:
        values_of_new: dict[str, Any] = {
            "product_id": product.id,
            "product_uom_qty": line.quantity,
        }
        if item_of(product, "", []).key != line.key:
            values_of_new["name"] = noted(line.item)
        commands.append([0, 0, values_of_new])
    return commands


class TillRows:
    """The rows of a till's order with their amounts, which Odoo takes from who writes them."""

    def __init__(self, order: str, currency: str) -> None:
        self.commands: list[Command] = []
        self.untaxed = ZERO
        self.total = ZERO
        self._order = uuid.UUID(order)
        self._currency = currency

    def keep(self, lines: Iterable[wire.Line], plan: Plan, taxed: Mapping[int, Taxed]) -> None:
        """The rows that are there, with the amounts that the plan gives them."""
        for line in lines:
            amount = plan.amounts.get(line.id)
            if amount is None:
                self.untaxed += line.untaxed
                self.total += line.total
            elif not amount:
                self.commands.append([2, line.id, 0])
            else:
                each = line.price_unit * (1 - line.discount / HUNDRED)
                priced = own_price(each, amount, self._currency, taxed.get(line.id, Taxed()))
                values = {"uuid": line.uuid, "qty": amount, **self._amounts(priced)}
                self.commands.append([1, line.id, values])

    def add(self, plan: Plan, company: int | None) -> None:
        """New rows, at the till's own price."""
        for line, product in plan.added:
            taxed = plan.articles.taxed(product, company)
            if taxed is None:
                plan.refuse(line, TAX)
                continue
            priced = own_price(product.lst_price, line.quantity, self._currency, taxed)
            same = item_of(product, "", []).key == line.key
            values = {
                "uuid": line_uuid(self._order, f"key {line.key}"),
                "product_id": product.id,
                "full_product_name": product.name,
                "qty": line.quantity,
                "price_unit": priced.price_unit,
                "price_type": "original",
                "price_extra": 0,
                "discount": 0,
                "tax_ids": [[6, 0, list(taxed.ids)]],
                "customer_note": "" if same else noted(line.item),
                **self._amounts(priced),
            }
            self.commands.append([0, 0, values])

    def _amounts(self, priced: Priced) -> dict[str, Decimal]:
        untaxed = to_major(priced.untaxed, self._currency)
        total = to_major(priced.total, self._currency)
        self.untaxed += untaxed
        self.total += total
        return {"price_subtotal": untaxed, "price_subtotal_incl": total}
