"""What the shop's own stores have on their shelves, what is kept for a cart, and prices now."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from cartbridge.sdk.documents import plain
from cartbridge_sandbox.baskets import present
from cartbridge_sandbox.catalogue import ARTICLES
from cartbridge_sandbox.database import Database
from cartbridge_sandbox.payloads import Number, Ref
from cartbridge_sandbox.writes import Answer, WantedRow

Skus = Annotated[list[Ref], Field(max_length=2000)]


class PricesCall(BaseModel):
    """Which articles' prices, in which money."""

    skus: Skus
    money: Ref = "EUR"


class StockCall(BaseModel):
    """Which articles' stock, in which stores."""

    skus: Skus
    shops: Annotated[list[Ref], Field(max_length=500)]


class KeepCall(BaseModel):
    """What to keep in a store, under which name, until when."""

    name: Ref
    shop: Ref
    until: AwareDatetime
    rows: Annotated[list[WantedRow], Field(max_length=2000)]


class FreeCall(BaseModel):
    """Which kept goods are free again."""

    name: Ref


class Shelf(BaseModel):
    """What articles cost from now on, in cents, and what stores have: by store, by SKU."""

    prices: dict[Ref, Annotated[int, Field(ge=0, le=10**9)]] = {}
    stock: dict[Ref, dict[Ref, Number]] = {}


class Shelves:
    """Prices and stock as the gateway asks for them while a cashier waits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fill(self, shelf: Shelf) -> None:
        """Changes prices and stock by hand; what is kept stays kept."""
        with self._database.transaction():
            for sku, cents in shelf.prices.items():
                self._database.run("insert or replace into price values (?, ?)", sku, cents)
            for shop, rows in shelf.stock.items():
                for sku, quantity in rows.items():
                    self._database.run(
                        "insert or replace into shelf values (?, ?, ?)", sku, shop, quantity
                    )

    def prices(self, call: PricesCall) -> Answer:
        """What the articles cost now; the shop sells in euros and nothing else."""
        known = [sku for sku in call.skus if sku in ARTICLES and call.money == "EUR"]
        changed = self._database.prices()
        rows = [
            {"sku": sku, "each": _major(changed.get(sku, ARTICLES[sku].price)), "money": "EUR"}
            for sku in known
        ]
        return 200, {"prices": rows}

    def stock(self, call: StockCall) -> Answer:
        """What stores can sell now, and what is kept beside it; what is not counted is left out."""
        rows = []
        for sku in call.skus:
            for shop in call.shops:
                on_shelf = self._on_shelf(sku, shop)
                if on_shelf is not None:
                    kept = self._kept(sku, shop, present())
                    free = on_shelf - sum(kept.values(), Decimal(0))
                    named = {name: plain(quantity) for name, quantity in kept.items()}
                    told = {"sku": sku, "shop": shop, "free": plain(free), "kept": named}
                    rows.append(told)
        return 200, {"stock": rows}

    def keep(self, call: KeepCall) -> Answer:
        """Keeps as much as there is; the same name again keeps no more, only longer."""
        with self._database.transaction():
            for row in call.rows:
                self._keep(call, row)
        found = self._database.all("select sku, quantity from kept where name = ?", call.name)
        return 200, {"kept": [{"sku": sku, "qty": quantity} for sku, quantity in found]}

    def free(self, call: FreeCall) -> Answer:
        """Frees what a name keeps, if it keeps anything."""
        self._database.run("delete from kept where name = ?", call.name)
        return 200, {}

    def _keep(self, call: KeepCall, row: WantedRow) -> None:
        query = "select until from kept where name = ? and sku = ?"
        known = self._database.all(query, call.name, row.sku)
        if known:
            until = max(call.until, datetime.fromisoformat(known[0][0])).isoformat()
            query = "update kept set until = ? where name = ? and sku = ?"
            self._database.run(query, until, call.name, row.sku)
            return
        on_shelf = self._on_shelf(row.sku, call.shop)
        if on_shelf is None:
            return
        others = sum(self._kept(row.sku, call.shop, present()).values(), Decimal(0))
        quantity = plain(max(Decimal(0), min(Decimal(row.qty), on_shelf - others)))
        values = (call.name, row.sku, call.shop, quantity, call.until.isoformat())
        self._database.run("insert into kept values (?, ?, ?, ?, ?)", *values)

    def _on_shelf(self, sku: str, shop: str) -> Decimal | None:
        query = "select quantity from shelf where sku = ? and shop = ?"
        found = self._database.all(query, sku, shop)
        return Decimal(found[0][0]) if found else None

    def _kept(self, sku: str, shop: str, now: datetime) -> dict[str, Decimal]:
        query = "select name, quantity, until from kept where sku = ? and shop = ?"
        rows = self._database.all(query, sku, shop)
        return {
            name: Decimal(quantity)
            for name, quantity, until in rows
            if datetime.fromisoformat(until) > now
        }


def _major(cents: int) -> str:
    return str((Decimal(cents) / 100).quantize(Decimal("0.01")))


def called(shelves: Shelves, what: str, body: bytes) -> Answer | None:
    """Answers a call about prices and stock; None if it is about something else."""
    match what:
        case "prices":
            return shelves.prices(PricesCall.model_validate_json(body))
        case "stock":
            return shelves.stock(StockCall.model_validate_json(body))
        case "keep":
            return shelves.keep(KeepCall.model_validate_json(body))
        case "free":
            return shelves.free(FreeCall.model_validate_json(body))
    return None
