"""From the companion's words to observations, and what was lost on the way."""

from collections.abc import Mapping
from typing import Any, Final

from cartbridge.sdk.documents import CodeRefusal, Customer, Fulfilment, Refusal, Snapshot
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartSeen,
    CheckoutSeen,
    CustomerSeen,
    Lost,
    OrderHandedOut,
    Read,
)
from cartbridge.sdk.payload import understood
from cartbridge_medusa import payloads as wire
from cartbridge_medusa.amounts import mode_of, shipping_total
from cartbridge_medusa.lines import key_of, observed, taken
from cartbridge_medusa.settings import Settings

ENDED: Final = frozenset({"sold", "deleted"})
CUSTOMER: Final = "customer"


def read_cart(where: str, data: Mapping[str, Any], settings: Settings) -> Read:
    """What a whole cart says: still open, bought online, or ended; `where` it stands in a body."""
    place = where.rstrip(".")
    if understood(wire.Mention, data, place).state in ENDED:
        return _ended(understood(wire.MedusaEnded, data, place))
    cart = understood(wire.MedusaCart, data, place)
    report: list[Lost] = []
    if cart.state == "ordered":
        return _ordered(where, cart, settings, report)
    seen = CartSeen(external_id=cart.external_id, snapshot=snapshot(where, cart, settings, report))
    step = CheckoutSeen(
        external_id=cart.external_id,
        at=cart.updated_at,
        step="started" if cart.in_checkout else "left",
    )
    return Read(observations=(seen, step), report=tuple(report))


def snapshot(where: str, cart: wire.MedusaCart, settings: Settings, report: list[Lost]) -> Snapshot:
    """The cart as Medusa shows it."""
    mode, currency = mode_of(cart.lines), cart.currency_code.upper()
    refused = tuple((key_of(one), one) for one in cart.refused)
    return Snapshot(
        lines=observed(where, cart, settings, report),
        codes=cart.codes,
        revision=cart.revision,
        last_push=cart.last_push,
        refused=tuple(
            Refusal(key=key, wanted=one.wanted, accepted=one.accepted, reason=one.reason)
            for key, one in refused
            if key is not None
        ),
        refused_codes=tuple(
            CodeRefusal(code=one.code, reason=one.reason)
            for _, one in refused
            if one.code is not None
        ),
        at=cart.updated_at,
        currency=currency,
        tax_mode=mode if cart.lines else None,
        locale=cart.locale or None,
        shipping=shipping_total(cart, mode, currency),
        has_payment=cart.has_payment,
        customer=_customer(where, cart.customer, report),
    )


def _customer(where: str, told: wire.MedusaCustomer | None, report: list[Lost]) -> Customer | None:
    if told is None:
        return None
    if not told.proven:
        why = "an e-mail that somebody typed: who she is, is known once she logs in"
        report.append(Lost(field=f"{where}customer", what="dropped", why=why))
        return None
    known = {name: value for name, value in told if value and name != "proven"}
    return Customer(**known) if known else None


def _ordered(where: str, cart: wire.MedusaCart, settings: Settings, report: list[Lost]) -> Read:
    if cart.order is None:
        raise Unreadable(f"{where}order: an ordered cart has one")
    seen = CartOrdered(
        external_id=cart.external_id,
        revision=cart.revision,
        at=cart.order.at,
        order_number=cart.order.number,
        fulfilment=_fulfilment(cart.order.fulfilment),
        lines=taken(observed(where, cart, settings, report)),
    )
    if cart.order.delivered_at is None:
        return Read(observations=(seen,), report=tuple(report))
    has_it = OrderHandedOut(external_id=cart.external_id, at=cart.order.delivered_at)
    return Read(observations=(seen, has_it), report=tuple(report))


def _fulfilment(told: wire.MedusaFulfilment | None) -> Fulfilment | None:
    return None if told is None else Fulfilment(kind=told.kind, store=told.location)


def read_customer(data: Mapping[str, Any]) -> Read:
    """Who the owner of an account is."""
    told = understood(wire.MedusaAccount, data, "")
    known = {name: value for name, value in told if value and name != "updated_at"}
    seen = CustomerSeen(
        external_id=told.external_id, at=told.updated_at, customer=Customer(**known)
    )
    return Read(observations=(seen,))


def _ended(cart: wire.MedusaEnded) -> Read:
    gone = CartGone(external_id=cart.external_id, revision=cart.revision, at=cart.updated_at)
    return Read(observations=(gone,))
