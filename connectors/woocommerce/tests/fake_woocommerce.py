"""A WooCommerce shop as its connector meets it: REST v3, and orders that wait for payment."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

import httpx

from cartbridge.sdk.documents import Item
from cartbridge.testing.platform import Platform

KEY: Final = "ck_a1b2a1b2a1b2a1b2a1b2"
SECRET: Final = "cs_c3d4c3d4c3d4c3d4c3d4"
AUTHORIZATION: Final = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
# SKU → product number, variation number, price of a piece without tax; the tax is 20 %.
CATALOGUE: Final = {
    "LAMPE": (12, 15, Decimal("41.50")),
    "ROMAN": (21, 0, Decimal("17.50")),
    "TASSE": (30, 0, Decimal("9.90")),
    "CARNET": (31, 0, Decimal("4.20")),
}


STORE: Final = "Lyon Part-Dieu"
SETTINGS: Final = {
    "general": {"woocommerce_calc_taxes": "yes", "woocommerce_currency": "EUR"},
    "tax": {"woocommerce_prices_include_tax": "yes", "woocommerce_tax_display_shop": "incl"},
}


def error(status: int, code: str, **data: Any) -> httpx.Response:
    """An error in WordPress's form."""
    body = {"code": code, "message": "…", "data": {"status": status, **data}}
    return httpx.Response(status, json=body)


def amount(value: Decimal) -> str:
    """An amount as the shop writes it."""
    return format(value.quantize(Decimal("0.01")), "f")


