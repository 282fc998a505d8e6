"""The till: its name on the gateway, and what its cashier can ask of it."""

import hashlib

from odoo import _, fields, models
from odoo.addons.cartbridge_gateway.models.cartbridge_gateway import GatewayProblem
from odoo.addons.cartbridge_pos.models import notices, ticket_edits
from odoo.exceptions import AccessError

SHORT_CODE = 8


def _named(text):
    """The cart as a claim names it: by what was scanned, or by 8 digits."""
    digits = "".join(text.split())
    short = len(digits) == SHORT_CODE and digits.isdigit()
    return {"short_code": digits} if short else {"code": text}


class PosConfig(models.Model):
    """A till that may be a terminal of a CartBridge gateway."""

    _inherit = "pos.config"

    cartbridge_gateway_id = fields.Many2one("cartbridge.gateway", "CartBridge gateway")
    cartbridge_terminal = fields.Char(
        "Name of this till on the gateway", help="The terminal's id, such as lyon-2-till-1"
    )

    def _cartbridge_pos(self, method, path, body=None, **more):
        """Asks the gateway as this till."""
        gateway = self.cartbridge_gateway_id
        return gateway._pos(method, path, body, terminal=self.cartbridge_terminal, **more)

    def _cartbridge_cashier(self):
        """This till, for a cashier who may use it."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("point_of_sale.group_pos_user"):
            raise AccessError(_("Only a cashier can do that."))
        return self.sudo()

    def _cartbridge_own(self, claim):
        """A claim of this till."""
        return self.env["cartbridge.claim"].search(
            [("claim", "=", claim), ("config_id", "=", self.id)]
        )

    def cartbridge_pull(self, text, attempt, take_over=False):
        """Takes the cart of a code to this till: its future ticket, and what the cashier must know.

        `text` is what was scanned, or 8 digits. The same attempt again answers the same claim.
        """
        till = self._cartbridge_cashier()
        code_hash = hashlib.sha256(text.encode()).hexdigest()
        again = till.env["cartbridge.claim"].search(
            [("code_hash", "=", code_hash), ("config_id", "=", till.id), ("state", "=", "held")]
        )
        if again:
            return {"claim": again.claim, "order_uuid": again.order_uuid, "notices": []}
        body = {**_named(text), "staff": str(self.env.uid)}
        if take_over:
            body["take_over"] = {"reason": take_over}
        try:
            answer = till._cartbridge_pos("POST", "/v1/pos/claims", body, attempt=attempt)
        except GatewayProblem as problem:
            return {"problem": problem.told()}
        claim = till.env["cartbridge.claim"]._keep(till, answer, code_hash)
        return {
            "claim": claim.claim,
            "order_uuid": claim.order_uuid,
            "notices": notices.of_claim(self.env, answer),
        }

    def cartbridge_find(self, claim, ask):
        """The uuid of a claim's ticket once it is here, else false.

        `ask` the gateway under which name it put it, if it does not come under the agreed one.
        """
        till = self._cartbridge_cashier()
        own = till._cartbridge_own(claim)
        try:
            return own._find_ticket(ask).uuid
        except GatewayProblem:
            return False

    def cartbridge_release(self, claim):
        """Puts a cart back that the cashier does not want."""
        till = self._cartbridge_cashier()
        own = till._cartbridge_own(claim)
        if own.state in ("held", "to_release"):
            own.state = "to_release"
            own._release()
        return own.state

    def cartbridge_check(self, order_uuid):
        """Before a ticket is paid: whether its cart is still this till's, in words if not."""
        till = self._cartbridge_cashier()
        claim = till.env["cartbridge.claim"].search([("order_uuid", "=", order_uuid)], limit=1)
        if not claim or claim.state == "sold":
            return {}
        try:
            answer = claim._ask("GET")
        except GatewayProblem as problem:
            return {"problem": problem.told()} if problem.status != 503 else {}
        if not answer["over"]:
            return {}
        return {"over": notices.of_lost(self.env, answer["cart"])}

    def cartbridge_continue_online(self, order_uuid, lines, attempt):
        """A link by which the shopper goes on with a ticket at home.

        `lines` are what the ticket shows now. The same attempt again gives the same link.
        """
        till = self._cartbridge_cashier()
        try:
            kind, cart = till._cartbridge_cart(order_uuid, lines, attempt)
            if cart is None:
                return {"problem": notices.not_known_yet(self.env)}
            offer = till._cartbridge_pos(
                "POST",
                f"/v1/carts/{cart}/handovers",
                {"direction": "to_online"},
                attempt=f"{attempt}-offer",
            )
        except GatewayProblem as problem:
            return {"problem": problem.told()}
        till.env["cartbridge.claim"]._sent_online(order_uuid)
        return {
            "handover": offer["id"],
            "kind": kind,
            "url": offer["url"],
            "qr": till.cartbridge_gateway_id._qr(offer["url"]),
            "minutes": notices.minutes_until(offer["expires_at"]),
        }

    def _cartbridge_cart(self, order_uuid, lines, attempt):
        """How the gateway knows a ticket (claimed, saved or begun just now), and as which cart."""
        claim = self.env["cartbridge.claim"].search(
            [("order_uuid", "=", order_uuid), ("state", "=", "held")], limit=1
        )
        if claim:
            self._cartbridge_tell_edits(claim, lines, attempt)
            return "claimed", claim.cart
        order = self.env["pos.order"].search([("uuid", "=", order_uuid)], limit=1)
        if order:
            gateway = self.cartbridge_gateway_id
            known = gateway._known_cart(self._cartbridge_pos, "till_order", order_uuid)
            if known is None:
                gateway._send_hint(order._cartbridge_hint())
            return "saved", known and known["id"]
        begun = self._cartbridge_pos(
            "POST",
            "/v1/pos/carts",
            {
                "add": ticket_edits.articles(self.env, lines),
                "metadata": {"odoo_order": order_uuid},
                "staff": str(self.env.uid),
            },
            attempt=f"{attempt}-begin",
        )
        return "begun", begun["cart"]["id"]

    def _cartbridge_tell_edits(self, claim, lines, attempt):
        """Lets the cart be what the cashier made of its ticket."""
        cart = claim._ask("GET")["cart"]
        edits = ticket_edits.between(self.env, claim.order_uuid, cart, lines)
        if edits:
            path = f"/v1/pos/carts/{claim.cart}"
            self._cartbridge_pos("PATCH", path, edits, attempt=f"{attempt}-edits")

    def cartbridge_take_back(self, handover):
        """The ticket stays at the till after all: the link is dead."""
        till = self._cartbridge_cashier()
        try:
            till._cartbridge_pos("DELETE", f"/v1/handovers/{handover}")
        except GatewayProblem as problem:
            return {"problem": problem.told()}
        return {}


class ResConfigSettings(models.TransientModel):
    """The settings page of a till."""

    _inherit = "res.config.settings"

    pos_cartbridge_gateway_id = fields.Many2one(
        related="pos_config_id.cartbridge_gateway_id", readonly=False
    )
    pos_cartbridge_terminal = fields.Char(
        related="pos_config_id.cartbridge_terminal", readonly=False
    )
