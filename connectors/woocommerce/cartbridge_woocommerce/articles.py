"""An article of the shop as an item: its SKU, its GTIN if it is one, its name and its choices."""

import html
import re
from collections.abc import Iterable
from typing import Final

from cartbridge.sdk.documents import Item, is_gtin
from cartbridge_woocommerce.keys import NUMBERS, key_by, numbers_of
from cartbridge_woocommerce.lines import Sheet

_TAG: Final = re.compile(r"<[^<>]{0,500}>")
_MOST: Final = 49  # an item holds 50 attributes, and the shop's own numbers may be one


def article(
    where: str,
    names: tuple[str | None, str | None, int, int],
    title: str,
    chosen: Iterable[tuple[str, str]],
    sheet: Sheet,
    image_url: str | None = None,
    product_url: str | None = None,
) -> tuple[str, Item]:
    """The item key and the item; `names` are its SKU, GTIN, product and variation number."""
    sku, gtin, product_id, variation_id = names
    if gtin is not None and not is_gtin(gtin):
        why = "not 8, 12, 13 or 14 digits with a right check digit: mend it in the shop"
        sheet.lost(f"{where}.global_unique_id", why)
        gtin = None
    attributes = _attributes(where, chosen, sheet)
    if sku is None and gtin is None:
        attributes[NUMBERS] = numbers_of(product_id, variation_id)
    item = Item(
        sku=sku,
        gtin=gtin,
        title=in_words(title)[:500],
        attributes=attributes,
        image_url=image_url,
        product_url=product_url,
    )
    return key_by(sku, gtin, product_id, variation_id), item


def in_words(text: str) -> str:
    """A text without the markup that WooCommerce's texts may hold."""
    return html.unescape(_TAG.sub("", text)).replace("\0", "")


def _attributes(where: str, chosen: Iterable[tuple[str, str]], sheet: Sheet) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in chosen:
        text = in_words(value)
        if len(text) > 500 or len(kept) == _MOST:
            sheet.lost(f"{where}.attributes", "more than 49 options, or one of over 500 letters")
            continue
        kept[in_words(name)[:100]] = text
    return kept
