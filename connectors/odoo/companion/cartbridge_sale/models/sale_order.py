"""Quotations: the gateway is told when one changes."""

from odoo import api, models

TOLD = {"state", "partner_id", "order_line", "validity_date", "pricelist_id", "origin"}


class SaleOrder(models.Model):
    """An order that may be a quotation of the retailer's own."""

    _inherit = "sale.order"

    @api.model_create_multi
    def create(self, vals_list):
        """A quotation was begun."""
        orders = super().create(vals_list)
        orders._cartbridge_tell()
        return orders

    def write(self, vals):
        """A quotation changed its rows, its customer, its validity or its state."""
        done = super().write(vals)
        if not TOLD.isdisjoint(vals):
            self._cartbridge_tell()
        return done

    def _cartbridge_tell(self):
        """Hints at those that are no web carts, which their own add-on tells of."""
        on_website = "website_id" in self._fields
        for order in self.sudo():
            if on_website and order.website_id:
                continue
            hint = {
                "_action": "CartBridge",
                "_id": order.id,
                "_model": self._name,
                "id": order.id,
                "origin": order.origin,
                "state": order.state,
                "website_id": False,
                "write_date": str(order.write_date),
            }
            self.env["cartbridge.gateway"].sudo()._tell(hint, company=order.company_id)
