"""Additional sales: what a store added to a web cart, what it began and was bought at home, and
what was left."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from cartbridge.domain.cart.state import NotTakenReason
from cartbridge.domain.model import Strict
from cartbridge.domain.money import TaxMode
from cartbridge.domain.quantity import Amount
from cartbridge.domain.report.facts import Article, CartFacts, CartSale
from cartbridge.domain.report.reckoning import Asked, Money, Purse, Tally, by_name


class AddedRow(Strict):
    """What one seller added to carts that were begun online; `sales` are all such carts sold."""

    store: str
    staff: str | None
    currency: str
    tax_mode: TaxMode
    sales: int  # without those voided
    with_additions: int
    lines: int
    money: Money


class AddedItemRow(Strict):
    """An article that was added in a store to carts that were begun online."""

    store: str
    sku: str | None
    gtin: str | None
    title: str
    quantity: Amount
    unit: str
    currency: str
    tax_mode: TaxMode
    money: Money


class BoughtAtHomeRow(Strict):
    """Carts that a seller began in the store and that were bought online."""

    store: str
    staff: str | None
    currency: str
    tax_mode: TaxMode
    orders: int  # without those voided
    lines: int
    money: Money


class NotTakenRow(Strict):
    """What was left at a store's tills, and why; `kept` is what stayed in the shopper's cart."""

    store: str
    reason: NotTakenReason
    sku: str | None
    gtin: str | None
    title: str
    unit: str
    lines: int
    quantity: Amount
    kept: Amount


class AdditionalSales(Strict):
    """The additional sales of a time."""

    added: tuple[AddedRow, ...]
    added_items: tuple[AddedItemRow, ...]
    bought_at_home: tuple[BoughtAtHomeRow, ...]
    not_taken: tuple[NotTakenRow, ...]


@dataclass
class _Credit:
    """What is credited to a seller."""

    sales: int = 0
    with_additions: int = 0
    tally: Tally = field(default_factory=Tally)


@dataclass
class _Left:
    """What was left of an article for one reason."""

    article: Article
    lines: int = 0
    quantity: Decimal = Decimal(0)
    kept: Decimal = Decimal(0)


_Seller = tuple[str, str | None, Purse]


class AdditionalSalesReport:
    """Adds up the sales of a time, cart after cart."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._added: dict[_Seller, _Credit] = defaultdict(_Credit)
        self._items: dict[tuple[str, str, str, Purse], tuple[Article, Tally]] = {}
        self._at_home: dict[_Seller, _Credit] = defaultdict(_Credit)
        self._left: dict[tuple[str, NotTakenReason, str, str], _Left] = {}

    def add(self, facts: CartFacts) -> None:
        """One more cart."""
        if not self._asked.counts(facts):
            return
        for sale in facts.sales:
            if not self._asked.in_time(sale.at):
                continue
            if sale.store is None:
                self._add_order(facts, sale)
            elif self._asked.in_store(sale.store):
                self._add_left(sale.store, sale)
                if facts.began.store is None:
                    self._add_sale(facts, sale.store, sale)

    def _add_sale(self, facts: CartFacts, store: str, sale: CartSale) -> None:
        credit = self._added[store, sale.staff, Purse.of(facts)]
        added = [line for line in sale.lines if line.added > 0]
        if not sale.voided:
            credit.sales += 1
            credit.with_additions += bool(added)
        for line in added:
            credit.tally.add(line, line.added, voided=sale.voided)
            article = line.article
            key = (store, article.key, article.unit, Purse.of(facts))
            _, tally = self._items.setdefault(key, (article, Tally()))
            tally.add(line, line.added, voided=sale.voided)

    def _add_order(self, facts: CartFacts, sale: CartSale) -> None:
        store = facts.began.store
        if store is None or not self._asked.in_store(store):
            return
        credit = self._at_home[store, facts.began.staff, Purse.of(facts)]
        credit.sales += not sale.voided
        for line in sale.lines:
            credit.tally.add(line, line.quantity, voided=sale.voided)

    def _add_left(self, store: str, sale: CartSale) -> None:
        if sale.voided:
            return
        for one in sale.not_taken:
            key = (store, one.reason, one.article.key, one.article.unit)
            left = self._left.setdefault(key, _Left(one.article))
            left.lines += 1
            left.quantity += one.quantity
            left.kept += one.quantity if one.keep else 0

    def told(self) -> AdditionalSales:
        """The report of the carts so far."""
        return AdditionalSales(
            added=tuple(
                AddedRow(
                    store=seller[0],
                    staff=seller[1],
                    currency=seller[2].currency,
                    tax_mode=seller[2].tax_mode,
                    sales=credit.sales,
                    with_additions=credit.with_additions,
                    lines=credit.tally.lines,
                    money=credit.tally.money,
                )
                for seller, credit in _sorted(self._added)
            ),
            added_items=tuple(self._item_rows()),
            bought_at_home=tuple(
                BoughtAtHomeRow(
                    store=seller[0],
                    staff=seller[1],
                    currency=seller[2].currency,
                    tax_mode=seller[2].tax_mode,
                    orders=credit.sales,
                    lines=credit.tally.lines,
                    money=credit.tally.money,
                )
                for seller, credit in _sorted(self._at_home)
            ),
            not_taken=tuple(
                NotTakenRow(
                    store=key[0],
                    reason=key[1],
                    **left.article.model_dump(),
                    lines=left.lines,
                    quantity=left.quantity,
                    kept=left.kept,
                )
                for key, left in sorted(self._left.items())
            ),
        )

    def _item_rows(self) -> Iterable[AddedItemRow]:
        for (store, _, _, purse), (article, tally) in sorted(
            self._items.items(), key=lambda item: item[0]
        ):
            yield AddedItemRow(
                store=store,
                **article.model_dump(),
                quantity=tally.quantity,
                currency=purse.currency,
                tax_mode=purse.tax_mode,
                money=tally.money,
            )


def _sorted(credits: dict[_Seller, _Credit]) -> list[tuple[_Seller, _Credit]]:
    return sorted(credits.items(), key=lambda item: (by_name(item[0][:2]), item[0][2]))
