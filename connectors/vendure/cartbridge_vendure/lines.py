"""From the companion's order lines to observed ones, and what was lost on the way."""

from cartbridge.sdk.documents import Discount, Item, ObservedLine, Prices, Tax, is_gtin
from cartbridge.sdk.observations import Lost, TakenLine
from cartbridge_vendure import payloads as wire


def key_of(sku: str) -> str:
    """The item key of an article: Vendure knows it by its variant's SKU."""
    return f"sku:{sku}"


def sku_of(key: str) -> str | None:
    """The SKU behind an item key, if it is one of Vendure's."""
    return key.removeprefix("sku:") if key.startswith("sku:") else None


def observed(lines: tuple[wire.VendureLine, ...], report: list[Lost]) -> tuple[ObservedLine, ...]:
    """The articles of an order; what is none is dropped, and the report says so."""
    seen = (_observed(f"data.lines[{place}]", line, report) for place, line in enumerate(lines))
    return tuple(line for line in seen if line is not None)


def _observed(where: str, line: wire.VendureLine, report: list[Lost]) -> ObservedLine | None:
    if line.quantity == 0:
        return None
    if line.kind == "fee":
        why = "a surcharge of the shop is no article"
        report.append(Lost(field=where, what="dropped", why=why))
        return None
    if not line.sku:
        why = "its variant has no SKU in the shop: give it one"
        report.append(Lost(field=where, what="dropped", why=why))
        return None
    return ObservedLine(
        key=key_of(line.sku),
        item=_item(where, line, line.sku, report),
        quantity=line.quantity,
        prices=Prices(
            unit_price=line.unit_price,
            list_price=line.list_price,
            taxes=(Tax(rate=line.tax_rate, amount=line.tax),),
            discounts=_discounts(where, line, report),
            total=line.total,
        ),
        external_id=line.external_id,
    )


def _item(where: str, line: wire.VendureLine, sku: str, report: list[Lost]) -> Item:
    gtin = line.gtin or None
    if gtin is not None and not is_gtin(gtin):
        why = "not 8, 12, 13 or 14 digits with a right check digit: mend it in the shop"
        report.append(Lost(field=f"{where}.gtin", what="dropped", why=why))
        gtin = None
    return Item(
        sku=sku,
        gtin=gtin,
        title=line.title,
        variant=line.variant,
        image_url=line.image_url,
        product_url=line.product_url,
    )


def _discounts(where: str, line: wire.VendureLine, report: list[Lost]) -> tuple[Discount, ...]:
    kept = []
    for place, one in enumerate(line.discounts):
        if one.amount < 0:  # a promotion of the shop's own may raise a price
            why = "it raises the price; the line's total holds it"
            report.append(
                Lost(field=f"{where}.discounts[{place}]", what="dropped", why=why),
            )
        else:
            kept.append(Discount(code=one.code, label=one.label, amount=one.amount))
    return tuple(kept)


def taken(order: wire.VendureOrdered, report: list[Lost]) -> tuple[TakenLine, ...]:
    """What was bought, as the message about it says."""
    lines = enumerate(order.lines)
    return tuple(
        TakenLine(key=key_of(line.sku), quantity=line.quantity)
        for place, line in lines
        if line.quantity and _named(f"data.lines[{place}]", line.sku, report)
    )


def taken_of(order: wire.VendureOrder, report: list[Lost]) -> tuple[TakenLine, ...]:
    """What was bought, as the bought order itself shows it."""
    return tuple(
        TakenLine(key=line.key, quantity=line.quantity) for line in observed(order.lines, report)
    )


def _named(where: str, sku: str, report: list[Lost]) -> bool:
    if not sku:
        why = "its variant has no SKU in the shop: give it one"
        report.append(Lost(field=where, what="dropped", why=why))
    return bool(sku)
