"""From an order to observations: waiting for its payment, bought, given back, or ended."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

from cartbridge.sdk.documents import Company, Customer, Snapshot, TwinKind
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartReturned,
    CartSeen,
    CheckoutSeen,
    Hint,
    Observation,
    OrderHandedOut,
    Read,
)
from cartbridge_woocommerce import payloads as wire
from cartbridge_woocommerce.articles import article, in_words
from cartbridge_woocommerce.lines import Row, Sheet, observed, taken
from cartbridge_woocommerce.order_stages import (
    CART_REVISION,
    NO_NEWS,
    OFFLINE,
    PUSH,
    cart_id,
    meta,
    phase,
)
from cartbridge_woocommerce.pick_up import is_handed_out, pick_up


def twin_of(order: wire.Stage) -> tuple[TwinKind, str]:
    """The cart it was placed from, or the order itself where it stands alone."""
    cart = cart_id(order)
    return ("order", str(order.id)) if cart is None else ("cart", cart)


def read_hook(order: wire.Order) -> Read:
    """What a webhook says; an order that stands for itself is read: hooks come in no order."""
    sheet = _sheet(order)
    stage, cart = phase(order), cart_id(order)
    if stage in NO_NEWS:
        sheet.lost("status", NO_NEWS[stage])
        return Read(report=tuple(sheet.report))
    if cart is None and stage != "returned":
        return Read(observations=(Hint(kind="order", external_id=str(order.id)),))
    kind, name = twin_of(order)
    if stage == "returned":
        return _read(_returned(order, kind, name, sheet), order, sheet)
    if stage == "bought" and is_handed_out(order):
        return Read(observations=(_handed_out(order, kind, name),))
    if stage == "bought":
        return _read(_ordered(order, kind, name, sheet), order, sheet)
    step = _step(order, kind, name)
    return Read(observations=(step,))


def read_document(order: wire.Order) -> Read:
    """What an order that was read or listed says, where it stands for itself.

    The sale of a cart is told by its webhook and by the plugin, once: told again from here, it
    could meet the customer's next cart, which has the same id. That it was handed out names its
    order, and may be told again.
    """
    sheet = _sheet(order)
    stage, name, cart = phase(order), str(order.id), cart_id(order)
    if stage == "bought" and cart is not None and is_handed_out(order):
        return Read(observations=(_handed_out(order, "cart", cart),))
    if stage in NO_NEWS or cart is not None:
        sheet.lost("status", NO_NEWS.get(stage, "its cart is told by the plugin"))
        return Read(report=tuple(sheet.report))
    if stage == "ended":
        return Read(
            observations=(CartGone(kind="order", external_id=name, at=order.date_modified_gmt),)
        )
    shown = CartSeen(kind="order", external_id=name, snapshot=snapshot(order, sheet))
    if stage == "unpaid":
        return _read(_step(order, "order", name), order, sheet, shown)
    ordered = _ordered(order, "order", name, Sheet(sheet.currency, sheet.tax_mode, sheet.codes))
    if is_handed_out(order):
        return _read(_handed_out(order, "order", name), order, sheet, shown, ordered)
    return _read(ordered, order, sheet, shown)


def snapshot(order: wire.Order, sheet: Sheet | None = None) -> Snapshot:
    """The order as the shop shows it; it has no revision that one could trust."""
    sheet = sheet or _sheet(order)
    push = meta(order, PUSH)
    return Snapshot(
        lines=observed(list(_rows(order, sheet)), _goods(order, sheet), sheet),
        codes=sheet.codes,
        last_push=push if isinstance(push, str) else None,
        at=order.date_modified_gmt,
        currency=order.currency,
        tax_mode=sheet.tax_mode,
        shipping=sheet.minor(sheet.shown(order.shipping_total, order.shipping_tax)),
        has_payment=order.date_paid_gmt is not None,
        customer=_customer(order),
    )


def _read(said: Observation, order: wire.Order, sheet: Sheet, *before: Observation) -> Read:
    if order.refunds and phase(order) != "returned":
        why = "which articles came back is not told with the order: tell it at the till"
        sheet.lost("refunds", why)
    return Read(observations=(*before, said), report=tuple(sheet.report))


def _sheet(order: wire.Order) -> Sheet:
    return Sheet(
        currency=order.currency,
        tax_mode="inclusive" if order.prices_include_tax else "exclusive",
        codes=tuple(coupon.code for coupon in order.coupon_lines),
    )


def _goods(order: wire.Order, sheet: Sheet) -> Decimal:
    """What all its rows come to: the total without shipping and fees."""
    total = order.total if sheet.tax_mode == "inclusive" else order.total - order.total_tax
    total -= sheet.shown(order.shipping_total, order.shipping_tax)
    for place, fee in enumerate(order.fee_lines):
        total -= sheet.shown(fee.total, fee.total_tax)
        sheet.lost(f"fee_lines[{place}]", "a fee is no article; it stays in the shop's own total")
    return total


def _rows(order: wire.Order, sheet: Sheet) -> Iterator[Row]:
    rates = {tax.rate_id: tax.rate_percent for tax in order.tax_lines}
    for place, line in enumerate(order.line_items):
        key, item = article(
            f"line_items[{place}]",
            (line.sku, line.global_unique_id, line.product_id, line.variation_id),
            line.name,
            _chosen(line),
            sheet,
            _picture(line),
        )
        yield Row(
            key=key,
            item=item,
            quantity=line.quantity,
            subtotal=line.subtotal,
            subtotal_tax=line.subtotal_tax,
            total=line.total,
            total_tax=line.total_tax,
            taxes=_taxes(line, rates),
            external_id=str(line.id),
        )


def _chosen(line: wire.OrderLine) -> Iterator[tuple[str, str]]:
    """What the shopper chose; names that begin with _ are the shop's own."""
    for one in line.meta_data:
        name, value = one.display_key, one.display_value
        if isinstance(one.key, str) and one.key.startswith("_"):
            continue
        if isinstance(name, str) and isinstance(value, str) and name:
            yield name, value


