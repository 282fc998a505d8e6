"""From the companion's line items to observed lines, and what was lost on the way."""

from collections.abc import Sequence
from urllib.parse import quote

from cartbridge.sdk.documents import Item, ObservedLine, Prices, is_gtin, to_minor
from cartbridge.sdk.observations import Lost, TakenLine
from cartbridge_medusa import payloads as wire
from cartbridge_medusa.amounts import (
    charged,
    discounts,
    exact_price,
    goods_total,
    mode_of,
    taxes,
)
from cartbridge_medusa.settings import Settings


def key_of(named: wire.MedusaRefusal) -> str | None:
    """The item key of a refused article; None if it is a promotion code."""
    if named.sku:
        return f"sku:{named.sku}"
    if named.gtin:
        return f"gtin:{named.gtin.zfill(14)}"
    return f"title:{named.title}" if named.title else None


def article_of(key: str) -> dict[str, str]:
    """What the companion finds the article of an item key by."""
    kind, _, name = key.partition(":")
    return {kind: name}


def observed(
    where: str, cart: wire.MedusaCart, settings: Settings, report: list[Lost]
) -> tuple[ObservedLine, ...]:
    """The articles of a cart, their totals those of Medusa to the cent."""
    lines = tuple(
        _observed(f"{where}lines[{place}]", line, cart, settings, report)
        for place, line in enumerate(cart.lines)
    )
    settled = _settled(where, cart, lines, report)
    kept = []
    for place, line in enumerate(settled):
        if line.quantity % 1:
            why = "part of a piece: CartBridge sells this shop's articles by the piece"
            report.append(Lost(field=f"{where}lines[{place}].quantity", what="dropped", why=why))
        elif line.quantity:
            kept.append(line)
    return tuple(kept)


def _observed(
    where: str,
    line: wire.MedusaLine,
    cart: wire.MedusaCart,
    settings: Settings,
    report: list[Lost],
) -> ObservedLine:
    currency = cart.currency_code.upper()
    cost = charged(line, mode_of(cart.lines), currency)
    item = _item(where, line, settings, report)
    if cost.full < cost.total:
        why = "a promotion raises the price; the line's total holds it"
        report.append(Lost(field=f"{where}.adjustments", what="dropped", why=why))
    return ObservedLine(
        key=item.key,
        kind="gift_card" if line.is_giftcard else "goods",
        item=item,
        quantity=line.quantity,
        prices=Prices(
            unit_price=to_minor(cost.unit, currency),
            unit_price_exact=exact_price(cost.unit, currency),
            list_price=cost.list_price,
            taxes=taxes(line, currency),
            discounts=discounts(line.adjustments, cost.full - cost.total),
            total=cost.total,
        ),
        external_id=line.external_id,
    )


def _item(where: str, line: wire.MedusaLine, settings: Settings, report: list[Lost]) -> Item:
    gtin = line.gtin or None
    if gtin is not None and not is_gtin(gtin):
        why = "not 8, 12, 13 or 14 digits with a right check digit: mend it in the shop"
        report.append(Lost(field=f"{where}.gtin", what="dropped", why=why))
        gtin = None
    if line.barcode:
        why = "no GTIN: give the variant an EAN with a right check digit in the shop"
        report.append(Lost(field=f"{where}.barcode", what="dropped", why=why))
    if not line.sku and gtin is None:
        why = "neither SKU nor EAN: the article is known by its title alone"
        report.append(Lost(field=f"{where}.sku", what="unresolved", why=why))
    product = settings.product_url if line.handle else None
    return Item(
        sku=line.sku or None,
        gtin=gtin,
        title=line.title,
        variant=line.variant or None,
        image_url=line.image_url or None,
        product_url=product and product.replace("{handle}", quote(line.handle or "", safe="")),
        resolved=bool(line.sku or gtin),
    )


def _settled(
    where: str, cart: wire.MedusaCart, lines: Sequence[ObservedLine], report: list[Lost]
) -> Sequence[ObservedLine]:
    """Medusa rounds the sum, we round the lines: the dearest one takes what that differs by."""
    totals = [line.prices.total or 0 for line in lines]
    wanted = goods_total(cart, mode_of(cart.lines), cart.currency_code.upper())
    off = wanted - sum(totals)
    if not off:
        return lines
    if abs(off) > len(lines):
        why = f"the lines make {sum(totals)} in minor units, the shop says {wanted}: they hold"
        report.append(Lost(field=f"{where}item_total", what="dropped", why=why))
        return lines
    place = totals.index(max(totals))
    why = f"{off:+} in minor units, so that the lines add up to the shop's total"
    report.append(Lost(field=f"{where}lines[{place}].total", what="rounded", why=why))
    return [_with_total(line, off) if at == place else line for at, line in enumerate(lines)]


def _with_total(line: ObservedLine, off: int) -> ObservedLine:
    total = (line.prices.total or 0) + off
    return line.model_copy(update={"prices": line.prices.model_copy(update={"total": total})})


def taken(lines: Sequence[ObservedLine]) -> tuple[TakenLine, ...]:
    """What was bought, as the order's cart shows it."""
    return tuple(
        TakenLine(
            key=line.key,
            quantity=line.quantity,
            item=line.item,
            unit_price=line.prices.unit_price,
            total=line.prices.total,
        )
        for line in lines
    )
