"""Wish lists: the gateway is told when a row comes or goes."""

from odoo import api, models


class ProductWishlist(models.Model):
    """A row of a customer's wish list."""

    _inherit = "product.wishlist"

    @api.model_create_multi
    def create(self, vals_list):
        """A row came."""
        rows = super().create(vals_list)
        rows._cartbridge_tell()
        return rows

    def write(self, vals):
        """A guest's row became a customer's."""
        done = super().write(vals)
        self._cartbridge_tell()
        return done

    def unlink(self):
        """A row goes."""
        self._cartbridge_tell()
        return super().unlink()

    def _cartbridge_tell(self):
        """Hints at the customer's list; a guest's is nobody's."""
        now = str(self.env.cr.now())  # to the microsecond: two changes are never one mention
        for row in self.sudo():
            gateway = row.website_id.cartbridge_gateway_id
            if not (gateway and row.partner_id):
                continue
            hint = {
                "_action": "CartBridge",
                "_id": row.id,
                "_model": self._name,
                "id": row.id,
                "partner_id": row.partner_id.id,
                "product_id": row.product_id.id,
                "write_date": now,
            }
            self.env["cartbridge.gateway"].sudo()._tell(hint, gateway=gateway)
