"""Odoo as the connector meets it: JSON-2 and JSON-RPC over a small database that behaves alike."""

import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import httpx
from fake_odoo_database import Database, Record, Refused, link

from cartbridge.sdk.documents import Item, TwinKind
from cartbridge.testing.platform import Platform

KEY = "0123456789abcdef0123456789abcdef01234567"
NAME = "maison"
LAMP = Item(sku="LAMP-OAK", gtin="3700123456780", title="Lampe chêne")
BOOK = Item(sku="BOOK-LIGHT", gtin="9791099990013", title="Le Livre des lumières")
CABLE = Item(sku="CABLE-TX", gtin="3760123451031", title="Câble textile, au mètre")
BULB = Item(sku="BULB-E27", gtin="3760123451024", title="Ampoule LED E27")
READS = ("search_read", "login")


class FakeOdoo(Platform):
    """One company, one till with an open session, a website."""

    articles: ClassVar[tuple[Item, ...]] = (LAMP, BOOK)
    measured: ClassVar[Item | None] = CABLE
    kind: ClassVar[TwinKind] = "till_order"
    terminal: ClassVar[str | None] = "1"

    def __init__(self) -> None:
        super().__init__()
        self.database = Database()
        self.accepted: dict[str, Decimal] = {}
        self.pushes: dict[str, Record] = {}
        self.context: Record = {}
        add = self.database.add
        self.company = add("res.company", name="Maison Lumière SAS")
        self.euro = add("res.currency", name="EUR")
        company, euro = link(self.company), link(self.euro)
        tax = {"amount_type": "percent", "price_include": True, "company_id": company}
        self.full = add("account.tax", amount=20.0, **tax)
        self.reduced = add("account.tax", amount=5.5, **tax)
        self.goods = add("product.category", name="Goods", parent_path="1/")
        self.pricelist = add("product.pricelist", name="Public")
        self.config = add(
            "pos.config",
            name="Rivoli",
            currency_id=euro,
            company_id=company,
            pricelist_id=link(self.pricelist),
            iface_tax_included="total",
            default_fiscal_position_id=False,
            **{"picking_type_id.warehouse_id": 1},
        )
        self.session = add("pos.session", config_id=link(self.config), state="opened")
        self._stock()
        for model in ("pos.order", "sale.order"):
            number = add("ir.model", model=model)["id"]
            for name in ("state", "uuid", "write_date", "lines", "order_line", "amount_total"):
                add("ir.model.fields", name=name, model_id=number)

    def _stock(self) -> None:
        for item, price, tax, unit in (
            (LAMP, "49.90", self.full, "Units"),
            (BOOK, "19.00", self.reduced, "Units"),
            (CABLE, "3.90", self.full, "m"),
            (
                Item(sku="BULB-E27", gtin="3760123451024", title="Ampoule"),
                "6.90",
                self.full,
                "Units",
            ),
            (Item(sku="CUSHION", title="Coussin"), "34.90", self.full, "Units"),
            (Item(sku="ANY", title="Article du panier"), "0", self.full, "Units"),
            (Item(sku="OFF", title="Remise"), "0", self.full, "Units"),
        ):
            self._sell(item, Decimal(price), tax, unit)

    def _sell(self, item: Item, price: Decimal, tax: Record, unit: str) -> None:
        number = len(self.database.table("product.product")) + 1
        self.database.add(
            "product.product",
            product_tmpl_id=[100 + number, item.title],
            categ_id=link(self.goods),
            currency_id=link(self.euro),
            name=item.title,
            default_code=item.sku or False,
            barcode=item.gtin or False,
            uom_id=[1, unit],
            taxes_id=[tax["id"]],
            lst_price=price,
            available_in_pos=True,
            active=True,
        )

    # What the wire looks like.

    def is_write(self, request: httpx.Request) -> bool:
        """Reading is a POST as well: the method is in the path, or in the body."""
        if request.url.path == "/jsonrpc":
            params = json.loads(request.content)["params"]
            return params["service"] == "object" and params["args"][4] not in READS
        return request.url.path.rpartition("/")[2] not in READS

    def respond(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content, parse_float=Decimal)
        if request.url.path == "/jsonrpc":
            return self._rpc(body["params"])
        _, _, _, model, method = request.url.path.split("/")
        if request.headers.get("authorization") != f"bearer {KEY}":
            return answer(error("werkzeug.exceptions.Unauthorized", "Invalid apikey"), 401)
        assert request.headers["x-odoo-database"] == NAME
        self.context = body.pop("context")
        try:
            return answer(self.call(model, method, body.pop("ids", None), body))
        except Refused as refused:
            return answer(error(refused.name, refused.message), refused.status)

    def _rpc(self, params: dict[str, Any]) -> httpx.Response:
        if params["service"] == "common":
            return answer({"jsonrpc": "2.0", "result": 7 if params["args"][2] == KEY else False})
        database, user, key, model, method, positional, named = params["args"]
        assert (database, user, key) == (NAME, 7, KEY)
        named.pop("context")
        try:
            result = self.call(model, method, positional[0] if positional else None, named)
        except Refused as refused:
            data = error(refused.name, refused.message)
            return answer({"jsonrpc": "2.0", "error": {"code": 200, "data": data}})
        return answer({"jsonrpc": "2.0", "result": result})

    def call(self, model: str, method: str, ids: list[int] | None, named: dict[str, Any]) -> Any:
        """One method of a model, on records or on none."""
        if method == "search_read":
            return self.database.search_read(model, **named)
        if method == "create":
            values = [self._stored(model, vals) for vals in named["vals_list"]]
            return [self.database.add(model, **one)["id"] for one in values]
        own = getattr(self, f"_{model}.{method}".replace(".", "_"), None)
        if own is not None:
            return own(ids, **named)
        if method == "write":
            for number in ids or []:
                self.database.table(model)[number].update(named["vals"])
            return True
        raise Refused(404, "werkzeug.exceptions.NotFound", f"no {model}.{method}")

    def _stored(self, model: str, values: Record) -> Record:
        if model == "ir.actions.server":
            values["base_automation_id"] = [values["base_automation_id"], "rule"]
            number = values["model_id"]
            values["model_name"] = self.database.table("ir.model")[number]["model"]
        return {"active": True, **values}

    # Tills.

    def _pos_order_sync_from_ui(self, ids: None, orders: list[Record]) -> Record:
        return {"pos.order": [{"id": self._synced(order)["id"]} for order in orders]}

    def _synced(self, told: Record) -> Record:
        """An order known by its uuid is updated while it is a draft, and else left as it is."""
        found = self.database.find("pos.order", uuid=told["uuid"])
        if found is not None and found["state"] != "draft":
            return found
        session = self.database.table("pos.session").get(told["session_id"])
        if session is None or session["state"] != "opened":
            raise Refused(422, "odoo.exceptions.UserError", "No open session available.")
        order = found or self._new_order(told["uuid"])
        for command in told["lines"]:
            self._commanded(order, command)
        amounts = ("amount_total", "amount_tax", "date_order")
        order |= {name: told[name] for name in amounts}
        if "partner_id" in told:
            order["partner_id"] = [told["partner_id"], ""] if told["partner_id"] else False
        for name in ("floating_order_name", "last_order_preparation_change"):
            order[name] = told.get(name, order.get(name, False))
        order["write_date"] = self.database.stamp()
        order["lines"] = [line["id"] for line in self.database.lines("pos.order", order)]
        return order

    def _new_order(self, name: str) -> Record:
        number = len(self.database.table("pos.order")) + 1
        return self.database.add(
            "pos.order",
            uuid=name,
            state="draft",
            access_token="9a7b",
            pos_reference=f"260-1-{number:06}",
            session_id=link(self.session),
            config_id=link(self.config),
            company_id=link(self.company),
            currency_id=link(self.euro),
            payment_ids=[],
            last_order_preparation_change=False,
        )

    def _commanded(self, order: Record, command: list[Any]) -> None:
        kind, number, values = command
        lines = self.database.table("pos.order.line")
        if kind == 2:
            del lines[number]
            return
        known = self.database.find("pos.order.line", uuid=values["uuid"])
        row = lines[number] if kind == 1 else known
        if row is None:
            defaults = {"refunded_orderline_id": False, "sale_order_origin_id": False}
            row = self.database.add("pos.order.line", order_id=link(order, "uuid"), **defaults)
        row.update(values)
        if "product_id" in values:
            row["product_id"] = link(self.database.table("product.product")[values["product_id"]])
        if "tax_ids" in values:
            row["tax_ids_after_fiscal_position"] = values["tax_ids"][0][2]

    def _pos_order_action_pos_order_cancel(self, ids: list[int]) -> Record:
        for number in ids:
            order = self.database.table("pos.order")[number]
            if order["state"] == "draft":
                order |= {"state": "cancel", "write_date": self.database.stamp()}
        return {"pos.order": []}

    # What people do there.

    def new_cart(self) -> str:
        name = str(uuid.uuid4())
        order = self._new_order(name)
        amounts = [
            self._ring_up(order, code, amount) for code, amount in (("BULB-E27", 2), ("CUSHION", 1))
        ]
        total = sum(amounts, Decimal(0))
        date = self.database.stamp()
        order |= {"amount_total": total, "amount_tax": 0, "date_order": date, "partner_id": False}
        order["lines"] = [line["id"] for line in self.database.lines("pos.order", order)]
        return name

    def _ring_up(self, order: Record, code: str, amount: int) -> Decimal:
        product = self.database.find("product.product", default_code=code)
        assert product is not None
        total = Decimal(product["lst_price"] * amount)
        values = {
            "uuid": str(uuid.uuid4()),
            "product_id": product["id"],
            "qty": Decimal(amount),
            "price_unit": product["lst_price"],
            "discount": Decimal(0),
            "price_subtotal": (total / Decimal("1.2")).quantize(Decimal("0.01")),
            "price_subtotal_incl": total,
            "tax_ids": [[6, 0, product["taxes_id"]]],
            "customer_note": "",
        }
        self._commanded(order, [0, 0, values])
        return total

    def edit(self, external_id: str) -> None:
        order = self._order(external_id)
        line = self.database.lines("pos.order", order)[0]
        line["qty"] += 1
        line["price_subtotal_incl"] = line["qty"] * line["price_unit"]
        rows = self.database.lines("pos.order", order)
        order["amount_total"] = sum(row["price_subtotal_incl"] for row in rows)
        order["write_date"] = self.database.stamp()

    def remove(self, external_id: str) -> None:
        del self.database.table("pos.order")[self._order(external_id)["id"]]

    def _order(self, external_id: str) -> Record:
        found = self.database.find("pos.order", uuid=external_id)
        assert found is not None
        return found

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        return self.shown("pos.order", self._order(external_id), "qty")

    def shown(self, model: str, order: Record, amount: str) -> dict[str, Decimal]:
        """What an order holds, by the internal references of its products."""
        held: dict[str, Decimal] = {}
        products = self.database.table("product.product")
        for line in self.database.lines(model, order):
            key = f"sku:{products[line['product_id'][0]]['default_code']}"
            held[key] = held.get(key, Decimal(0)) + Decimal(line[amount])
        return {key: quantity for key, quantity in held.items() if quantity}

    def refuse(self, key: str, accepted: Decimal) -> None:
        self.accepted[key] = accepted
        product = self.database.find("product.product", default_code=key.removeprefix("sku:"))
        if product is not None and not accepted:
            product |= {"available_in_pos": False, "default_code": False, "barcode": False}

    def placed(self) -> list[str]:
        orders = self.database.table("pos.order").values()
        return [order["uuid"] for order in orders if order["state"] == "draft" and order["lines"]]

    def sell(self, external_id: str) -> None:
        self._order(external_id).update(state="paid", write_date=self.database.stamp())

    def sell_also(self, item: Item, price: int) -> None:
        if self.database.find("product.product", default_code=item.sku) is None:
            self._sell(item, Decimal(price) / 100, self.full, "Units")

    def rule(self, **told: Any) -> Record:
        """A rule of the tills' price list: for all articles, unless it says otherwise."""
        amounts = ("fixed_price", "percent_price", "price_discount", "price_surcharge")
        margins = ("price_round", "price_min_margin", "price_max_margin")
        empty = ("product_id", "product_tmpl_id", "categ_id", "date_start", "date_end")
        level = {"product_id": "0_product_variant", "product_tmpl_id": "1_product"}
        level |= {"categ_id": "2_product_category"}
        values: Record = {
            "pricelist_id": link(self.pricelist),
            "applied_on": next((level[name] for name in level if name in told), "3_global"),
            "compute_price": "fixed",
            "base": "list_price",
            **dict.fromkeys((*amounts, *margins, "min_quantity"), Decimal(0)),
            **dict.fromkeys(empty, False),
        }
        return self.database.add("product.pricelist.item", **{**values, **told})

    def reprice(self, item: Item, price: int) -> None:
        product = self.database.find("product.product", default_code=item.sku)
        assert product is not None
        self.rule(product_id=link(product), fixed_price=Decimal(price) / 100)

    def stop_hook(self, hook_url: str) -> None:
        for rule in self.database.table("base.automation").values():
            rule["active"] = False


def answer(value: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(value, default=float).encode())


def error(name: str, message: str) -> Record:
    return {
        "name": name,
        "message": message,
        "arguments": [message],
        "context": {},
        "debug": "Traceback (most recent call last): …",
    }
