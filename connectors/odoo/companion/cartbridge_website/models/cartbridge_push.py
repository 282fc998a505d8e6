"""What the gateway's writes were answered, so that a repeated one gets its first answer."""

from odoo import api, fields, models

KEPT = 50  # pushes of one order


class CartbridgePush(models.Model):
    """One write of the gateway to a web cart, and its answer."""

    _name = "cartbridge.push"
    _description = "CartBridge write to a web cart"

    order_id = fields.Many2one("sale.order", required=True, index=True, ondelete="cascade")
    push_id = fields.Char(required=True)
    answer = fields.Json(required=True)

    _once = models.Constraint("UNIQUE(order_id, push_id)", "A push is answered once.")

    @api.model
    def _keep(self, order, push_id, answer):
        """Remembers an answer, and forgets the oldest of the order."""
        self.create({"order_id": order.id, "push_id": push_id, "answer": answer})
        self.search([("order_id", "=", order.id)], order="id desc", offset=KEPT).unlink()

    @api.model
    def _answer(self, order, push_id):
        """The first answer to this push, or None."""
        return self.search([("order_id", "=", order.id), ("push_id", "=", push_id)]).answer or None
