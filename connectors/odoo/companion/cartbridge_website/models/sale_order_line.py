"""A cart's rows: each change of one is a change of the cart."""

from odoo import api, models

TOLD = {
    "product_id",
    "product_uom_qty",
    "product_uom_id",
    "price_unit",
    "discount",
    "order_id",
    "tax_ids",
}


class SaleOrderLine(models.Model):
    """A row of an order that may be a web cart."""

    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        """A row came into its cart."""
        lines = super().create(vals_list)
        lines.order_id._cartbridge_changed()
        return lines

    def write(self, vals):
        """A row changed, or moved to another cart: both changed."""
        before = self.order_id
        done = super().write(vals)
        if not TOLD.isdisjoint(vals):
            (before | self.order_id)._cartbridge_changed()
        return done

    def unlink(self):
        """A row left its cart."""
        orders = self.order_id
        done = super().unlink()
        orders._cartbridge_changed()
        return done
