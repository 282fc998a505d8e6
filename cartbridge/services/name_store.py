"""Naming a store that a platform speaks of: by what it is called there, else by our own name."""

from cartbridge.domain.store import Store
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem


async def name_store(gateway: Gateway, link: Link, called: str) -> Store:
    """The store of that id on a connection; Problem if no store is known as that."""
    stores = await gateway.directory.stores.known(link.tenant)
    for store in stores:
        if store.external_ids.get(link.id) == called:
            return store
    for store in stores:
        if store.id == called and link.id not in store.external_ids:
            return store
    raise Problem("store_unknown", store=called)
