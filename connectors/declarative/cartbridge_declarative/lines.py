"""The rows of a document, read into the gateway's own form."""

from collections.abc import Mapping
from typing import Final

from cartbridge.sdk.documents import Item, ObservedLine, SoldBy, is_gtin
from cartbridge.sdk.observations import TakenLine
from cartbridge_declarative.expressions import Expression
from cartbridge_declarative.parts import MAX_LINES, Part
from cartbridge_declarative.prices import Pricing
from cartbridge_declarative.sections import Lines
from cartbridge_declarative.values import quantity_of

_SOLD_BY: Final[dict[str, SoldBy]] = {
    **dict.fromkeys(("KGM", "GRM"), "weight"),
    **dict.fromkeys(("MTR", "CMT", "MMT"), "length"),
    **dict.fromkeys(("MTK", "CMK"), "area"),
    **dict.fromkeys(("LTR", "MLT", "CLT", "MTQ"), "volume"),
}


def rows_of(document: Part, pricing: Pricing) -> tuple[ObservedLine, ...]:
    """The rows of a document that hold anything, as they are shown there."""
    lines = pricing.mapping.lines
    if lines is None:
        return ()
    seen = []
    for row in document.rows(lines.each, "lines", MAX_LINES):
        row.tell_unread(pricing.mapping.of_line)
        if line := _line(row, lines, pricing):
            seen.append((row, line))
    _check_units(seen, lines)
    return tuple(line for _, line in seen)


def _line(row: Part, lines: Lines, pricing: Pricing) -> ObservedLine | None:
    quantity = row.find("quantity", lines.quantity, quantity_of)
    if not quantity:
        return None
    item = _item(row, lines)
    unit = _unit(row, lines, pricing.mapping.units)
    return ObservedLine(
        key=item.key,
        sold_by=_SOLD_BY.get(unit, "piece"),
        item=item,
        quantity=quantity,
        unit=unit,
        prices=pricing.of(row, lines, quantity),
        note=row.text("note", lines.note),
        external_id=row.text("external_id", lines.external_id, 255),
    )


def _unit(row: Part, lines: Lines, units: Mapping[str, str]) -> str:
    told = row.text("unit", lines.unit, 100)
    if told is not None and told not in units:
        why = "not one that [units] knows; say there which UN/ECE Rec 20 unit it is"
        raise row.wrong("unit", lines.unit, why)
    return "C62" if told is None else units[told]


def _item(row: Part, lines: Lines) -> Item:
    sku = row.text("sku", lines.sku, 100)
    told = row.text("gtin", lines.gtin, 100)
    gtin = told if told is not None and is_gtin(told) else None
    if told is not None and gtin is None:
        why = "not a GTIN: 8, 12, 13 or 14 digits with a right check digit; it is unresolved"
        row.lost("gtin", lines.gtin, "dropped", why)
    title = row.text("title", lines.title) or sku or told
    if title is None:
        known_by = lines.sku or lines.gtin or lines.title
        raise row.wrong("sku", known_by, "neither a SKU nor a GTIN nor a title is there")
    if not row.tells(lines.title):
        row.lost("title", lines.title, "defaulted", "not told: shown by its number")
    return Item(
        sku=sku,
        gtin=gtin,
        title=title,
        variant=row.text("variant", lines.variant),
        image_url=_address(row, "image_url", lines.image_url),
        product_url=_address(row, "product_url", lines.product_url),
        resolved=told is None or gtin is not None,
    )


def _address(row: Part, name: str, where: Expression | None) -> str | None:
    url = row.text(name, where, 2000)
    if url is None or url.startswith(("https://", "http://")):
        return url
    row.lost(name, where, "dropped", "not a web address")
    return None


def _check_units(seen: list[tuple[Part, ObservedLine]], lines: Lines) -> None:
    units: dict[str, str] = {}
    for row, line in seen:
        if units.setdefault(line.key, line.unit) != line.unit:
            why = "another row sells the same article in another unit; give the two their own SKU"
            raise row.wrong("unit", lines.unit, why)


def taken(lines: tuple[ObservedLine, ...]) -> tuple[TakenLine, ...]:
    """How much of each item key was bought or came back: rows of one key are summed."""
    summed: dict[str, TakenLine] = {}
    for line in lines:
        one = TakenLine(
            key=line.key,
            quantity=line.quantity,
            item=line.item,
            unit_price=line.prices.unit_price,
            total=line.prices.total,
        )
        summed[line.key] = _sum(summed[line.key], one) if line.key in summed else one
    return tuple(summed.values())


def _sum(one: TakenLine, other: TakenLine) -> TakenLine:
    told = one.total is not None and other.total is not None
    return TakenLine(
        key=one.key,
        quantity=one.quantity + other.quantity,
        item=one.item,
        unit_price=one.unit_price if one.unit_price == other.unit_price else None,
        total=(one.total or 0) + (other.total or 0) if told else None,
    )
