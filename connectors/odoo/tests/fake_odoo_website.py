"""The website's carts of the small Odoo, with our add-on or without, and its quotations."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from fake_odoo import FakeOdoo
from fake_odoo_database import Record, Refused, link

from cartbridge.sdk.documents import TwinKind


class FakeWebsite(FakeOdoo):
    """As `FakeOdoo`, looked at through the website's carts."""

    kind: ClassVar[TwinKind] = "cart"

    def _cart(self, external_id: str) -> Record:
        found = self.database.table("sale.order").get(int(external_id))
        if found is None or not found["website_id"]:
            raise Refused(404, "odoo.exceptions.MissingError", "no such cart")
        return found

    def new_order(self, **values: Any) -> Record:
        """A sales order as Odoo makes it."""
        number = len(self.database.table("sale.order")) + 1
        told = {
            "name": f"S{number:05}",
            "state": "draft",
            "date_order": self.database.stamp(),
            "amount_total": Decimal(0),
            "amount_paid": Decimal(0),
            "currency_id": link(self.euro),
            "partner_id": [4, "Public user"],
            "website_id": False,
            "origin": False,
            "client_order_ref": False,
            "cartbridge_revision": 0,
            "cartbridge_last_push": False,
            "cartbridge_refused": False,
            "frozen": False,
            "amount_untaxed": Decimal(0),
            "amount_unpaid": Decimal(0),
            "validity_date": False,
            "pos_order_line_ids": [],
        }
        return self.database.add("sale.order", **{**told, **values})

    def new_cart(self) -> str:
        cart = self.new_order(website_id=[1, "My Website"])
        for code, amount in (("BULB-E27", 2), ("CUSHION", 1)):
            self.put(cart, code, Decimal(amount))
        return str(cart["id"])

    def put(self, order: Record, code: str, amount: Decimal, **values: Any) -> None:
        """So much of an article, and no more; none takes it out."""
        product = self.database.find("product.product", default_code=code)
        assert product is not None
        rows = self.database.lines("sale.order", order)
        line = next((row for row in rows if row["product_id"][0] == product["id"]), None)
        if line is None:
            line = self.database.add(
                "sale.order.line",
                order_id=link(order),
                product_id=link(product),
                name=f"[{code}] {product['name']}",
                qty_delivered=Decimal(0),
                price_unit=product["lst_price"],
                discount=Decimal(0),
                tax_ids=product["taxes_id"],
                tax_id=product["taxes_id"],
                display_type=False,
                is_downpayment=False,
                is_delivery=False,
            )
        line.update(values, product_uom_qty=amount)
        if not amount:
            del self.database.table("sale.order.line")[line["id"]]
        self._totalled(order)

    def _totalled(self, order: Record) -> None:
        total, untaxed = Decimal(0), Decimal(0)
        for row in self.database.lines("sale.order", order):
            gross = Decimal(row["product_uom_qty"]) * Decimal(row["price_unit"])
            row["price_total"] = (gross * (1 - Decimal(row["discount"]) / 100)).quantize(
                Decimal("0.01")
            )
            row["price_subtotal"] = (row["price_total"] / Decimal("1.2")).quantize(Decimal("0.01"))
            total += row["price_total"]
            untaxed += row["price_subtotal"]
        order |= {"amount_total": total, "amount_untaxed": untaxed}
        order["cartbridge_revision"] += 1
        order["write_date"] = self.database.stamp()

    def edit(self, external_id: str) -> None:
        cart = self._cart(external_id)
        line = self.database.lines("sale.order", cart)[0]
        line["product_uom_qty"] += 1
        self._totalled(cart)

    def remove(self, external_id: str) -> None:
        del self.database.table("sale.order")[int(external_id)]

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        if not external_id.isdigit():
            return super().basket(external_id)
        order = self.database.table("sale.order")[int(external_id)]
        return self.shown("sale.order", order, "product_uom_qty")

    def is_frozen(self, external_id: str) -> bool:
        return bool(self._cart(external_id)["frozen"])

    # What our add-on answers.

    def _sale_order_cartbridge_freeze(
        self, ids: None, external_id: str, until: str, where: str
    ) -> Record:
        self._cart(external_id)["frozen"] = until
        return {"outcome": "frozen"}

    def _sale_order_cartbridge_thaw(self, ids: None, external_id: str) -> Record:
        self._cart(external_id)["frozen"] = False
        return {"outcome": "thawed"}

    def _sale_order_cartbridge_write(
        self,
        ids: None,
        push_id: str,
        base_revision: int,
        external_id: str,
        lines: list[Record],
        codes: list[str],
    ) -> Record:
        cart = self._cart(external_id)
        if push_id in self.pushes:
            return self.pushes[push_id]
        if base_revision != cart["cartbridge_revision"]:
            return {"outcome": "moved"}
        refused: list[Record] = [{"code": code, "reason": "not_supported"} for code in codes]
        for line in lines:
            wanted = Decimal(line["quantity"])
            accepted = min(wanted, self.accepted.get(line["key"], wanted))
            if accepted != wanted:
                told = {"wanted": str(wanted), "accepted": str(accepted)}
                refused.append({"key": line["key"], "reason": "insufficient_stock", **told})
            known = self.database.find("product.product", default_code=line["sku"])
            if known is not None:
                self.put(cart, line["sku"], accepted)
        cart |= {"cartbridge_last_push": push_id, "cartbridge_refused": json.dumps(refused)}
        cart["cartbridge_revision"] += 1
        self.pushes[push_id] = {"outcome": "written"}
        return self.pushes[push_id]

    # Quotations, and writing without the add-on.

    def _sale_order_load(self, ids: None, fields: list[str], data: list[list[str]]) -> Record:
        rows = [dict(zip(fields, cells, strict=True)) for cells in data]
        head = rows[0]
        order = self.database.find("sale.order", external=head["id"])
        if order is None:
            order = self.new_order(external=head["id"])
        order |= {name: head[name] for name in ("client_order_ref", "origin")}
        order["partner_id"] = [int(head["partner_id/.id"]), "Camille"]
        for row in rows:
            number = int(row["order_line/product_id/.id"])
            code = self.database.table("product.product")[number]["default_code"]
            self.put(
                order,
                code,
                Decimal(row["order_line/product_uom_qty"]),
                name=row["order_line/name"],
                price_unit=Decimal(row["order_line/price_unit"]),
                discount=Decimal(row["order_line/discount"]),
            )
        return {"ids": [order["id"]], "messages": [], "nextrow": 0}

    def _sale_order_write(self, ids: list[int], vals: Record) -> bool:
        order = self.database.table("sale.order")[ids[0]]
        lines = self.database.table("sale.order.line")
        products = self.database.table("product.product")
        for kind, number, values in vals.get("order_line", []):
            if kind == 2:
                del lines[number]
            elif kind == 1:
                lines[number].update(values)
            else:
                product = products[values["product_id"]]
                amount = values["product_uom_qty"]
                told = {"name", "price_unit", "discount"} & values.keys()
                more = {name: values[name] for name in told}
                self.put(order, product["default_code"], amount, **more)
        order |= {name: value for name, value in vals.items() if name != "order_line"}
        self._totalled(order)
        return True

    def _sale_order_action_quotation_sent(self, ids: list[int]) -> bool:
        return self._moved(ids[0], "sent")

    def _sale_order_action_confirm(self, ids: list[int]) -> bool:
        return self._moved(ids[0], "sale")

    def _moved(self, number: int, state: str) -> bool:
        order = self.database.table("sale.order")[number]
        order |= {"state": state, "write_date": self.database.stamp()}
        return True

    def _sale_order_action_cancel(self, ids: list[int]) -> bool:
        return self._moved(ids[0], "cancel")
