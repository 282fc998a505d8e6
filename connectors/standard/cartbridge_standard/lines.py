"""One row of a canonical body, read into the gateway's own form."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, cast, get_args

from cartbridge.sdk.documents import (
    Discount,
    Fee,
    FeeKind,
    Item,
    LineKind,
    ObservedLine,
    Prices,
    SoldBy,
    Tax,
    is_gtin,
)
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import TakenLine
from cartbridge_standard import payloads as wire
from cartbridge_standard.keys import item_key
from cartbridge_standard.report import Report
from cartbridge_standard.values import texts

_SOLD_BY_UNIT: Final[dict[str, SoldBy]] = {
    **dict.fromkeys(("KGM", "GRM"), "weight"),
    **dict.fromkeys(("MTR", "CMT", "MMT"), "length"),
    **dict.fromkeys(("MTK", "CMK"), "area"),
    **dict.fromkeys(("LTR", "MLT", "CLT", "MTQ"), "volume"),
}


def line_of(row: wire.Line, at: str, report: Report) -> ObservedLine:
    """The row, with its item key; `at` is where it stands in the body."""
    item = item_of(row.item, f"{at}.item", report)
    for name in ("parent_line", "fulfilment"):
        if getattr(row, name) is not None:
            report.add(f"{at}.{name}", "dropped", "a snapshot's row does not carry this yet")
    return ObservedLine(
        key=item_key(item),
        kind=_kind(row, at, report),
        sold_by=_sold_by(row, at, report),
        item=item,
        quantity=row.quantity.value,
        unit=row.quantity.unit,
        prices=_prices(row, at, report),
        note=row.note,
        external_id=row.external_id,
    )


def taken_of(rows: wire.Lines, report: Report) -> tuple[TakenLine, ...]:
    """How much of each item key was bought or came back: rows of one key are summed."""
    taken: dict[str, TakenLine] = {}
    for number, row in enumerate(rows):
        key = item_key(item_of(row.item, f"data.lines[{number}].item", report))
        line = TakenLine(
            key=key, quantity=row.quantity.value, unit_price=row.unit_price, total=row.total
        )
        taken[key] = _sum(taken[key], line) if key in taken else line
    return tuple(taken.values())


def _sum(one: TakenLine, other: TakenLine) -> TakenLine:
    told = one.total is not None and other.total is not None
    return TakenLine(
        key=one.key,
        quantity=one.quantity + other.quantity,
        unit_price=one.unit_price if one.unit_price == other.unit_price else None,
        total=(one.total or 0) + (other.total or 0) if told else None,
    )


def item_of(item: wire.Item, at: str, report: Report) -> Item:
    """The article that is told; `at` is where it stands in the body."""
    gtin = _gtin(item, at, report)
    title = item.title
    if title is None:
        title = item.sku or _number(item)[:100]
        if not title:
            raise Unreadable(f"{at}: tell at least a SKU, a GTIN or a title")
        report.add(f"{at}.title", "defaulted", "not told: shown by its number")
    return _article(item, gtin, title, at, report)


def numbered_item(item: wire.Item, own: str | None, at: str, report: Report) -> Item | None:
    """The article that a number tells: its SKU, its GTIN, or `own`; None if it tells none."""
    gtin = _gtin(item, at, report)
    number = item.sku or gtin or own
    if number is None:
        return None
    return _article(item, gtin, item.title or number, at, report)


def _article(item: wire.Item, gtin: str | None, title: str, at: str, report: Report) -> Item:
    return Item(
        sku=item.sku,
        gtin=gtin,
        title=title,
        variant=item.variant,
        attributes=texts(item.attributes, f"{at}.attributes", report),
        image_url=_address(item.image_url, f"{at}.image_url", report),
        product_url=_address(item.product_url, f"{at}.product_url", report),
        resolved=item.gtin is None or gtin is not None,
    )


def _gtin(item: wire.Item, at: str, report: Report) -> str | None:
    if item.gtin is None:
        return None
    text = _number(item)
    if text.isascii() and text.isdigit() and is_gtin(text):
        return text
    why = "not a GTIN: 8, 12, 13 or 14 digits with a right check digit; the article is unresolved"
    report.add(f"{at}.gtin", "dropped", why)
    return None


def _number(item: wire.Item) -> str:
    text = str(item.gtin) if isinstance(item.gtin, str | int) else ""
    return text if wire.is_storable(text) else ""


def _address(url: str | None, at: str, report: Report) -> str | None:
    if url is None or url.startswith(("https://", "http://")):
        return url
    report.add(at, "dropped", "not a web address")
    return None


def _kind(row: wire.Line, at: str, report: Report) -> LineKind:
    if row.kind is None or row.kind in get_args(LineKind):
        return cast(LineKind, row.kind or "goods")
    report.add(f"{at}.kind", "defaulted", "not a kind this version knows: taken as goods")
    return "goods"


def _sold_by(row: wire.Line, at: str, report: Report) -> SoldBy:
    if row.sold_by in get_args(SoldBy):
        return cast(SoldBy, row.sold_by)
    if row.sold_by is not None:
        report.add(f"{at}.sold_by", "defaulted", "not known: taken from the unit")
    return _SOLD_BY_UNIT.get(row.quantity.unit, "piece")


def _prices(row: wire.Line, at: str, report: Report) -> Prices:
    discounts = tuple(Discount(code=d.code, label=d.label, amount=d.amount) for d in row.discounts)
    return Prices(
        unit_price=row.unit_price,
        unit_price_exact=row.unit_price_exact,
        list_price=row.list_price,
        taxes=tuple(Tax(rate=tax.rate, code=tax.code, amount=tax.amount) for tax in row.taxes),
        fees=tuple(_fee(fee, f"{at}.fees[{n}]", report) for n, fee in enumerate(row.fees)),
        discounts=discounts,
        total=_total(row, at, report),
    )


def _fee(fee: wire.Fee, at: str, report: Report) -> Fee:
    kind = fee.kind
    if kind not in get_args(FeeKind):
        report.add(f"{at}.kind", "defaulted", "not a fee this version knows: taken as other")
        kind = "other"
    return Fee(kind=cast(FeeKind, kind), amount=fee.amount, included=fee.included)


def _total(row: wire.Line, at: str, report: Report) -> int | None:
    if row.total is not None:
        return row.total
    if row.unit_price is None:
        report.add(f"{at}.unit_price", "defaulted", "no price told: the till's own is used")
        return None
    gross = Decimal(row.unit_price) * row.quantity.value
    total = int(gross.to_integral_value(ROUND_HALF_UP)) - sum(d.amount for d in row.discounts)
    if abs(total) > 10**12:
        raise Unreadable(f"{at}: unit_price times quantity is out of any shop's range")
    report.add(f"{at}.total", "defaulted", "not told: unit price × quantity − discounts")
    return total