def _picture(line: wire.OrderLine) -> str | None:
    src = line.image.src if line.image is not None else None
    if not isinstance(src, str) or not src.startswith(("https://", "http://")):
        return None
    return in_words(src) if len(src) <= 2000 else None


def _taxes(
    line: wire.OrderLine, rates: Mapping[int, Decimal | None]
) -> tuple[tuple[Decimal, Decimal], ...]:
    """Each with its rate; none if one of the rates is not told, so that the loss is reported."""
    told = [(rates.get(tax.id), tax.total) for tax in line.taxes]
    known = [(rate, amount) for rate, amount in told if rate is not None]
    if len(known) < len(told):
        return ()
    # Of one tax the row's own sum is the one that adds up: the shop rounds the share apart.
    return ((known[0][0], line.total_tax),) if len(known) == 1 else tuple(known)


def _customer(order: wire.Order) -> Customer | None:
    told = order.billing
    known: dict[str, Any] = {
        name: getattr(told, name)
        for name in ("email", "phone", "first_name", "last_name")
        if getattr(told, name)
    }
    if told.company:
        known["company"] = Company(name=told.company)
    if order.customer_id:
        known["external_id"] = str(order.customer_id)
    return Customer(**known) if known else None


def _ordered(order: wire.Order, kind: TwinKind, name: str, sheet: Sheet) -> CartOrdered:
    at = order.date_created_gmt if order.payment_method in OFFLINE else order.date_paid_gmt
    revision = str(meta(order, CART_REVISION))[:20]
    return CartOrdered(
        kind=kind,
        external_id=name,
        revision=int(revision) if revision.isascii() and revision.isdigit() else None,
        at=at or order.date_created_gmt,
        order_number=order.number,
        fulfilled=order.status == "completed" and not is_handed_out(order),
        fulfilment=pick_up(order),
        lines=taken(snapshot(order, sheet).lines),
    )


def _handed_out(order: wire.Order, kind: TwinKind, name: str) -> OrderHandedOut:
    return OrderHandedOut(
        kind=kind,
        external_id=name,
        at=order.date_completed_gmt or order.date_modified_gmt,
        order_number=order.number,
    )


def _returned(order: wire.Order, kind: TwinKind, name: str, sheet: Sheet) -> CartReturned:
    """Paid back or cancelled whole: everything that was sold came back."""
    return CartReturned(
        kind=kind,
        external_id=name,
        at=order.date_modified_gmt,
        lines=taken(snapshot(order, sheet).lines),
    )


def _step(order: wire.Order, kind: TwinKind, name: str) -> CheckoutSeen:
    started = phase(order) == "unpaid" and order.status != "failed"
    step: Literal["started", "left"] = "started" if started else "left"
    return CheckoutSeen(kind=kind, external_id=name, at=order.date_modified_gmt, step=step)
