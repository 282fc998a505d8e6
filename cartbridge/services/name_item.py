"""Naming an item that a till or an associate scanned: by the retailer's own item list."""

from uuid import UUID

from cartbridge.domain.item_list import IndexedItem
from cartbridge.domain.items import Item
from cartbridge.services.gateway import Gateway


async def name_item(
    gateway: Gateway, tenant: UUID, item: Item, store: str | None = None
) -> tuple[Item, IndexedItem | None]:
    """The item with what the list knows of it; one it does not know travels as unresolved."""
    found = await gateway.items.find(tenant, sku=item.sku, gtin=item.gtin, store=store)
    if found is None:
        return item.model_copy(update={"resolved": False}), None
    return (
        item.model_copy(
            update={
                "sku": found.sku,
                "gtin": item.gtin or next(iter(found.gtins), None),
                "title": found.label or item.title,
                "image_url": item.image_url or found.image_url,
                "product_url": item.product_url or found.product_url,
                "resolved": True,
            }
        ),
        found,
    )
