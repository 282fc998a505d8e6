"""What an error of Odoo means: wait, give up, forget it, read again, or renew the key."""

from collections.abc import Mapping
from typing import Any, Final

import httpx

from cartbridge.sdk import client
from cartbridge.sdk.errors import ConnectorError, Credentials, Ignore, Refuse, Retry, Unknown

# The right that opens a model, as Odoo's own settings page calls it.
RIGHTS: Final[Mapping[str, str]] = {
    "pos.order": "Point of Sale: User",
    "pos.order.line": "Point of Sale: User",
    "pos.session": "Point of Sale: User",
    "pos.config": "Point of Sale: User",
    "product.product": "Point of Sale: User",
    "account.tax": "Point of Sale: User",
    "sale.order": "Sales: User, All Documents",
    "sale.order.line": "Sales: User, All Documents",
    "res.partner": "Sales: User, All Documents",
    "product.wishlist": "Sales: Administrator",
    "crm.lead": "Sales: User, All Documents",
    "crm.stage": "Sales: User, All Documents",
    "mail.message": "Sales: User, All Documents",
    "product.category": "Point of Sale: User",
    "product.pricelist.item": "Point of Sale: User",
    "loyalty.card": "Point of Sale: User",
    "stock.move": "Sales: User, All Documents",
    "stock.warehouse": "Sales: User, All Documents",
    "website.track": "Sales: User, All Documents, with the app CRM",
    "website.visitor": "Sales: User, All Documents, with the app CRM",
    "base.automation": "Administration: Settings",
    "ir.actions.server": "Administration: Settings",
}
# Two tills of one pos.config, or a shopper and we, wrote at the same moment: Odoo gave up on ours.
CROSSED: Final = ("SerializationFailure", "LockNotAvailable", "DeadlockDetected")
NO_SESSION: Final = "no open session"


def failed(model: str, method: str, status: int, error: Mapping[str, Any]) -> ConnectorError:
    """The error behind an exception that Odoo told; never its message, which may name people."""
    name = str(error.get("name", "")).rpartition(".")[2]
    call = f"{model}.{method}"
    if name in ("AccessDenied", "Unauthorized") or status == 401:
        return Credentials("Odoo does not know this API key: make a new one, they run out")
    if name == "AccessError":
        right = RIGHTS.get(model, "the one that Odoo names in its log")
        return Refuse(f"{call}: the user of the API key lacks a right: {right}")
    if name == "MissingError":
        return Ignore(f"{call}: the record is gone")
    if name == "NotFound":
        return Refuse(f"{call} is not there: is the app that brings it installed?")
    if name in CROSSED or _crossed(error):
        return Retry(f"{call}: crossed another writing", 2.0)
    if NO_SESSION in str(error.get("message", "")).lower():
        return Ignore("no session is open on this till: open it, then scan the code again")
    if name in ("UserError", "ValidationError", "UnprocessableEntity", "RedirectWarning"):
        return Refuse(f"{call}: refused with {name}; Odoo's log of this moment says why")
    return Unknown(f"{call}: failed with status {status}")


def _crossed(error: Mapping[str, Any]) -> bool:
    told = str(error.get("message", "")).lower()
    return "could not serialize access" in told or "could not obtain lock" in told


def unanswered(response: httpx.Response) -> Exception:
    """The error of an answer that is not Odoo's own, but a proxy's in front of it."""
    if response.status_code in (401, 403):
        return Credentials("the server in front of Odoo refuses our calls: check base_url and key")
    if response.status_code in (404, 410):
        return Refuse("Odoo does not answer there: check base_url, database and version")
    if response.status_code < 300:
        return Unknown("the answer cannot be understood: is this Odoo?")
    return client.failure(response)
