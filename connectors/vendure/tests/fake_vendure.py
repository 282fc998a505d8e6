"""A Vendure shop with our companion, as far as the connector can tell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final

import httpx

from cartbridge.sdk import webhook
from cartbridge.sdk.documents import Item
from cartbridge.sdk.errors import Forged
from cartbridge.testing.platform import Platform

SECRETS: Final = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
)
PRICES: Final = {"LAMPE-CHENE-40": 4990, "LIVRE-CUISINE": 2500, "CARNET-A5": 333, "BOUGIE": 1290}
BEGAN: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@dataclass
class Order:
    """An active order, and what the companion keeps about it."""

    code: str
    rows: dict[str, int]
    revision: int = 1
    position: int = 0
    push: str | None = None
    refused: list[dict[str, Any]] = field(default_factory=list)
    frozen: str | None = None
    deleted: bool = False
    prices: Mapping[str, int] = field(default_factory=dict)  # of the whole shop

    def shown(self) -> dict[str, Any]:
        """The order as the companion tells it."""
        return {
            "external_id": self.code,
            "revision": self.revision,
            "last_push": self.push,
            "refused": self.refused,
            "updated_at": (BEGAN + timedelta(seconds=self.revision)).isoformat(),
            "state": "AddingItems",
            "active": True,
            "currency": "EUR",
            "tax_mode": "inclusive",
            "lines": [
                _line(sku, count, self.prices[sku]) for sku, count in self.rows.items() if count
            ],
        }


def _line(sku: str, count: int, price: int) -> dict[str, Any]:
    total = price * count
    return {
        "external_id": f"line-{sku}",
        "sku": sku,
        "title": sku.title(),
        "quantity": count,
        "unit_price": price,
        "total": total,
        "tax_rate": "0.20",
        "tax": round(total / 6),
    }


class FakeVendure(Platform):
    """Orders by their code; every call is signed, and answered as the companion answers it."""

    articles: ClassVar[tuple[Item, ...]] = (
        Item(sku="CARNET-A5", title="Carnet ligné"),
        Item(sku="BOUGIE", title="Bougie"),
    )
    stores: ClassVar[tuple[str, ...]] = ("1", "2")

    def __init__(self) -> None:
        super().__init__()
        self._orders: dict[str, Order] = {}
        self._answers: dict[str, dict[str, Any]] = {}
        self._most: dict[str, int] = {}
        self._prices = dict(PRICES)
        self._position = 0
        self._stock: dict[tuple[str, str], int] = {}
        self.accounts: list[dict[str, Any]] = []  # oldest first

    def respond(self, request: httpx.Request) -> httpx.Response:
        try:
            webhook.verify(request.headers, request.content, SECRETS, datetime.now(UTC))
        except Forged:
            return httpx.Response(401, json={"error": "bad_signature"})
        call, body = request.url.path.removeprefix("/cartbridge/v1/"), json.loads(request.content)
        lists = {
            "carts/changed": self._changed,
            "customers/changed": self._changed_accounts,
            "articles/prices": self._told_prices,
            "articles/stock": self._told_stock,
        }
        if call in lists:
            return httpx.Response(200, json=lists[call](body))
        order = self._orders.get(body["external_id"])
        if order is None or order.deleted:
            return httpx.Response(404, json={"error": "cart_not_found", "merged_into": None})
        if call == "carts/write":
            return self._write(order, body)
        if call in ("carts/freeze", "carts/thaw"):
            order.frozen = body.get("until")
            return httpx.Response(200, json={"snapshot": order.shown()})
        return httpx.Response(200, json=order.shown())

    def is_write(self, request: httpx.Request) -> bool:
        return not request.url.path.endswith(("/read", "/changed", "/prices", "/stock"))

    def new_cart(self) -> str:
        order = Order(f"CODE{len(self._orders)}", {"LAMPE-CHENE-40": 2, "LIVRE-CUISINE": 1})
        order.prices = self._prices
        self._orders[order.code] = order
        self._moved(order, 0)
        return order.code

    def edit(self, external_id: str) -> None:
        order = self._orders[external_id]
        first = next(sku for sku, count in order.rows.items() if count)
        order.rows[first] += 1
        self._moved(order)

    def remove(self, external_id: str) -> None:
        self._orders[external_id].deleted = True

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        rows = self._orders[external_id].rows.items()
        return {f"sku:{sku}": Decimal(count) for sku, count in rows if count}

    def sell_also(self, item: Item, price: int) -> None:
        assert item.sku is not None
        self._prices[item.sku] = price

    def refuse(self, key: str, accepted: Decimal) -> None:
        self._most[key.removeprefix("sku:")] = int(accepted)

    def is_frozen(self, external_id: str) -> bool:
        return self._orders[external_id].frozen is not None

    def reprice(self, item: Item, price: int) -> None:
        self.sell_also(item, price)

    def put_in_stock(self, item: Item, store: str, quantity: Decimal) -> None:
        self._stock[str(item.sku), store] = int(quantity)

    def _told_prices(self, body: dict[str, Any]) -> dict[str, Any]:
        sold = [sku for sku in body["skus"] if sku in self._prices and body["currency"] == "EUR"]
        told = {"currency": "EUR", "tax_mode": "inclusive", "tax_rate": "0.20"}
        return {"prices": [{"sku": sku, "unit_price": self._prices[sku], **told} for sku in sold]}

    def _told_stock(self, body: dict[str, Any]) -> dict[str, Any]:
        levels = [
            {"sku": sku, "location": location, "quantity": quantity}
            for (sku, location), quantity in self._stock.items()
            if sku in body["skus"] and location in body["locations"]
        ]
        return {"stock": levels}

    def _changed_accounts(self, body: dict[str, Any]) -> dict[str, Any]:
        after = body["cursor"] or "2000-01-01T00:00:00.000000Z 0"
        rows = [row for row in self.accounts if f"{row['updated_at']} 0" > after]
        last = f"{rows[-1]['updated_at']} {rows[-1]['external_id']}" if rows else after
        return {"items": rows, "next": last}

    def _write(self, order: Order, body: dict[str, Any]) -> httpx.Response:
        if (first := self._answers.get(body["push_id"])) is not None:
            return httpx.Response(200, json=first)
        if body["base_revision"] != order.revision:
            moved = {"error": "revision_moved", "snapshot": order.shown()}
            return httpx.Response(409, json=moved)
        order.refused = []
        for row in body["lines"]:
            sku, wanted = row["sku"], row["quantity"]
            order.rows[sku] = min(wanted, self._most.get(sku, wanted))
            if order.rows[sku] != wanted:
                refusal = {"sku": sku, "wanted": wanted, "accepted": order.rows[sku]}
                order.refused.append({**refusal, "reason": "insufficient_stock"})
        order.push = body["push_id"]
        self._moved(order)
        answer = {"snapshot": order.shown(), "refused": order.refused}
        self._answers[body["push_id"]] = answer
        return httpx.Response(200, json=answer)

    def _changed(self, body: dict[str, Any]) -> dict[str, Any]:
        after = int((body["cursor"] or "p0").removeprefix("p"))
        later = sorted(
            (order for order in self._orders.values() if order.position > after),
            key=lambda order: order.position,
        )[: body["limit"]]
        last = later[-1].position if later else after
        return {"items": [order.shown() for order in later], "next": f"p{last}"}

    def _moved(self, order: Order, by: int = 1) -> None:
        order.revision += by
        self._position += 1
        order.position = self._position
