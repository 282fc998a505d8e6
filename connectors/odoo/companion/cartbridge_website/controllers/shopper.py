"""Where a shopper joins a cart begun in a store, and shows her own at a till."""

import hashlib
import time
import uuid
from datetime import datetime

from odoo import _, fields
from odoo.addons.cartbridge_gateway.models.cartbridge_gateway import GatewayProblem
from odoo.http import Controller, request, route

LOOK_AGAIN = 0.5  # seconds
KNOWN_WITHIN = 5
MINUTE = 60
PRIVATE = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


class Shopper(Controller):
    """Two pages, each about the visitor's own cart; a browser never sees a key."""

    @route("/cartbridge/join", type="http", auth="public", website=True, sitemap=False)
    def join(self, code="", **_ignored):
        """She opened the link of a ticket: her cart here becomes that cart."""
        gateway = request.website.sudo().cartbridge_gateway_id
        if not gateway or not code:
            return self._told(_("This link is not complete"), _("Open it again as you got it."))
        cart = request.cart or request.website._create_cart()
        body = {"code": code, "external_id": str(cart.id), "kind": "cart"}
        user = request.env.user
        if not user._is_public():
            partner = user.partner_id
            customer = {"external_id": str(partner.id), "email": partner.email or None}
            body["customer"] = {name: told for name, told in customer.items() if told}
        attempt = hashlib.sha256(f"{code}/{cart.id}".encode()).hexdigest()
        request.env.cr.commit()  # the gateway reads the cart that it is joined to
        try:
            gateway._shop("POST", "/v1/handovers/join", body, attempt=f"odoo-join-{attempt}")
        except GatewayProblem as problem:
            return self._told(problem.title, problem.detail)
        return request.redirect("/shop/cart")

    @route("/cartbridge/store", type="http", auth="public", website=True, sitemap=False)
    def store(self, **_ignored):
        """Her own cart as a code for the till, fresh at each look."""
        gateway = request.website.sudo().cartbridge_gateway_id
        cart = request.cart
        if not gateway or not cart or not cart.order_line:
            return request.redirect("/shop/cart")
        try:
            known = _known(gateway, cart)
            if known is None:
                title = _("One moment")
                return self._told(title, _("Your cart is on its way. Load this page again."))
            offer = gateway._shop(
                "POST",
                f"/v1/carts/{known['id']}/handovers",
                {"direction": "to_store"},
                attempt=f"odoo-offer-{uuid.uuid4()}",
            )
        except GatewayProblem as problem:
            return self._told(problem.title, problem.detail)
        values = {
            "qr": gateway._qr(offer["url"]),
            "short_code": f"{offer['short_code'][:4]} {offer['short_code'][4:]}",
            "pass_url": offer["pass_url"],
            "minutes": _minutes_until(offer["expires_at"]),
        }
        return request.render("cartbridge_website.store", values, headers=PRIVATE)

    def _told(self, title, detail):
        values = {"title": title, "detail": detail}
        return request.render("cartbridge_website.told", values, headers=PRIVATE)


def _known(gateway, cart):
    """The gateway's cart for hers; one that it has not heard of yet is hinted at and waited for."""
    known = gateway._known_cart(gateway._shop, "cart", str(cart.id))
    if known is not None:
        return known
    gateway._send_hint(cart._cartbridge_hint())
    until = time.monotonic() + KNOWN_WITHIN
    while known is None and time.monotonic() < until:
        time.sleep(LOOK_AGAIN)
        known = gateway._known_cart(gateway._shop, "cart", str(cart.id))
    return known


def _minutes_until(moment):
    left = datetime.fromisoformat(moment).replace(tzinfo=None) - fields.Datetime.now()
    return max(0, int(left.total_seconds() // MINUTE))
