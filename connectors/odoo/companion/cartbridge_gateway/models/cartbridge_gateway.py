"""The CartBridge gateway as Odoo knows it: its address, our keys, calls and hints to it."""

import base64
import logging
import threading

import requests
from odoo import _, api, fields, models

_logger = logging.getLogger(__name__)

CALL_SECONDS = 10
HINT_SECONDS = 5
QR_PIXELS = 320


class GatewayProblem(Exception):
    """The gateway said no; `code` is stable, `title` and `detail` are for people."""

    def __init__(self, status, document):
        super().__init__(document.get("code", "unavailable"))
        self.status = status
        self.code = document.get("code", "unavailable")
        self.title = document.get("title", "")
        self.detail = document.get("detail", "")
        self.params = document.get("params", {})

    def told(self):
        """The problem as a page or a till is given it."""
        return {
            "status": self.status,
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            "params": self.params,
        }


class CartbridgeGateway(models.Model):
    """A CartBridge gateway and this Odoo's keys to it; the keys stay on the server."""

    _name = "cartbridge.gateway"
    _description = "CartBridge gateway"

    name = fields.Char(required=True)
    url = fields.Char("Address", required=True, help="Such as https://carts.example.fr")
    connection = fields.Char(
        required=True, help="The name of this Odoo's connection on the gateway"
    )
    company_id = fields.Many2one(
        "res.company",
        "Company",
        help="Whose quotations and leads are told there; empty: those of all companies",
    )
    pos_key = fields.Char("Key of the tills", groups="base.group_system", copy=False)
    shop_key = fields.Char("Key of the web shop", groups="base.group_system", copy=False)
    hook_url = fields.Char(
        "Hook address",
        groups="base.group_system",
        copy=False,
        help="Where changes are told, with its secret, as the gateway shows it for this connection",
    )

    def _call(self, method, path, body=None, *, key, attempt=None, terminal=None, query=None):
        """Asks the gateway; the answer's document. Raises GatewayProblem in the user's words."""
        self.ensure_one()
        headers = {
            "Authorization": f"Bearer {key or ''}",
            "Accept-Language": "fr" if (self.env.lang or "fr").startswith("fr") else "en",
        }
        if terminal:
            headers["CartBridge-Terminal"] = terminal
        if attempt:
            headers["Idempotency-Key"] = attempt
        try:
            answer = requests.request(
                method,
                self.url.rstrip("/") + path,
                json=body,
                params=query,
                headers=headers,
                timeout=CALL_SECONDS,
                allow_redirects=False,
            )
            document = answer.json() if answer.content else {}
        except (requests.RequestException, ValueError) as error:
            _logger.warning("CartBridge %s does not answer: %s", self.name, type(error).__name__)
            raise GatewayProblem(503, self._unreachable()) from None
        if not answer.ok:
            raise GatewayProblem(answer.status_code, document)
        return document

    def _unreachable(self):
        return {
            "code": "unavailable",
            "title": _("The CartBridge gateway does not answer"),
            "detail": _("Nothing was changed. Check the network, then try again."),
        }

    def _pos(self, method, path, body=None, **more):
        """As a till: the key of the tills, and the terminal that calls."""
        return self._call(method, path, body, key=self.sudo().pos_key, **more)

    def _shop(self, method, path, body=None, **more):
        """As the web shop."""
        return self._call(method, path, body, key=self.sudo().shop_key, **more)

    def _known_cart(self, ask, kind, external_id):
        """The cart that the gateway keeps for a document of ours, or None."""
        query = {"connection": self.connection, "kind": kind, "external_id": external_id}
        items = ask("GET", "/v1/carts", query=query)["items"]
        return items[0] if items else None

    def _send_hint(self, values):
        """Tells that a record changed; True if the gateway has it."""
        self.ensure_one()
        return _post_hint(self.sudo().hook_url, values)

    def _hint_later(self, hints):
        """Tells changes once the transaction has been kept, without anybody waiting for it."""
        self.ensure_one()
        url = self.sudo().hook_url
        if url and hints:
            self.env.cr.postcommit.add(lambda: _in_background(url, hints))

    @api.model
    def _tell(self, hint, company=None, gateway=None):
        """Tells a changed record once for the whole transaction, after it has been kept.

        To the gateway named, else to all of the company, or of none in particular.
        """
        waiting = self.env.cr.precommit.data.setdefault("cartbridge_gateway.changed", {})
        if not waiting:
            self.env.cr.precommit.add(self.env["cartbridge.gateway"].sudo()._settle)
        number = company.id if company else False
        waiting[hint["_model"], hint["_id"]] = (hint, number, gateway.id if gateway else False)

    def _settle(self):
        """Hands what changed to whom it concerns."""
        changed = self.env.cr.precommit.data.pop("cartbridge_gateway.changed", {}).values()
        for gateway in self.search([]):
            own = gateway.company_id.id
            gateway._hint_later(
                [
                    hint
                    for hint, company, named in changed
                    if (named == gateway.id if named else not own or own == company)
                ]
            )

    def _qr(self, text):
        """A QR code as the address of an image that holds it."""
        png = self.env["ir.actions.report"].barcode("QR", text, width=QR_PIXELS, height=QR_PIXELS)
        return "data:image/png;base64," + base64.b64encode(png).decode()


def _in_background(url, hints):
    def send():
        for values in hints:
            _post_hint(url, values)

    threading.Thread(target=send, name="cartbridge-hint", daemon=True).start()


def _post_hint(url, values):
    if not url:
        return False
    try:
        answer = requests.post(url, json=values, timeout=HINT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        _logger.warning("CartBridge took no hint: %s", type(error).__name__)
        return False
    if not answer.ok:
        _logger.warning("CartBridge refused a hint with %s", answer.status_code)
    return answer.ok
