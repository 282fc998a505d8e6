"""What a customer recently looked at, for the associate who advises her: as long as she agrees."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from cartbridge.domain.browsing import PURPOSE, Counted, Kind
from cartbridge.domain.model import Strict
from cartbridge.services.consent import consents
from cartbridge.services.forget_browsing import first_day
from cartbridge.services.gateway import Gateway


class LookedAtItem(Strict):
    """An article as the item list names it; one that it does not know as it was told."""

    sku: str | None
    gtin: str | None
    title: str
    image_url: str | None = None


class RecentLook(Strict):
    """What she looked at on one day, and how often; `item` is None for a list or a search."""

    what: Kind
    day: date
    count: int
    store: str | None  # None: on the web
    item: LookedAtItem | None
    text: str | None = None  # the list's name, or what was searched for
    enquiry: str | None = None


async def recently_looked_at(
    gateway: Gateway,
    tenant: UUID,
    customer_id: str,
    limit: int = 20,
    *,
    brand: str | None = None,
) -> list[RecentLook]:
    """What she looked at, the newest first; of one brand, or of all those she still agrees to."""
    brands = [brand]
    if brand is None:
        brands += [one.id for one in await gateway.directory.brands.list(tenant)]
    found: list[Counted] = []
    for one in brands:
        said = await consents(gateway, tenant, customer_id, one)
        if said.get(PURPOSE):
            person = gateway.browsing.customer(tenant, one, customer_id)
            found += await gateway.browsing.of(person, first_day(gateway), limit)
    found.sort(key=lambda each: (each.seen.day, each.count), reverse=True)
    return await _named(gateway, tenant, found[:limit])


async def for_her_file(
    gateway: Gateway, tenant: UUID, customer_id: str, brand: str
) -> Sequence[RecentLook]:
    """The same for her file in a store of that brand."""
    return await recently_looked_at(gateway, tenant, customer_id, brand=brand)


async def _named(gateway: Gateway, tenant: UUID, found: list[Counted]) -> list[RecentLook]:
    skus = {one.seen.sku for one in found if one.seen.sku is not None}
    gtins = {one.seen.gtin for one in found if one.seen.gtin is not None}
    listed = await gateway.items.find_many(tenant, skus=skus, gtins=gtins)
    looks = []
    for one in found:
        seen = one.seen
        known = listed.get(seen.sku or "") or listed.get(seen.gtin or "")
        is_article = seen.what not in ("list_viewed", "searched")
        item = LookedAtItem(
            sku=known.sku if known else seen.sku,
            gtin=seen.gtin or next(iter(known.gtins), None) if known else seen.gtin,
            title=known.label if known else seen.title,
            image_url=known.image_url if known else None,
        )
        looks.append(
            RecentLook(
                what=seen.what,
                day=seen.day,
                count=one.count,
                store=seen.store,
                item=item if is_article else None,
                text=None if is_article else seen.title,
                enquiry=seen.enquiry,
            )
        )
    return looks
