"""A gateway and a real shop beside it."""

import base64
import secrets
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from cartbridge.services.add_connection import add_connection
from tests.acceptance.world import free_port, open_world
from tests.platforms.bridge import Bridge
from tests.platforms.vendure_shop import has_node, vendure


@pytest.fixture
async def bridge(dsn: str, server: Callable[[str], str], tmp_path: Path) -> AsyncIterator[Bridge]:
    if not has_node():
        pytest.skip("Node and npm are not on this machine: the real shop cannot run")
    port, name = free_port(), f"vendure_{uuid.uuid4().hex[:12]}"
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    async with open_world(dsn, tmp_path) as world:
        tenants = await world.gateway.directory.tenants.list()
        other = await world.gateway.directory.connections.get_by_slug(
            tenants[0].uuid, "sandbox-shop"
        )
        assert other is not None  # the brand's only shop to carry on in is the real one
        await world.gateway.directory.connections.remove(tenants[0].uuid, other.id)
        connection = await add_connection(
            world.gateway,
            tenants[0].uuid,
            "vendure-fr",
            "vendure",
            {
                "webhook_secrets": [secret],
                "shop_url": f"http://127.0.0.1:{port}",
                "customers": True,
            },
            brand="maison-lumiere",
        )
        link = world.gateway.connectors.link(connection)
        _, key = await world.gateway.directory.keys.issue(
            tenants[0].uuid, "shop", "vendure-fr", connection=link.uuid
        )
        companion = {
            "PGDATABASE": name,
            "CARTBRIDGE_HOOK_URL": f"{world.gateway.public_url}/v1/hooks/{connection.hook}",
            "CARTBRIDGE_SECRET": secret,
            "CARTBRIDGE_GATEWAY_URL": world.gateway.public_url,
            "CARTBRIDGE_SHOP_KEY": key,
            "CARTBRIDGE_CONNECTION": "vendure-fr",
        }
        try:
            async with (
                vendure(port, server("postgres"), companion) as url,
                httpx.AsyncClient(base_url=url, timeout=20.0) as client,
            ):
                yield Bridge(world, client)
        finally:
            await world.owner.execute(f"drop database if exists {name} with (force)")
