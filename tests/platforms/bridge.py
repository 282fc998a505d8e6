"""A gateway's world with a real shop beside it."""

from dataclasses import dataclass

import httpx

from tests.acceptance.world import Json, Till, World, until
from tests.platforms.vendure_shop import Shopper


@dataclass
class Bridge:
    """The gateway's world, and the shop's address."""

    world: World
    shop: httpx.AsyncClient

    def shopper(self, language: str = "fr") -> Shopper:
        """A device nobody has used yet."""
        return Shopper(self.shop, language)

    async def cart(self, order_code: str) -> Json | None:
        """The gateway's cart behind an order of the shop."""
        found = await self.world.operator.get(
            "/v1/carts", connection="vendure-fr", external_id=order_code
        )
        items: list[Json] = found.json()["items"]
        return items[0] if items else None

    async def count_lyon_as(self, location: str) -> None:
        """The shop counts the stock of the store in Lyon under that name."""
        tenant, stores = await self.world.tenant(), self.world.gateway.directory.stores
        lyon = await stores.get(tenant, "lyon-part-dieu")
        assert lyon is not None
        told = {"external_ids": {"vendure-fr": location}}
        await stores.update(tenant, lyon.model_copy(update=told))


async def drift_with(till: Till, claim: Json, sku: str) -> dict[str, Json]:
    """The drift report by SKU, once price and stock of one came within the time that is waited."""
    rows: dict[str, Json] = {}

    async def heard() -> bool:
        answer = await till.get(f"/v1/pos/claims/{claim['claim']}")
        by_line = {row["line"]: row for row in answer.json()["drift"]["lines"]}
        rows.update({row["item"]["sku"]: by_line[row["id"]] for row in claim["cart"]["lines"]})
        told = rows[sku]
        return told["online"]["now"] is not None and told["stock"]["till"] is not None

    await until(heard, 30.0)
    return rows
