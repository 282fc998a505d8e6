"""Which web carts the gateway has not been told of yet: rows that only come and go."""

from odoo import api, fields, models

AT_ONCE = 1000


class CartbridgeDue(models.Model):
    """One change of a web cart that is to be hinted at; never updated, so nobody waits for it."""

    _name = "cartbridge.due"
    _description = "CartBridge hint to be sent"

    order_id = fields.Many2one("sale.order", required=True, index=True, ondelete="cascade")

    @api.model
    def _cron_tell(self):
        """Hints once at every cart that changed; what is not taken is told next time."""
        waiting = self.search([], limit=AT_ONCE, order="id")
        for order, changes in waiting.grouped("order_id").items():
            gateway = order.website_id.cartbridge_gateway_id
            if gateway and not gateway._send_hint(order._cartbridge_hint()):
                return
            changes.unlink()
            self.env.cr.commit()
