"""The checkout of a cart that a till holds leads back to the cart page."""

from odoo.addons.website_sale.controllers.main import WebsiteSale
from odoo.http import request


class Checkout(WebsiteSale):
    """The shop's checkout."""

    def _check_cart(self, order_sudo):
        """Where to go instead, if this cart cannot be bought now."""
        redirection = super()._check_cart(order_sudo)
        if redirection or not order_sudo._cartbridge_frozen():
            return redirection
        return request.redirect("/shop/cart")
