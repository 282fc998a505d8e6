"""Web carts: their revision, what the gateway wrote last, and whether a till holds them."""

import json

from odoo import _, api, fields, models
from odoo.exceptions import MissingError, ValidationError

from .cart_content import CartContent

TOLD = {"partner_id", "pricelist_id", "fiscal_position_id", "state", "website_id"}
PAID = ("pending", "authorized", "done")
MINUTE = 60


class SaleOrder(models.Model):
    """An order that may be a web cart."""

    _inherit = "sale.order"

    cartbridge_revision = fields.Integer(
        copy=False, readonly=True, help="Grows with every change of the cart"
    )
    cartbridge_last_push = fields.Char(copy=False, readonly=True)
    cartbridge_refused = fields.Text(copy=False, readonly=True)
    cartbridge_frozen_until = fields.Datetime(copy=False, readonly=True)
    cartbridge_frozen_where = fields.Char(copy=False, readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        """A cart was begun."""
        orders = super().create(vals_list)
        orders._cartbridge_changed()
        return orders

    def write(self, vals):
        """A cart changed its customer, its price list or its state."""
        done = super().write(vals)
        if not TOLD.isdisjoint(vals):
            self._cartbridge_changed()
        return done

    def _cartbridge_changed(self):
        """Remembers which carts changed; each gets one revision for the whole transaction."""
        carts = self.sudo().filtered("website_id.cartbridge_gateway_id")
        if not carts:
            return
        waiting = self.env.cr.precommit.data.setdefault("cartbridge_website.carts", set())
        if not waiting:
            self.env.cr.precommit.add(self.env["sale.order"].sudo()._cartbridge_settle)
        waiting.update(carts.ids)

    def _cartbridge_settle(self):
        """Gives the changed carts their new revision, in the transaction that changed them."""
        changed = self.env.cr.precommit.data.pop("cartbridge_website.carts", set())
        orders = self.sudo().browse(changed).exists()
        for order in orders:
            order.cartbridge_revision += 1
        if orders:
            self.env["cartbridge.due"].sudo().create([{"order_id": each.id} for each in orders])
            self.env.ref("cartbridge_website.cron_tell_carts").sudo()._trigger()

    def _cartbridge_hint(self):
        return {
            "_action": "CartBridge",
            "_id": self.id,
            "_model": self._name,
            "cartbridge_revision": self.cartbridge_revision,
            "id": self.id,
            "state": self.state,
            "website_id": self.website_id.id,
            "write_date": str(self.write_date),
        }

    # What the gateway calls.

    def _cartbridge_cart(self, external_id):
        """The web cart of that id, locked, for a user who may change it."""
        number = int(external_id) if str(external_id).isdecimal() else 0
        order = self.browse(number).exists()
        if not order or not order.website_id:
            raise MissingError(_("There is no web cart %s.", external_id))
        order.check_access("write")
        self.env.cr.execute("SELECT 1 FROM sale_order WHERE id = %s FOR UPDATE", [order.id])
        order.invalidate_recordset()
        return order.sudo()

    @api.model
    def cartbridge_write(self, push_id, base_revision, external_id, lines, codes=()):
        """Writes a cart's whole content if it is still at that revision; see PROTOCOL.md §4."""
        order = self._cartbridge_cart(external_id)
        pushes = self.env["cartbridge.push"].sudo()
        first = pushes._answer(order, push_id)
        if first:
            return first
        if order.state != "draft":
            return order._cartbridge_answer("ended")
        if order.cartbridge_revision != (base_revision or 0):
            return order._cartbridge_answer("moved")
        refused = CartContent(order).become(lines)
        refused += [{"code": code, "reason": "not_supported"} for code in codes]
        told = json.dumps(refused) if refused else False
        order.write({"cartbridge_last_push": push_id, "cartbridge_refused": told})
        order._cartbridge_changed()
        order._cartbridge_settle()
        answer = order._cartbridge_answer("written")
        pushes._keep(order, push_id, answer)
        return answer

    def _cartbridge_answer(self, outcome):
        return {
            "outcome": outcome,
            "external_id": str(self.id),
            "revision": self.cartbridge_revision,
            "last_push": self.cartbridge_last_push,
            "refused": json.loads(self.cartbridge_refused or "[]"),
        }

    @api.model
    def cartbridge_freeze(self, external_id, until, where):
        """Stops a cart's checkout until a time (UTC), because a till holds it."""
        order = self._cartbridge_cart(external_id)
        if order.state != "draft":
            return order._cartbridge_answer("ended")
        if any(payment.state in PAID for payment in order.transaction_ids):
            return order._cartbridge_answer("in_payment")
        order.write({"cartbridge_frozen_until": until, "cartbridge_frozen_where": where})
        return order._cartbridge_answer("frozen")

    @api.model
    def cartbridge_thaw(self, external_id):
        """Lets a cart's checkout go on."""
        order = self._cartbridge_cart(external_id)
        order.write({"cartbridge_frozen_until": False, "cartbridge_frozen_where": False})
        return order._cartbridge_answer("thawed")

    # What the shopper meets.

    def _cartbridge_frozen(self):
        """Why this cart cannot be bought online now, in words; empty if it can."""
        until = self.cartbridge_frozen_until
        if not until or until <= fields.Datetime.now():
            return ""
        hours, minutes = divmod(-int((fields.Datetime.now() - until).total_seconds() // MINUTE), 60)
        return _(
            "Your cart is at the till in %(where)s. To take it back, ask the till to put it back, "
            "or wait: it comes back by itself in %(time)s.",
            where=self.cartbridge_frozen_where,
            time=f"{hours} h {minutes} min" if hours else f"{minutes} min",
        )

    def _check_cart_is_ready_to_be_paid(self):
        """A cart that a till holds is not paid online."""
        frozen = self._cartbridge_frozen()
        if frozen:
            raise ValidationError(frozen)
        return super()._check_cart_is_ready_to_be_paid()

    def _allow_express_checkout(self):
        """Nor by one click."""
        return not self._cartbridge_frozen() and super()._allow_express_checkout()
