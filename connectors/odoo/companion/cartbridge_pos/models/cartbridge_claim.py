"""The web carts that tills of this Odoo hold, and what becomes of each."""

import logging
import uuid
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.cartbridge_gateway.models.cartbridge_gateway import GatewayProblem

_logger = logging.getLogger(__name__)

# The ticket that a claim becomes is uuid5(this, the claim's id): both sides can tell it beforehand.
NAMESPACE = uuid.UUID("9d4b0d2e-1f0a-5c55-8a53-6f9f6c2b7e10")
PATIENCE = timedelta(minutes=10)  # a cart that never came to the till is put back after that
OVER = ("claim_not_held", "not_found")


class CartbridgeClaim(models.Model):
    """A cart that one till took; kept here so that it outlives a reload of the till."""

    _name = "cartbridge.claim"
    _description = "CartBridge cart at a till"
    _rec_name = "claim"

    claim = fields.Char(required=True, index=True, readonly=True)
    cart = fields.Char(required=True, readonly=True)
    fence = fields.Integer(required=True, readonly=True)
    code_hash = fields.Char(index=True, readonly=True, help="By which a second scan finds it")
    config_id = fields.Many2one("pos.config", required=True, ondelete="cascade", readonly=True)
    order_uuid = fields.Char("Ticket", required=True, index=True, readonly=True)
    state = fields.Selection(
        [
            ("held", "At the till"),
            ("sold", "Sold"),
            ("to_release", "To be put back"),
            ("released", "Put back"),
            ("lost", "No longer ours"),
        ],
        default="held",
        required=True,
        index=True,
        readonly=True,
    )

    _one_per_claim = models.Constraint("UNIQUE(claim)", "A claim is kept once.")

    @api.model
    def _keep(self, config, answer, code_hash):
        """The record of what the gateway answered to a claim; a repeat finds it again."""
        known = self.search([("claim", "=", answer["claim"])])
        if known:
            return known
        return self.create(
            {
                "claim": answer["claim"],
                "cart": answer["cart"]["id"],
                "fence": answer["fence"],
                "code_hash": code_hash,
                "config_id": config.id,
                "order_uuid": str(uuid.uuid5(NAMESPACE, answer["claim"])),
            }
        )

    def _ticket(self):
        """The ticket on the till, if it is there."""
        return self.env["pos.order"].search([("uuid", "=", self.order_uuid)], limit=1)

    def _ask(self, method, action="", body=None, **more):
        path = f"/v1/pos/claims/{self.claim}{action}"
        return self.config_id._cartbridge_pos(method, path, body, **more)

    def _find_ticket(self, ask):
        """The ticket on the till; under another uuid too, if the gateway names one."""
        order = self._ticket()
        if order or not ask:
            return order
        named = [
            twin["external_id"]
            for twin in self._ask("GET")["cart"]["twins"]
            if twin["kind"] == "till_order"
        ]
        other = self.env["pos.order"].search([("uuid", "in", named)], limit=1)
        if other:
            self.order_uuid = other.uuid
        return other

    def _release(self):
        """Puts the cart back; one that is not ours any more is left alone."""
        try:
            attempt = f"odoo-release-{self.claim}"
            self._ask("POST", "/release", {"fence": self.fence}, attempt=attempt)
            self.state = "released"
        except GatewayProblem as problem:
            if problem.code in OVER:
                self.state = "lost"
            else:
                _logger.warning("claim %s is not put back yet: %s", self.claim, problem.code)

    def _renew(self):
        """Begins the hold time anew, so that nobody is given the cart while it is on the till."""
        try:
            attempt = f"odoo-renew-{uuid.uuid4()}"
            self._ask("POST", "/renew", {"fence": self.fence}, attempt=attempt)
        except GatewayProblem as problem:
            if problem.code in OVER:
                self.state = "lost"
            else:
                _logger.warning("claim %s could not be renewed: %s", self.claim, problem.code)

    def _follow(self):
        """What the ticket's state means for the claim."""
        order = self._ticket()
        if order and order.state == "draft":
            self._renew()
        elif order:
            self.state = "to_release" if order.state == "cancel" else "sold"
        elif self.create_date < fields.Datetime.now() - PATIENCE:
            self.state = "to_release"

    @api.model
    def _cron_keep(self):
        """Renews the carts whose tickets are open, puts back those that are not wanted."""
        for claim in self.search([("state", "=", "held")]):
            claim._follow()
            self.env.cr.commit()
        for claim in self.search([("state", "=", "to_release")]):
            claim._release()
            self.env.cr.commit()

    @api.model
    def _sent_online(self, order_uuid):
        """The link took the cart from this till: there is nothing left to keep or to put back."""
        self.search([("order_uuid", "=", order_uuid), ("state", "=", "held")]).state = "lost"

    @api.model
    def _ticket_moved(self, orders):
        """A ticket was sold or cancelled: its cart is sold, or goes back at once."""
        held = self.search([("order_uuid", "in", orders.mapped("uuid")), ("state", "=", "held")])
        for claim in held:
            state = orders.filtered(lambda o, claim=claim: o.uuid == claim.order_uuid).state
            if state == "cancel":
                claim.state = "to_release"
            elif state != "draft":
                claim.state = "sold"
        if "to_release" in held.mapped("state"):
            self.env.ref("cartbridge_pos.cron_keep_claims")._trigger()
