"""Follows the journal and keeps what the reports must know of each cart."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from cartbridge.database.connection import Unavailable
from cartbridge.database.facts import Behind
from cartbridge.database.history import NewerVersion, StoredEvent
from cartbridge.domain.cart import events as e
from cartbridge.domain.report.facts import CartFacts
from cartbridge.domain.report.fold import facts_of
from cartbridge.services.gateway import Gateway

log = structlog.get_logger(__name__)

_DEEPEST: Final = 20  # carts that came out of one another, one after the other


async def gather_facts(gateway: Gateway) -> int:
    """Follows to the end of the journal; how many carts were looked at.

    Crashes and rivals do no harm: facts and cursor are written together, and only by whoever moves
    the cursor that it read.
    """
    looked = 0
    while behind := await gateway.facts.behind():
        for one in behind:
            looked += len(one.carts)
            await _follow(gateway, one)
    return looked


async def gather_all_facts(gateway: Gateway) -> int:
    """Gathers everything anew from the first event on; how many carts were looked at."""
    await gateway.facts.begin_anew()
    return await gather_facts(gateway)


async def _follow(gateway: Gateway, behind: Behind) -> None:
    found = [(tenant, await _facts(gateway, tenant, cart)) for tenant, cart in behind.carts]
    told = [(tenant, facts) for tenant, facts in found if facts is not None]
    await gateway.facts.store(behind, told)


async def _facts(gateway: Gateway, tenant: UUID, cart: str) -> CartFacts | None:
    """None for a cart that was removed meanwhile, or cannot be read: the others go on."""
    try:
        return await _gathered(gateway, tenant, cart, ())
    except Unavailable:
        raise
    except Exception as error:
        log.exception("facts.not_gathered", document=cart, error=type(error).__name__)
        return None


async def _gathered(
    gateway: Gateway, tenant: UUID, cart: str, on_the_way: tuple[str, ...]
) -> CartFacts | None:
    history = await gateway.documents.history(tenant, cart)
    for stored in history:
        if stored.event is None and not stored.erased:
            raise NewerVersion(f"a newer version of CartBridge wrote {stored.type}")
    sources: dict[str, CartFacts] = {}
    for source in _sources(history):
        if source in on_the_way or len(on_the_way) >= _DEEPEST:
            continue
        facts = await _gathered(gateway, tenant, source, (*on_the_way, cart))
        if facts is not None:
            sources[source] = facts
    return facts_of(cart, history, _hashing(gateway, tenant), sources)


def _sources(history: list[StoredEvent]) -> list[str]:
    """The carts that lines of this one came from, in order."""
    added = (one.event for one in history if isinstance(one.event, e.LineAdded))
    return list(dict.fromkeys(fact.from_cart for fact in added if fact.from_cart is not None))


def _hashing(gateway: Gateway, tenant: UUID) -> Callable[[str], str]:
    """Hides who somebody is; the same person is the same in every cart of one retailer."""

    def hashed(who: str) -> str:
        return gateway.vault.keyed_hash("report person", f"{tenant} {who}").hex()

    return hashed
