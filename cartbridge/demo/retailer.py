"""Sets the demo retailer up, once, and leaves what scripts need in `var/demo.json`."""

import base64
import json
import os
import secrets
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from cartbridge.database.directory import Tenant
from cartbridge.domain.store import Brand, Position, Store, Terminal
from cartbridge.services.add_connection import add_connection
from cartbridge.services.gateway import Gateway

SLUG: Final = "maison-lumiere"
PRICE_LIST: Final = "lumiere-fr"
STORES: Final = (
    Store(
        id="lyon-part-dieu",
        brand=SLUG,
        name="Lyon Part-Dieu",
        address="17 rue du Docteur Bouchut, 69003 Lyon",
        position=Position(latitude=45.761, longitude=4.856),
        price_list=PRICE_LIST,
    ),
    Store(
        id="paris-rivoli",
        brand=SLUG,
        name="Paris Rivoli",
        address="88 rue de Rivoli, 75004 Paris",
        position=Position(latitude=48.858, longitude=2.349),
        price_list=PRICE_LIST,
        policy="till",
    ),
)
TERMINALS: Final = (
    Terminal(id="lyon-caisse-1", store="lyon-part-dieu", name="Caisse 1"),
    Terminal(id="lyon-caisse-2", store="lyon-part-dieu", name="Caisse 2"),
    Terminal(id="rivoli-caisse-1", store="paris-rivoli", name="Caisse 1"),
    Terminal(id="rivoli-tablette-1", store="paris-rivoli", name="Tablette 1", kind="tablet"),
)


async def set_up(gateway: Gateway, data_dir: Path, sandbox_url: str) -> dict[str, Any]:
    """The demo retailer as `demo.json` tells it; an existing one is left as it is."""
    path = data_dir / "demo.json"
    known = await gateway.directory.tenants.get(SLUG)
    if known is not None and path.exists():
        told: dict[str, Any] = json.loads(path.read_text())
        told["base_url"] = gateway.public_url
        _write(path, told)
        return told
    tenant = known or await gateway.directory.tenants.add(SLUG, "Maison Lumière")
    await _places(gateway, tenant)
    await gateway.items.import_csv(
        tenant.uuid, files("cartbridge.demo").joinpath("articles.csv").read_bytes()
    )
    told = await _keys(gateway, tenant, sandbox_url)
    _write(path, told)
    return told


async def _places(gateway: Gateway, tenant: Tenant) -> None:
    directory = gateway.directory
    if await directory.brands.get(tenant.uuid, SLUG) is None:
        await directory.brands.add(tenant.uuid, Brand(id=SLUG, name="Maison Lumière"))
    for store in STORES:
        if await directory.stores.get(tenant.uuid, store.id) is None:
            await directory.stores.add(tenant.uuid, store)
    for terminal in TERMINALS:
        if await directory.terminals.get(tenant.uuid, terminal.id) is None:
            await directory.terminals.add(tenant.uuid, terminal)


async def _keys(gateway: Gateway, tenant: Tenant, sandbox_url: str) -> dict[str, Any]:
    keys = gateway.directory.keys
    connections: dict[str, Any] = {}
    standard = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    connections["demo-shop"] = await _connection(
        gateway, tenant, "demo-shop", "standard", standard, {}
    )
    if "sandbox" in gateway.connectors.names:
        secret = secrets.token_urlsafe(32)
        connections["sandbox-shop"] = await _connection(
            gateway, tenant, "sandbox-shop", "sandbox", secret, {"shop_url": sandbox_url}
        )
    _, ops_key = await keys.issue(tenant.uuid, "ops", "demo operator")
    stores = []
    for store in STORES:
        terminals = []
        for terminal in TERMINALS:
            if terminal.store == store.id:
                _, key = await keys.issue(
                    tenant.uuid, "pos", "demo", store=store.id, terminal=terminal.id
                )
                terminals.append({"id": terminal.id, "key": key})
        stores.append({"id": store.id, "terminals": terminals})
    return {
        "base_url": gateway.public_url,
        "ops_key": ops_key,
        "connections": connections,
        "stores": stores,
    }


async def _connection(
    gateway: Gateway,
    tenant: Tenant,
    slug: str,
    connector: str,
    secret: str,
    more: dict[str, Any],
) -> dict[str, Any]:
    found = await gateway.directory.connections.get_by_slug(tenant.uuid, slug)
    if found is not None:  # an interrupted set-up: its secrets are lost, so it is made anew
        await gateway.directory.connections.remove(tenant.uuid, found.id)
    connection = await add_connection(
        gateway,
        tenant.uuid,
        slug,
        connector,
        {"webhook_secrets": [secret], **more},
        brand=SLUG,
    )
    link = gateway.connectors.link(connection)
    _, key = await gateway.directory.keys.issue(tenant.uuid, "shop", slug, connection=link.uuid)
    return {
        "id": connection.id,
        "slug": slug,
        "hook": connection.hook,
        "hook_url": f"{gateway.public_url}/v1/hooks/{connection.hook}",
        "shop_key": key,
        "webhook_secret": secret,
        **more,
    }


def _write(path: Path, told: dict[str, Any]) -> None:
    """Readable by its owner alone: it holds keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    fresh.replace(path)
