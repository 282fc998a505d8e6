"""What the shopper of the examples' story looked at, on the web and in the store."""

from pydantic import BaseModel

from cartbridge.http import browse_models as browse
from cartbridge.http import openapi_story as of
from cartbridge.http import shop_floor_models as m
from cartbridge.services.recently_looked_at import LookedAtItem, RecentLook

_SKU, _GTIN, _TITLE = "LAMP-OAK", "3700123456780", "Lampe chêne H 40 cm"
_TAG = "urn:epc:id:sgtin:3700123.045678.17"


def browsing_sent() -> tuple[BaseModel, ...]:
    """One example of each model that is sent about what is looked at."""
    item = browse.ViewedItem(sku=_SKU, title=_TITLE)
    return (
        browse.BrowseRequest(
            session="5f0c7e2a9b1d4c3e8a6f7b2d1c0e9f8a",
            consent={"analytics": True},
            facts=(browse.BrowseFact(what="product_viewed", item=item),),
        ),
        m.ObservationsRequest(
            kind="tried", items=(m.ShownItem(epc=_TAG),), customer="ML-204-881", staff=of.STAFF
        ),
    )


def browsing_answered() -> tuple[BaseModel, ...]:
    """One example of each model that is answered about what is looked at."""
    look = RecentLook(
        what="product_viewed",
        day=of.BEGUN.date(),
        count=2,
        store=None,
        item=LookedAtItem(sku=_SKU, gtin=_GTIN, title=_TITLE),
    )
    count = m.FloorCountAnswer(sku=_SKU, title=_TITLE, kind="tried", count=14)
    return (
        m.ObservationsAnswer(
            kept=(m.KeptItem(sku=_SKU, gtin=_GTIN, title=_TITLE),),
            unknown=(),
            for_customer=True,
        ),
        m.RecentLooks(items=(look,)),
        m.ShopFloorReport(items=(count,)),
    )
