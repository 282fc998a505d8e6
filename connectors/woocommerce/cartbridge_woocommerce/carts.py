"""From the plugin's cart to observations: open, at the checkout, sold, joined, or gone."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cartbridge.sdk.documents import (
    CodeRefusal,
    Customer,
    ObservedLine,
    Refusal,
    Snapshot,
)
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartSeen,
    CheckoutSeen,
    Observation,
    Read,
)
from cartbridge.sdk.payload import understood
from cartbridge_woocommerce import cart_payloads as wire
from cartbridge_woocommerce.articles import article
from cartbridge_woocommerce.keys import key_by
from cartbridge_woocommerce.lines import Row, Sheet, observed, taken
from cartbridge_woocommerce.pick_up import at_place

ENDED: Final = frozenset({"merged", "gone"})


def read_cart(body: Mapping[str, Any]) -> Read:
    """What a whole cart says of itself, and of the guest's cart that went into it."""
    cart = understood(wire.Cart, body)
    sheet = _sheet(cart)
    if cart.status in ENDED:
        return Read(observations=(_ended(cart),))
    seen: list[Observation] = []
    if cart.previous_id is not None:
        seen.append(
            CartGone(
                external_id=cart.previous_id,
                at=cart.updated_at,
                merged_into=cart.external_id,
                into_revision=cart.revision,
            )
        )
    shown = snapshot(cart, sheet)
    seen.append(CartSeen(external_id=cart.external_id, snapshot=shown))
    seen.append(_sold(cart, shown) if cart.status == "ordered" else _step(cart))
    return Read(observations=tuple(seen), report=tuple(sheet.report))


def snapshot(cart: wire.Cart, sheet: Sheet | None = None) -> Snapshot:
    """The cart as the shop shows it."""
    sheet = sheet or _sheet(cart)
    return Snapshot(
        lines=_lines(cart, sheet),
        codes=sheet.codes,
        revision=cart.revision,
        last_push=cart.last_push,
        refused=tuple(_refused(cart)),
        refused_codes=tuple(
            CodeRefusal(code=one.code, reason=one.reason) for one in cart.refused_codes
        ),
        at=cart.updated_at,
        currency=cart.currency,
        tax_mode=sheet.tax_mode,
        locale=language(cart.locale),
        shipping=sheet.minor(sheet.shown(cart.totals.shipping_net, cart.totals.shipping_tax)),
        customer=_customer(cart.customer),
    )


def _refused(cart: wire.Cart) -> Iterator[Refusal]:
    """What was refused, under each key that our write may have had for it."""
    for one in cart.refused:
        keys = {key_by(one.sku, one.gtin, one.product_id or 0, one.variation_id or 0)}
        if one.gtin is not None and not one.accepted:  # it is not there, by whatever name
            keys.add(key_by(None, one.gtin, one.product_id or 0, one.variation_id or 0))
        for key in sorted(keys):
            yield Refusal(key=key, wanted=one.wanted, accepted=one.accepted, reason=one.reason)


def language(locale: str | None) -> str | None:
    """WordPress's `de_DE_formal` as `de-DE`."""
    return "-".join(locale.split("_")[:2]) if locale else None


def _sheet(cart: wire.Cart) -> Sheet:
    return Sheet(
        currency=cart.currency,
        tax_mode="inclusive" if cart.prices_include_tax else "exclusive",
        codes=tuple(coupon.code for coupon in cart.coupons),
    )


def _lines(cart: wire.Cart, sheet: Sheet) -> tuple[ObservedLine, ...]:
    totals = cart.totals
    goods = totals.total if sheet.tax_mode == "inclusive" else totals.total - totals.tax
    goods -= sheet.shown(totals.shipping_net, totals.shipping_tax)
    for place, fee in enumerate(cart.fees):
        goods -= sheet.shown(fee.total_net, fee.total_tax)
        sheet.lost(f"fees[{place}]", "a fee of the shop is no article; it stays in its own total")
    rows = [_row(f"lines[{place}]", line, sheet) for place, line in enumerate(cart.lines)]
    return observed(rows, goods, sheet)


def _row(where: str, line: wire.CartLine, sheet: Sheet) -> Row:
    key, item = article(
        where,
        (line.sku, line.global_unique_id, line.product_id, line.variation_id),
        line.name,
        ((one.name, one.value) for one in line.attributes),
        sheet,
        line.image_url,
        line.permalink,
    )
    inclusive = sheet.tax_mode == "inclusive"
    return Row(
        key=key,
        item=item,
        quantity=line.quantity,
        subtotal=line.subtotal_net,
        subtotal_tax=line.subtotal_tax,
        total=line.total_net,
        total_tax=line.total_tax,
        taxes=tuple((tax.rate, tax.amount) for tax in line.taxes),
        list_price=line.list_price_gross if inclusive else line.list_price_net,
        external_id=line.key,
    )


def _customer(told: wire.CartCustomer | None) -> Customer | None:
    if told is None:
        return None
    known = {name: value for name, value in told if value and name != "id"}
    if told.id:
        known["external_id"] = str(told.id)
    return Customer(**known) if known else None


def _ended(cart: wire.Cart) -> CartGone:
    return CartGone(
        external_id=cart.external_id,
        revision=cart.revision,
        at=cart.updated_at,
        merged_into=cart.merged_into,
        into_revision=cart.into_revision,
    )


def _step(cart: wire.Cart) -> CheckoutSeen:
    return CheckoutSeen(
        external_id=cart.external_id,
        at=cart.updated_at,
        step="started" if cart.status == "checkout" else "left",
    )


def _sold(cart: wire.Cart, shown: Snapshot) -> CartOrdered:
    """The sale that the message tells: the lines of such a message are what was sold."""
    order = cart.last_order
    return CartOrdered(
        external_id=cart.external_id,
        revision=cart.revision,
        at=order.at if order is not None else cart.updated_at,
        order_number=order.number if order is not None else None,
        fulfilment=at_place(order.pick_up) if order is not None else None,
        lines=taken(shown.lines),
    )
