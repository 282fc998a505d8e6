"""What an article is called on both sides, and how ours is kept where Odoo calls it otherwise."""

import re
from typing import Final

from cartbridge.sdk.documents import Item, is_gtin
from cartbridge.sdk.observations import Lost
from cartbridge_odoo import payloads as wire

# Written for the cashier's eyes as well: the till keeps a line's customer note, and changes its
# name, so the note is what says later which of our articles the line is.
_CARRIED: Final = re.compile(
    r"(?:R[ée]f\. (?P<sku>.{1,100}?)|EAN (?P<gtin>[0-9]{8,14})|Article) · (?P<title>.{1,500})"
)


def item_of(product: wire.Product, where: str, report: list[Lost]) -> Item:
    """An article of Odoo's: internal reference, bar code, name."""
    sku, gtin = product.default_code or None, product.barcode or None
    if sku is not None and len(sku) > 100:
        report.append(_lost(f"{where}.default_code", "longer than 100 letters: shorten it"))
        sku = None
    if gtin is not None and not is_gtin(gtin):
        report.append(_lost(f"{where}.barcode", "not a GTIN: its digits or check digit are wrong"))
        gtin = None
    if sku is None and gtin is None:
        why = "it has no internal reference and no GTIN: known by its name alone"
        report.append(Lost(field=where, what="unresolved", why=why))
    return Item(sku=sku, gtin=gtin, title=product.name[:500], resolved=bool(sku or gtin))


def _lost(field: str, why: str) -> Lost:
    return Lost(field=field, what="dropped", why=why)


def noted(item: Item, note: str | None = None, locale: str | None = None) -> str:
    """A note that says which of our articles a line is; the shopper's own note follows it."""
    if item.sku is not None:
        name = f"{'Ref' if (locale or '').startswith('en') else 'Réf'}. {item.sku}"
    else:
        name = f"EAN {item.gtin}" if item.gtin is not None else "Article"
    title = " ".join(item.title.split()) or "-"
    return f"{name} · {title}" + (f"\n{note}" if note else "")


def from_note(text: str | None) -> tuple[Item | None, str | None]:
    """The article that `noted` wrote down, and the shopper's own note; None: it is Odoo's own."""
    first, _, rest = (text or "").partition("\n")
    found = _CARRIED.fullmatch(first)
    if found is None:
        return None, text or None
    gtin = found["gtin"]
    item = Item(
        sku=found["sku"],
        gtin=gtin if gtin is not None and is_gtin(gtin) else None,
        title=found["title"],
        resolved=False,
    )
    return item, rest or None
