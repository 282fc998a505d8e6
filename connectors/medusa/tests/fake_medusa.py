"""A small Medusa shop with the companion in it, for the conformance suite."""

import base64
import json
from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, unquote

import httpx
from fake_medusa_shelves import Shelves, key_of

from cartbridge.sdk.documents import Item
from cartbridge.testing.platform import Platform

API_KEY: Final = "sk_0123456789abcdef0123456789abcdef"
BASE: Final = "/admin/cartbridge/"
AT: Final = "2026-11-20T10:00:00.000Z"
Json = dict[str, Any]


def line_of(article: Mapping[str, Any], quantity: int) -> Json:
    """A line item as the companion tells it: 10.10 with 20 percent tax in it."""
    total = Decimal("10.10") * quantity
    return {
        "external_id": f"cali_{article.get('sku') or article.get('gtin') or article['title']}",
        "sku": article.get("sku"),
        "gtin": article.get("gtin"),
        "barcode": None,
        "title": article.get("title", "Article"),
        "quantity": str(quantity),
        "unit_price": "10.1",
        "is_tax_inclusive": True,
        "original_total": str(total),
        "total": str(total),
        "tax_total": str((total / 6).quantize(Decimal("0.0000000001"))),
        "tax_lines": [{"rate": "20"}],
        "adjustments": [],
    }


class Fake(Platform):
    """Carts with revision and push_id, written as the companion writes them."""

    articles: ClassVar[tuple[Item, ...]] = (
        Item(sku="PLAID", gtin="3760123451086", title="Plaid en laine"),
        Item(gtin="3760123451093", title="Tisane du soir"),
    )
    stores: ClassVar[tuple[str, ...]] = ("sloc_LYON", "sloc_PARIS")

    def __init__(self) -> None:
        super().__init__()
        self.carts: dict[str, Json] = {}
        self.position = 0
        self.positions: dict[str, int] = {}
        self.pushes: dict[str, Json] = {}
        self.frozen: set[str] = set()
        self.most: dict[str, int] = {}
        self.shelves = Shelves()
        self.accounts: list[Json] = []  # oldest first

    def new_cart(self) -> str:
        name = f"cart_{len(self.positions) + 1:026}"
        self.carts[name] = {
            "external_id": name,
            "revision": 0,
            "last_push": None,
            "refused": [],
            "state": "open",
            "order": None,
            "currency_code": "eur",
            "locale": None,
            "customer": None,
            "codes": [],
            "in_checkout": False,
            "has_payment": False,
            "lines": [line_of({"sku": "LAMP-OAK"}, 2), line_of({"sku": "CUSHION"}, 1)],
            "shipping_total": "0",
            "shipping_tax_total": "0",
        }
        self._change(name)
        return name

    def edit(self, external_id: str) -> None:
        rows = self.carts[external_id]["lines"]
        rows[0] = line_of(rows[0], int(rows[0]["quantity"]) + 1)
        self._change(external_id)

    def remove(self, external_id: str) -> None:
        del self.carts[external_id]

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        rows = self.carts[external_id]["lines"]
        return {key_of(row): Decimal(row["quantity"]) for row in rows}

    def refuse(self, key: str, accepted: Decimal) -> None:
        self.most[key] = int(accepted)

    def reprice(self, item: Item, price: int) -> None:
        self.shelves.prices[item.key] = str(Decimal(price) / 100)

    def put_in_stock(self, item: Item, store: str, quantity: Decimal) -> None:
        self.shelves.stocked[item.key, store] = int(quantity)

    def is_write(self, request: httpx.Request) -> bool:
        return super().is_write(request) and not request.url.path.endswith(("/prices", "/stock"))

    def is_frozen(self, external_id: str) -> bool:
        return external_id in self.frozen

    def respond(self, request: httpx.Request) -> httpx.Response:
        key = base64.b64encode(f"{API_KEY}:".encode()).decode()
        if request.headers.get("authorization") != f"Basic {key}":
            return httpx.Response(401, json={"message": "Unauthorized"})
        path = request.url.path.removeprefix(BASE)
        if path in ("changes", "customers"):
            return self._listed(path, parse_qs(request.url.query.decode()))
        if not path.startswith("carts/"):
            return httpx.Response(200, json=self.shelves.answer(path, json.loads(request.content)))
        _, name, *what = (unquote(part) for part in path.split("/"))
        if name not in self.carts:
            return httpx.Response(404, json={"error": "cart_not_found", "message": "No cart."})
        if what == ["freeze"]:
            return self._hold(name, request.method == "POST")
        if request.method == "PUT":
            return self._write(name, json.loads(request.content))
        return httpx.Response(200, json={"snapshot": self.carts[name]})

    def _listed(self, path: str, asked: Mapping[str, list[str]]) -> httpx.Response:
        if path == "customers":
            return self._told_accounts(asked.get("after", ["2000-01-01T00:00:00.000000Z -"])[0])
        after = int(asked.get("after", ["p0"])[0].removeprefix("p"))
        found = sorted((at, name) for name, at in self.positions.items() if at > after)
        page = found[: int(asked["limit"][0])]
        last = page[-1][0] if page else after
        items = [self.carts[name] for _, name in page if name in self.carts]
        return httpx.Response(200, json={"items": items, "next": f"p{last}"})

    def _told_accounts(self, after: str) -> httpx.Response:
        rows = [row for row in self.accounts if f"{row['updated_at']} -" > after]
        last = f"{rows[-1]['updated_at']} {rows[-1]['external_id']}" if rows else after
        return httpx.Response(200, json={"items": rows, "next": last})

    def _hold(self, name: str, frozen: bool) -> httpx.Response:
        (self.frozen.add if frozen else self.frozen.discard)(name)
        return httpx.Response(200, json={"snapshot": self.carts[name]})

    def _write(self, name: str, wish: Json) -> httpx.Response:
        if wish["push_id"] in self.pushes:
            return httpx.Response(200, json=self.pushes[wish["push_id"]])
        cart = self.carts[name]
        if cart["revision"] != wish["base_revision"]:
            answer: Json = {"error": "revision_moved", "message": "It moved.", "snapshot": cart}
            return httpx.Response(409, json=answer)
        rows: list[Json] = []
        refused: list[Json] = []
        for line in wish["lines"]:
            wanted = line["quantity"]
            accepted = min(wanted, self.most.get(key_of(line), wanted))
            if accepted:
                rows.append(line_of(line, accepted))
            if accepted != wanted:
                named = {kind: line[kind] for kind in ("sku", "gtin", "title") if kind in line}
                refused.append({**named, "wanted": wanted, "accepted": accepted, "reason": "no"})
        cart.update(lines=rows, refused=refused, codes=wish["codes"], last_push=wish["push_id"])
        self._change(name)
        answer = {"snapshot": deepcopy(cart), "refused": refused}
        self.pushes[wish["push_id"]] = answer
        return httpx.Response(200, json=answer)

    def _change(self, name: str) -> None:
        cart = self.carts[name]
        self.position += 1
        self.positions[name] = self.position
        total = sum((Decimal(row["total"]) for row in cart["lines"]), Decimal(0))
        tax = sum((Decimal(row["tax_total"]) for row in cart["lines"]), Decimal(0))
        cart.update(
            revision=cart["revision"] + 1,
            updated_at=AT,
            item_total=str(total),
            tax_total=str(tax),
            total=str(total),
        )
