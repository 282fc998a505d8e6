"""Tickets: each change is told to the gateway as a hint, and followed by the cart behind it."""

from odoo import api, models

TOLD = ("state", "lines", "partner_id", "refunded_orders_count", "amount_total")


class PosOrder(models.Model):
    """A ticket that may have come from a web cart, or go to one."""

    _inherit = "pos.order"

    @api.model_create_multi
    def create(self, vals_list):
        """A ticket came to the server."""
        orders = super().create(vals_list)
        orders._cartbridge_changed()
        return orders

    def write(self, vals):
        """A ticket was saved, sold, cancelled or given back."""
        done = super().write(vals)
        if any(name in vals for name in TOLD):
            self._cartbridge_changed()
        if "state" in vals:
            self.env["cartbridge.claim"].sudo()._ticket_moved(self.sudo())
        return done

    def _cartbridge_changed(self):
        """Remembers who changed, to tell it once, with what they are at the end."""
        if self.env.context.get("device_identifier") == "cartbridge":
            return
        waiting = self.env.cr.precommit.data.setdefault("cartbridge_pos.orders", set())
        if not waiting:
            self.env.cr.precommit.add(self.env["pos.order"].sudo()._cartbridge_tell)
        waiting.update(self.ids)

    def _cartbridge_tell(self):
        changed = self.env.cr.precommit.data.pop("cartbridge_pos.orders", set())
        by_gateway = {}
        for order in self.browse(changed).exists():
            gateway = order.config_id.cartbridge_gateway_id
            by_gateway.setdefault(gateway, []).append(order._cartbridge_hint())
        for gateway, hints in by_gateway.items():
            if gateway:
                gateway._hint_later(hints)

    def _cartbridge_hint(self):
        return {
            "_action": "CartBridge",
            "_id": self.id,
            "_model": self._name,
            "config_id": self.config_id.id,
            "id": self.id,
            "state": self.state,
            "uuid": self.uuid,
            "write_date": str(self.write_date),
        }
