"""A WooCommerce shop with our plugin: the carts of its shoppers."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import httpx
from fake_woocommerce import Shop, amount, error


class CartShop(Shop):
    """With our plugin: its documents are the carts of shoppers."""

    def __init__(self) -> None:
        super().__init__()
        self.carts: dict[str, dict[str, Any]] = {}
        self.changed: list[str] = []
        self.answers: dict[str, bytes] = {}

    def routes(self) -> Mapping[str, Callable[[httpx.Request, str, Any], httpx.Response]]:
        return {
            **super().routes(),
            "cartbridge/v1/carts": self.respond_carts,
            "cartbridge/v1/status": self.respond_status,
        }

    def respond_status(self, request: httpx.Request, rest: str, body: Any) -> httpx.Response:
        """What the shop is, as the protocol has it."""
        told = {"plugin": "1.0.0", "protocol": 1, "currency": "EUR", "prices_include_tax": True}
        return httpx.Response(200, json=told)

    def respond_carts(self, request: httpx.Request, rest: str, body: Any) -> httpx.Response:
        if not rest:
            return self.list_carts(request)
        name, _, what = rest.partition("/")
        if name not in self.carts:
            return error(404, "cartbridge_cart_not_found")
        if what == "freeze":
            self.carts[name]["frozen"] = body or None
        elif request.method == "PUT":
            return self.write_cart(name, body)
        return httpx.Response(200, json=self.shown(name))

    def list_carts(self, request: httpx.Request) -> httpx.Response:
        after, size = request.url.params.get("changed_after"), int(request.url.params["limit"])
        begin = int(after.removeprefix("p")) if after else 0
        page = self.changed[begin : begin + size]
        end = begin + len(page)
        items = [self.shown(name) for name in dict.fromkeys(page) if name in self.carts]
        more = end < len(self.changed)
        return httpx.Response(200, json={"items": items, "next": f"p{end}", "more": more})

    def write_cart(self, name: str, body: Any) -> httpx.Response:
        cart = self.carts[name]
        if body["push_id"] in self.answers:
            return httpx.Response(200, content=self.answers[body["push_id"]])
        if body["base_revision"] != cart["revision"]:
            return error(409, "cartbridge_revision_moved", cart=self.shown(name))
        wanted = {line["sku"]: Decimal(line["quantity"]) for line in body["lines"]}
        cart["refused"] = []
        for sku, quantity in wanted.items():
            most = self.limits.get(f"sku:{sku}", quantity)
            if most < quantity:
                said = {"sku": sku, "wanted": str(quantity), "accepted": str(most)}
                cart["refused"].append({**said, "reason": "out_of_stock"})
                wanted[sku] = most
        cart["rows"] = {sku: quantity for sku, quantity in wanted.items() if quantity}
        cart["last_push"] = body["push_id"]
        self.touch(name)
        answer = httpx.Response(200, json={"cart": self.shown(name), "refused": cart["refused"]})
        self.answers[body["push_id"]] = answer.content
        return answer

    def shown(self, name: str) -> dict[str, Any]:
        """The cart as the protocol has it."""
        cart = self.carts[name]
        net = sum((self.catalogue[sku][2] * many for sku, many in cart["rows"].items()), Decimal(0))
        none = {"shipping_net": "0", "shipping_tax": "0"}
        return {
            **{key: cart[key] for key in ("revision", "last_push", "refused", "frozen")},
            "protocol": 1,
            "external_id": name,
            "previous_id": None,
            "status": "open",
            "updated_at": "2026-11-22T08:00:00Z",
            "currency": "EUR",
            "last_order": None,
            "prices_include_tax": True,
            "locale": "fr_FR",
            "customer": None,
            "coupons": [],
            "lines": [self.cart_row(sku, many) for sku, many in cart["rows"].items()],
            "totals": {**none, "tax": amount(net / 5), "total": amount(net * 6 / 5)},
        }

    def cart_row(self, sku: str, many: Decimal) -> dict[str, Any]:
        product, variation, price = self.catalogue[sku]
        net, tax = amount(price * many), amount(price * many / 5)
        return {
            "key": f"row-{sku}",
            "product_id": product,
            "variation_id": variation,
            "sku": sku,
            "name": sku.title(),
            "quantity": str(many),
            "subtotal_net": net,
            "subtotal_tax": tax,
            "total_net": net,
            "total_tax": tax,
            "taxes": [{"rate_id": 1, "label": "TVA", "rate": "20", "amount": tax}],
        }

    def touch(self, name: str) -> None:
        """The cart changed."""
        self.carts[name]["revision"] += 1
        self.changed.append(name)

    def new_cart(self) -> str:
        name = str(self.number())
        rows = {"LAMPE": Decimal(1), "ROMAN": Decimal(3)}
        fresh: dict[str, Any] = {"revision": 0, "last_push": None, "refused": [], "frozen": None}
        self.carts[name] = {"rows": rows, **fresh}
        self.touch(name)
        return name

    def edit(self, external_id: str) -> None:
        self.carts[external_id]["rows"]["LAMPE"] += 1
        self.touch(external_id)

    def remove(self, external_id: str) -> None:
        del self.carts[external_id]

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        rows = self.carts[external_id]["rows"]
        return {f"sku:{sku}": many for sku, many in rows.items()}

    def is_frozen(self, external_id: str) -> bool:
        return self.carts[external_id]["frozen"] is not None
