"""The item key: how this shop knows an article, and how it is named to it again."""

import re
from typing import Any, Final

from cartbridge.sdk.documents import Item, is_gtin

# Where an article without SKU and GTIN keeps its numbers in the shop: without them it could not
# be named again.
NUMBERS: Final = "woocommerce"
_NUMBERS: Final = re.compile(r"[0-9]{1,16}/[0-9]{1,16}", re.ASCII)


def numbers_of(product_id: int, variation_id: int) -> str:
    """The shop's own numbers of an article, in one text."""
    return f"{product_id}/{variation_id}"


def key_by(sku: str | None, gtin: str | None, product_id: int, variation_id: int) -> str:
    """SKU, else 14-digit GTIN, else the shop's own numbers."""
    if sku:
        return f"sku:{sku}"
    if gtin is not None and is_gtin(gtin):
        return f"gtin:{gtin.zfill(14)}"
    return f"woo:{numbers_of(product_id, variation_id)}"


def keys_of(sku: str | None, gtin: str | None) -> tuple[str, ...]:
    """Every item key under which an article of the shop may be asked for."""
    by_sku = (f"sku:{sku}",) if sku else ()
    return (*by_sku, f"gtin:{gtin.zfill(14)}") if gtin is not None and is_gtin(gtin) else by_sku


def ways_to_write(gtin: str) -> tuple[str, ...]:
    """A GTIN with 14, 13, 12 and 8 digits, as far as its leading zeros go."""
    whole = gtin.zfill(14)
    return tuple(
        whole[14 - size :] for size in (14, 13, 12, 8) if not whole[: 14 - size].strip("0")
    )


def key_of(item: Item) -> str | None:
    """The key of any item; None if this shop has no name for it."""
    if item.sku is not None or item.gtin is not None:
        return item.key
    numbers = item.attributes.get(NUMBERS, "")
    return f"woo:{numbers}" if _NUMBERS.fullmatch(numbers) else None


def named(key: str) -> dict[str, Any]:
    """How a write names the article of a key to the plugin."""
    kind, _, name = key.partition(":")
    if kind == "woo":
        product, _, variation = name.partition("/")
        number = int(variation) or int(product)
        return {"variation_id" if int(variation) else "product_id": number}
    return {"gtin": _written(name)} if kind == "gtin" else {"sku": name}


def _written(gtin: str) -> str:
    """As shops write what is kept with 14 digits: with 13, or with 8."""
    return gtin[6:] if gtin.startswith("000000") else gtin.removeprefix("0")
