"""Views of the website: whether the visitor had agreed to them when they were made."""

import json

from odoo import api, fields, models
from odoo.http import request

COOKIE = "website_cookies_bar"


class WebsiteTrack(models.Model):
    """A page or an article that a visitor looked at."""

    _inherit = "website.track"

    cartbridge_consent = fields.Boolean(
        "Optional cookies accepted",
        readonly=True,
        help="The visitor had accepted optional cookies in the cookie bar",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Keeps with the view what the cookie bar was answered."""
        agreed = _agreed()
        return super().create([{**vals, "cartbridge_consent": agreed} for vals in vals_list])


def _agreed():
    """Whether optional cookies were accepted; without a cookie bar nobody was asked."""
    if not request or not getattr(request, "website", None) or not request.website.cookies_bar:
        return False
    try:
        answered = json.loads(request.cookies.get(COOKIE, "{}"))
    except ValueError:
        return False
    return isinstance(answered, dict) and answered.get("optional") is True