def at_once() -> str:
    """This second, as REST v3 writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


class Shop(Platform):
    """What every WooCommerce shop has: webhooks, articles, a REST key."""

    articles: ClassVar[tuple[Item, ...]] = (
        Item(sku="TASSE", title="Tasse"),
        Item(sku="CARNET", title="Carnet"),
    )

    stores: ClassVar[tuple[str, ...]] = (STORE,)  # WooCommerce counts one stock for all it sells

    def __init__(self) -> None:
        super().__init__()
        self.levels: dict[str, Decimal] = {}
        self.catalogue: dict[str, tuple[int, int, Decimal]] = dict(CATALOGUE)
        self.webhooks: dict[int, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.limits: dict[str, Decimal] = {}
        self.numbers = 100

    def respond(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != AUTHORIZATION:
            return error(401, "woocommerce_rest_authentication_error")
        path = request.url.path.removeprefix("/wp-json/")
        for begin, answer in self.routes().items():
            if path == begin or path.startswith(f"{begin}/"):
                body = json.loads(request.content or b"{}")
                return answer(request, path.removeprefix(begin).strip("/"), body)
        return error(404, "rest_no_route")

    def routes(self) -> Mapping[str, Callable[[httpx.Request, str, Any], httpx.Response]]:
        """What answers the paths that begin so."""
        return {
            "wc/v3/webhooks": self.respond_webhooks,
            "wc/v3/orders": self.respond_orders,
            "wc/v3/products": self.respond_products,
            "wc/v3/settings": self.respond_settings,
        }

    def respond_webhooks(self, request: httpx.Request, rest: str, body: Any) -> httpx.Response:
        if request.method == "GET":
            page = int(request.url.params["page"])
            return httpx.Response(200, json=list(self.webhooks.values()) if page == 1 else [])
        name = int(rest) if rest else self.number()
        self.webhooks[name] = {**self.webhooks.get(name, {"id": name}), **body}
        return httpx.Response(200 if rest else 201, json=self.webhooks[name])

    def respond_orders(self, request: httpx.Request, rest: str, body: Any) -> httpx.Response:
        if not rest and request.method == "POST":
            return httpx.Response(201, json=self.make_order(body))
        if not rest:
            asked = request.url.params
            trash = asked["status"] == "trash"
            rows = [
                row
                for row in self.orders.values()
                if row["date_modified_gmt"] > asked["modified_after"]
                and (row["status"] == "trash") == trash
                and asked["status"] in ("any", "trash", row["status"])
            ]
            rows.sort(key=lambda row: str(row["date_modified_gmt"]))
            size, page = int(asked["per_page"]), int(asked["page"])
            return httpx.Response(200, json=rows[size * (page - 1) : size * page])
        if rest not in self.orders:
            return error(404, "woocommerce_rest_shop_order_invalid_id")
        if request.method == "PUT":
            self.write_order(self.orders[rest], body)
        return httpx.Response(200, json=self.orders[rest])

    def respond_products(self, request: httpx.Request, rest: str, body: Any) -> httpx.Response:
        """By SKU, a comma between two; this shop has written no GTIN at its articles."""
        skus = request.url.params.get("sku", "").split(",")
        rows = [self.product(sku) for sku in skus if sku in self.catalogue]
        return httpx.Response(200, json=rows[: int(request.url.params["per_page"])])

    def product(self, sku: str) -> dict[str, Any]:
        """An article as REST v3 lists it, its price with tax as it was entered."""
        product, variation, price = self.catalogue[sku]
        level = self.levels.get(sku)
        return {
            "id": variation or product,
            "parent_id": product if variation else 0,
            "type": "variation" if variation else "simple",
            "status": "publish",
            "sku": sku,
            "global_unique_id": "",
            "price": amount(price * 6 / 5),
            "manage_stock": level is not None,
            "stock_quantity": None if level is None else int(level),
        }

    def respond_settings(self, request: httpx.Request, rest: str, body: Any) -> httpx.Response:
        """One group of the shop's settings."""
        if rest not in SETTINGS:
            return error(404, "rest_setting_setting_group_invalid")
        rows = [{"id": name, "value": value} for name, value in SETTINGS[rest].items()]
        return httpx.Response(200, json=rows)

    def write_order(self, order: dict[str, Any], body: Any) -> None:
        """As PUT does: rows with an id are changed, others are added, quantity 0 takes one out."""
        if "status" in body:
            order.update(status=body["status"], date_modified_gmt=at_once())
            return
        rows: dict[int, dict[str, Any]] = {row["id"]: row for row in order["line_items"]}
        for told in body["line_items"]:
            if told.get("quantity") == 0:
                del rows[told["id"]]
            elif "id" in told:
                rows[told["id"]].update(told)
            else:
                row = self.order_row(told)
                rows[row["id"]] = row
        order["line_items"] = list(rows.values())
        order["meta_data"] = [
            *(one for one in order["meta_data"] if one["key"] != body["meta_data"][0]["key"]),
            *body["meta_data"],
        ]
        self.total(order)

    def order_row(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """A row of the shop's own price."""
        numbers = (told["product_id"], told.get("variation_id", 0))
        sku, price = next(
            (sku, price)
            for sku, (*known, price) in self.catalogue.items()
            if tuple(known) == numbers
        )
        net = price * told["quantity"]
        return {
            "id": self.number(),
            "name": sku.title(),
            "product_id": numbers[0],
            "variation_id": numbers[1],
            "sku": sku,
            "quantity": told["quantity"],
            "subtotal": amount(net),
            "total": amount(net),
        }

    def total(self, order: dict[str, Any]) -> None:
        """The shop's own sums, and the second in which they were made."""
        tax = total = Decimal(0)
        for row in order["line_items"]:
            own = (Decimal(row["total"]) / 5).quantize(Decimal("0.01"))
            row.update(subtotal_tax=amount(Decimal(row["subtotal"]) / 5), total_tax=amount(own))
            tax, total = tax + own, total + own + Decimal(row["total"])
        order.update(total=amount(total), total_tax=amount(tax), date_modified_gmt=at_once())

    def make_order(self, body: Any) -> dict[str, Any]:
        """As POST does: of the shop's own prices, waiting for its payment."""
        number = str(self.number())
        self.orders[number] = {
            "id": int(number),
            "number": number,
            "status": "pending",
            "payment_url": f"https://shop.example/checkout/order-pay/{number}/?key=wc_order_1",
            "currency": "EUR",
            "prices_include_tax": True,
            "date_created_gmt": at_once(),
            "date_paid_gmt": None,
            "customer_id": 0,
            "shipping_total": "0.00",
            "shipping_tax": "0.00",
            "payment_method": "",
            "meta_data": body["meta_data"],
            "coupon_lines": [],
            "refunds": [],
            "line_items": [self.order_row(row) for row in body["line_items"]],
        }
        self.total(self.orders[number])
        return self.orders[number]

    def number(self) -> int:
        """The next number of the shop."""
        self.numbers += 1
        return self.numbers

    def sell_also(self, item: Item, price: int) -> None:
        assert item.sku is not None
        self.catalogue[item.sku] = (self.number(), 0, Decimal(price) / 120)

    def reprice(self, item: Item, price: int) -> None:
        self.sell_also(item, price)

    def put_in_stock(self, item: Item, store: str, quantity: Decimal) -> None:
        assert item.sku is not None
        assert store == STORE
        self.levels[item.sku] = quantity

    def stop_hook(self, hook_url: str) -> None:
        for topic in ("order.created", "order.updated"):
            number = self.number()
            told = {"id": number, "status": "disabled", "topic": topic, "delivery_url": hook_url}
            self.webhooks[number] = told

    def refuse(self, key: str, accepted: Decimal) -> None:
        self.limits[key] = accepted


class OrderShop(Shop):
    """Without our plugin: its documents are orders that wait for their payment."""

    kind = "order"

    def new_cart(self) -> str:
        rows = [{"product_id": 12, "variation_id": 15, "quantity": 1}]
        rows.append({"product_id": 21, "variation_id": 0, "quantity": 3})
        return str(self.make_order({"line_items": rows, "meta_data": []})["id"])

    def placed(self) -> list[str]:
        return [
            number
            for number, order in self.orders.items()
            if order["status"] == "pending" and order["meta_data"]
        ]

    def sell(self, external_id: str) -> None:
        self.orders[external_id].update(
            status="processing", date_paid_gmt=at_once(), date_modified_gmt=at_once()
        )

    def edit(self, external_id: str) -> None:
        order = self.orders[external_id]
        row = order["line_items"][0]
        each = Decimal(row["total"]) / row["quantity"]
        row["quantity"] += 1
        row.update(subtotal=amount(each * row["quantity"]), total=amount(each * row["quantity"]))
        self.total(order)

    def remove(self, external_id: str) -> None:
        del self.orders[external_id]

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        rows = self.orders[external_id]["line_items"]
        return {f"sku:{row['sku']}": Decimal(row["quantity"]) for row in rows}
