"""What a webhook says of an account: who the customer is, and never what she agreed to."""

from collections.abc import Mapping
from typing import Any, Final

from cartbridge.sdk.documents import Company, Customer
from cartbridge.sdk.observations import CustomerSeen, Lost, Read
from cartbridge.sdk.payload import understood
from cartbridge_woocommerce import payloads as wire

# WordPress's and WooCommerce's own roles of those who work on the shop.
STAFF: Final = frozenset({"administrator", "shop_manager", "editor", "author", "contributor"})


def read_account(body: Mapping[str, Any]) -> Read:
    """By what she is known; WooCommerce keeps no consent, so none is told."""
    account = understood(wire.Account, body)
    if is_staff(account):
        why = "whoever works on the shop is no customer"
        return Read(report=(Lost(field="role", what="dropped", why=why),))
    billing = account.billing
    known: dict[str, Any] = {
        "email": account.email or billing.email,
        "phone": billing.phone,
        "first_name": account.first_name or billing.first_name,
        "last_name": account.last_name or billing.last_name,
        "company": Company(name=billing.company) if billing.company else None,
    }
    seen = CustomerSeen(
        external_id=str(account.id),
        at=account.date_modified_gmt or account.date_created_gmt,
        customer=Customer(external_id=str(account.id), **known),
    )
    return Read(observations=(seen,))


def is_staff(account: wire.Account) -> bool:
    """Whether it is the account of somebody who works on the shop."""
    return account.role in STAFF
