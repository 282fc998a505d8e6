"""Making a web cart hold what the gateway says, through the shop's own rules."""

import logging
from decimal import Decimal

from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class CartContent:
    """The articles of one web cart; delivery, rewards and sections are the shop's own."""

    def __init__(self, order):
        website = order.website_id
        self._order = order.with_context(
            website_id=website.id,
            lang=order.partner_id.lang or website.default_lang_id.code,
            skip_cart_verification=True,
        )
        self._env = self._order.env

    def become(self, lines):
        """Shows exactly these lines; what the shop did not take, and why."""
        wanted, refused = {}, []
        for line in lines:
            product = self._product(line)
            reason = self._unsellable(product)
            if reason:
                refused.append(_refusal(line, Decimal(0), reason))
                continue
            _before, quantity = wanted.get(product, (None, Decimal(0)))
            wanted[product] = (line, quantity + Decimal(str(line["quantity"])))
        for product in self._goods().product_id - self._env["product.product"].union(*wanted):
            self._set(product, Decimal(0))
        for product, (line, quantity) in wanted.items():
            reason = self._set(product, quantity)
            shown = self._quantity(product)
            if shown != quantity:
                refused.append(_refusal(line, shown, reason or "refused_by_shop"))
        return refused

    def _goods(self):
        """The rows that she chose herself."""
        return self._order.order_line.filtered(_is_chosen)

    def _product(self, line):
        """The article a line names: by Odoo's id, else reference, else bar code."""
        products = self._env["product.product"]
        if line.get("product_id"):
            return products.browse(line["product_id"]).exists()
        for field, name in (("default_code", "sku"), ("barcode", "gtin")):
            if line.get(name):
                found = products.search([(field, "=", line[name])], limit=1)
                if found:
                    return found
        return products

    def _unsellable(self, product):
        if not product:
            return "unknown_item"
        return None if product.sale_ok and product.is_published else "not_sold"

    def _quantity(self, product):
        rows = self._goods().filtered(lambda line: line.product_id == product)
        return sum((Decimal(str(row.product_uom_qty)) for row in rows), Decimal(0))

    def _set(self, product, quantity):
        """Lets the article's rows show one quantity; the reason if the shop said no."""
        rows = self._goods().filtered(lambda line: line.product_id == product)
        try:
            with self._env.cr.savepoint():
                rows[1:].unlink()
                if rows:
                    told = self._order._cart_update_line_quantity(rows[0].id, float(quantity))
                elif quantity:
                    told = self._order._cart_add(product.id, float(quantity))
                else:
                    return None
        except UserError:
            _logger.info("cart %s: the shop refused product %s", self._order.id, product.id)
            return "refused_by_shop"
        return "insufficient_stock" if told.get("warning") else None


def _is_chosen(line):
    if not line.product_id or line.display_type or line.is_delivery:
        return False
    return not ("is_reward_line" in line._fields and line.is_reward_line)  # the app Loyalty has it


def _refusal(line, accepted, reason):
    return {
        "key": line.get("key"),
        "sku": line.get("sku"),
        "gtin": line.get("gtin"),
        "wanted": str(line["quantity"]),
        "accepted": format(accepted.normalize(), "f"),
        "reason": reason,
    }
