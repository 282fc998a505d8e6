"""A shop that speaks the canonical webhook both ways: what is written to it, it shows and tells."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from cartbridge.sdk.webhook import verify
from cartbridge.services.add_connection import add_connection
from tests.acceptance.world import Json, Shop, World, until

SECRET = "whsec_" + "C" * 43 + "="


@dataclass
class SpeakingShop(Shop):
    """Its documents by kind and id, each with a revision that grows by one per change."""

    documents: dict[str, Json] = field(default_factory=dict)
    writes: list[Json] = field(default_factory=list)
    threads: dict[str, list[Json]] = field(default_factory=dict)

    async def show(self, type_: str, external_id: str, *lines: Json, **more: object) -> None:
        """The shopper changed a document there; the shop tells it whole."""
        known = self.documents.get(external_id, {"revision": 0})
        told = {
            "updated_at": "2026-11-20T10:00:00Z",
            "currency": "EUR",
            "tax_mode": "inclusive",
            **known,
            **more,
            "external_id": external_id,
            "revision": known["revision"] + 1,
            "lines": list(lines),
        }
        self.documents[external_id] = told
        answer = await self.hook(type_, told)
        assert answer.status_code == 202, answer.text

    async def take(self, request: web.Request) -> web.Response:
        """A write: taken whole if it is based on what the shop shows now."""
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        verify(headers, body, [SECRET], self.clock())
        told = json.loads(body)["data"]
        if json.loads(body)["type"] == "enquiry.message":
            self.threads.setdefault(told["external_id"], []).append(told)
            return web.json_response({"external_id": told["external_id"]})
        self.writes.append(json.loads(body))
        known = self.documents.get(told["external_id"], {"revision": None, "lines": []})
        if told.get("base_revision") != known["revision"]:
            return web.json_response(known, status=409)
        lines = [{**row, "unit_price": row.get("unit_price", 1000)} for row in told["lines"]]
        for row in lines:
            row.pop("line")
        after = {**known, **told, "lines": lines, "revision": (known["revision"] or 0) + 1}
        after["last_push"] = told["push_id"]
        self.documents[told["external_id"]] = after
        answer = {"external_id": told["external_id"], "revision": after["revision"]}
        return web.json_response({**answer, "lines": lines, "currency": "EUR"})

    async def written(self, external_id: str, **shown: object) -> Json:
        """The document there, once it shows that."""

        async def done() -> bool:
            present = self.documents[external_id]
            return all(present.get(name) == value for name, value in shown.items())

        await until(done)
        return self.documents[external_id]

    def amounts(self, external_id: str) -> dict[str, str]:
        """How much of each article it shows."""
        return {
            row["item"]["sku"]: str(
                row["quantity"]["value"] if isinstance(row["quantity"], dict) else row["quantity"]
            )
            for row in self.documents[external_id]["lines"]
        }


@asynccontextmanager
async def open_speaking_shop(
    world: World, slug: str, **settings: object
) -> AsyncIterator[SpeakingShop]:
    """A shop of the demo retailer that can be written, on this machine."""
    app = web.Application()
    runner = web.AppRunner(app)
    shop = SpeakingShop(world.client, "", clock=world.clock)
    app.router.add_post("/", shop.take)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    tenant = await world.tenant()
    values = {"webhook_secrets": [SECRET], "write_url": f"http://127.0.0.1:{port}/", **settings}
    connection = await add_connection(
        world.gateway, tenant, slug, "standard", values, brand="maison-lumiere"
    )
    link = world.gateway.connectors.link(connection)
    _, shop.key = await world.gateway.directory.keys.issue(
        tenant, "shop", slug, connection=link.uuid
    )
    shop.told = {"hook": connection.hook, "webhook_secret": SECRET, "slug": slug}
    try:
        yield shop
    finally:
        await runner.cleanup()
