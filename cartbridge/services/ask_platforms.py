"""What platforms say of prices and stock while a cashier waits: a moment's time, and no more."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar
from uuid import UUID

import structlog

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.items import Item
from cartbridge.domain.line import Line
from cartbridge.domain.store import Store
from cartbridge.sdk.both_sides import LoyaltyShown, PriceNow, PricesOf, StockNow
from cartbridge.sdk.contract import Capability, Remote
from cartbridge.sdk.errors import ConnectorError, Unreadable
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.refresh_credentials import call_platform

log = structlog.get_logger(__name__)

_SILENT: Final = frozenset({"open", "paused"})  # circuits through which nothing is asked
Answer = TypeVar("Answer")


async def till_links(gateway: Gateway, tenant: UUID, cart: Cart, store: Store) -> list[Link]:
    """The till systems of a store, and of the till that holds the cart."""
    names = set(store.external_ids)
    if cart.claim is not None:
        terminal = await gateway.directory.terminals.get(tenant, cart.claim.terminal)
        names |= set(terminal.external_ids) if terminal is not None else set()
    links = await _usable(gateway, tenant, names)
    return [link for link in links if link.connector.manifest.kind == "pos"]


async def shop_links(gateway: Gateway, tenant: UUID, cart: Cart) -> list[Link]:
    """The shops in which the cart stands, the one where it began first."""
    began = cart.origin.connection
    names = {twin.ref.connection for twin in cart.twins} | ({began} if began else set())
    links = await _usable(gateway, tenant, names)
    shops = [link for link in links if link.connector.manifest.kind == "shop"]
    return sorted(shops, key=lambda link: (link.id != began, link.id))


async def _usable(gateway: Gateway, tenant: UUID, names: set[str]) -> list[Link]:
    found = [await gateway.connectors.usable(tenant, name) for name in sorted(names)]
    return [link for link in found if link is not None]


async def prices_now(
    gateway: Gateway,
    links: Sequence[Link],
    lines: Sequence[Line],
    currency: str,
    store: Store | None,
) -> list[tuple[Link, dict[str, PriceNow]]]:
    """What each of these systems says that the articles cost, by item key; silence is no price.

    Without a store: what anybody pays online.
    """
    items = _items(lines)

    async def ask(link: Link) -> tuple[Link, dict[str, PriceNow]]:
        of = PricesOf(currency=currency)
        if store is not None:
            there = store.external_ids.get(link.id)
            of = PricesOf(currency=currency, price_list=store.price_list, store=there)
        told = await _asked(
            gateway, link, "prices", lambda remote: link.connector.prices(items, of, remote)
        )
        return link, {one.key: one for one in told or ()}

    return list(await asyncio.gather(*map(ask, links))) if items else []


async def stock_now(
    gateway: Gateway, tenant: UUID, lines: Sequence[Line], stores: Sequence[Store]
) -> list[tuple[Store, StockNow]]:
    """What the connections of these stores say that they have."""
    items = _items(lines)
    links = await _usable(gateway, tenant, {name for one in stores for name in one.external_ids})

    async def ask(link: Link) -> list[tuple[Store, StockNow]]:
        here = {one.external_ids[link.id]: one for one in stores if link.id in one.external_ids}
        told = await _asked(
            gateway, link, "stock", lambda remote: link.connector.stock(items, list(here), remote)
        )
        return [(here[one.store], one) for one in told or () if one.store in here]

    answers = await asyncio.gather(*map(ask, links)) if items else []
    return [one for answer in answers for one in answer]


async def loyalty_now(
    gateway: Gateway, tenant: UUID, cart: Cart, store_id: str
) -> LoyaltyShown | None:
    """What the shopper's card shows, at the till's system or else in her shop; None: not told."""
    number = cart.customer.loyalty_number if cart.customer is not None else None
    store = await gateway.directory.stores.get(tenant, store_id) if number is not None else None
    if number is None or store is None:
        return None
    links = await till_links(gateway, tenant, cart, store)
    links += await shop_links(gateway, tenant, cart)

    async def ask(link: Link) -> LoyaltyShown | None:
        return await _asked(
            gateway, link, "loyalty", lambda remote: link.connector.loyalty(number, remote)
        )

    told = await asyncio.gather(*map(ask, links))
    return next((shown for shown in told if shown is not None), None)


def _items(lines: Sequence[Line]) -> list[Item]:
    """The articles of these lines, each once, as far as a number or reference names them."""
    named = {line.item.key: line.item for line in lines if line.item.sku or line.item.gtin}
    return list(named.values())


async def _asked(
    gateway: Gateway,
    link: Link,
    what: Capability,
    call: Callable[[Remote], Awaitable[Answer]],
) -> Answer | None:
    """One call; None if it cannot be made, fails or takes too long: a claim never waits for it."""
    if not link.can(what) or link.connection.state == "paused":
        return None
    circuit = await gateway.circuits.read(link.tenant, link.uuid)
    if circuit.state in _SILENT:
        return None
    try:
        async with asyncio.timeout(gateway.limits.freshness.total_seconds()):
            return await call_platform(gateway, link, call)
    except (ConnectorError, Unreadable, TimeoutError) as error:
        log.info("drift.not_told", connection=link.id, why=type(error).__name__)
    except Exception:  # a connector's own fault stops no claim
        log.exception("drift.not_told", connection=link.id)
    return None
