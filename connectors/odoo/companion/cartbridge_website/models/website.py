"""The web shop: which gateway it belongs to."""

from odoo import fields, models


class Website(models.Model):
    """A web shop that may be a connection of a CartBridge gateway."""

    _inherit = "website"

    cartbridge_gateway_id = fields.Many2one("cartbridge.gateway", "CartBridge gateway")


class ResConfigSettings(models.TransientModel):
    """The settings page of a web shop."""

    _inherit = "res.config.settings"

    cartbridge_gateway_id = fields.Many2one(
        string="CartBridge gateway of the web shop",
        related="website_id.cartbridge_gateway_id",
        readonly=False,
    )
