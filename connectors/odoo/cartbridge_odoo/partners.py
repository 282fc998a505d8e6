"""Finding the customer among Odoo's contacts: never made, and never guessed between two."""

from typing import Any

from cartbridge.sdk.documents import Customer
from cartbridge_odoo.calls import Calls


async def partner_of(calls: Calls, customer: Customer | None) -> int | None:
    """The one contact with her loyalty number or e-mail; None if there is none, or two."""
    if customer is None:
        return None
    for field, text in (
        ("barcode", customer.loyalty_number),
        ("email_normalized", (customer.email or "").strip().lower()),
    ):
        if text:
            domain: list[Any] = [[field, "=", text]]
            found = await calls.search("res.partner", domain, ["id"], limit=2)
            if len(found) == 1:
                return int(found[0]["id"])
    return None
