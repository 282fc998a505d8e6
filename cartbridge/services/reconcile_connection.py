"""Reconciling: what changed on a platform is looked up, so that a lost hook is only late."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from cartbridge.database.duties import Duty
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.listing import events as listing
from cartbridge.domain.twin import Twin
from cartbridge.sdk import errors
from cartbridge.sdk import observations as o
from cartbridge.sdk.contract import Changed
from cartbridge.services.apply_observation import apply_observation
from cartbridge.services.carry_out import Done
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.observe_twin import Cause
from cartbridge.services.problems import Problem
from cartbridge.services.push_cart import fetch_twin
from cartbridge.services.raise_alarm import clear_alarm, raise_alarm
from cartbridge.services.refresh_credentials import call_platform
from cartbridge.services.run_command import Outcome

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=60)
PAGES: Final = 100  # in one turn; the next one goes on from there
REREAD: Final = 10  # carts of each living state in one turn, where a platform cannot say more
NOT_HEARD_OF: Final = timedelta(hours=1)
LIVING: Final = ("open", "offered", "checkout")
_PASSES: Final = frozenset({"unavailable", "held_elsewhere"})  # the same may succeed later
_NO_NEWS: Final = (e.TwinObserved, e.WritePlanned, listing.TwinObserved, listing.WritePlanned)


@dataclass(frozen=True)
class Reconciled:
    """What one turn found: documents looked at, those that had news, those nobody could read."""

    seen: int = 0
    repaired: int = 0
    unreadable: int = 0
    more: bool = False  # the turn ended before the platform had told everything

    def __add__(self, other: "Reconciled") -> "Reconciled":
        return Reconciled(
            self.seen + other.seen,
            self.repaired + other.repaired,
            self.unreadable + other.unreadable,
            other.more,
        )


async def reconcile_connection(gateway: Gateway, link: Link, duty: Duty) -> Reconciled:
    """One turn; a ConnectorError says what to do about one that could not be finished."""
    if link.can("hook"):
        await _keep_hook_on(gateway, link)
    if link.can("changed_since"):
        found = await _take_changes(gateway, link, duty)
    elif link.can("fetch"):
        found = await _read_again(gateway, link)
    else:
        return Reconciled()
    if found.repaired or found.unreadable:
        log.info("connection.reconciled", connection=link.id, **vars(found))
    return found


async def _keep_hook_on(gateway: Gateway, link: Link) -> None:
    """A hook the platform switched off is told, and switched on again."""
    address = f"{gateway.public_url}/v1/hooks/{link.connection.hook}"

    async def is_on() -> bool:
        return await call_platform(
            gateway, link, lambda remote: link.connector.hook_is_on(address, remote)
        )

    if not await is_on():
        await raise_alarm(gateway, link.tenant, "hook_disabled", link.id)
        await call_platform(gateway, link, lambda remote: link.connector.rearm(address, remote))
        if not await is_on():
            return
    await clear_alarm(gateway, link.tenant, "hook_disabled", link.id)


async def _take_changes(gateway: Gateway, link: Link, duty: Duty) -> Reconciled:
    """Page by page; where a page was applied the next one begins, whoever takes it."""
    connections, name = gateway.directory.connections, link.connection.id
    cursor: Mapping[str, Any] | None = await connections.cursor(link.tenant, name)
    found = Reconciled(more=True)
    for _ in range(PAGES):
        before = cursor
        page = await _page(gateway, link, before)
        for document in page.documents:
            found += await _apply(gateway, link, before, document)
        if not await gateway.duties.heartbeat(duty, LEASE):
            break  # another process goes on from the same place
        cursor = page.cursor
        if cursor != before:
            await connections.keep_cursor(link.tenant, name, dict(cursor))
        found += Reconciled(more=page.more and cursor != before)
        if not found.more:
            break
    return found


async def _page(gateway: Gateway, link: Link, cursor: Mapping[str, Any] | None) -> Changed:
    return await call_platform(
        gateway, link, lambda remote: link.connector.changed_since(cursor, remote)
    )


async def _apply(
    gateway: Gateway, link: Link, cursor: Mapping[str, Any] | None, document: Mapping[str, Any]
) -> Reconciled:
    """Through the same door as what was fetched; the same page again has the same commands."""
    try:
        read = link.connector.read(document, link.settings)
    except errors.Unreadable as error:
        log.warning("reconcile.unreadable", connection=link.id, why=str(error))
        return Reconciled(seen=1, unreadable=1)
    named = hashlib.sha256(json.dumps([cursor, document], sort_keys=True, default=str).encode())
    command = uuid.uuid5(link.uuid, named.hexdigest())
    repaired = False
    for place, seen in enumerate(read.observations):
        cause = Cause(command=uuid.uuid5(command, str(place)))
        repaired |= await _observe(gateway, link, seen, cause)
    return Reconciled(seen=1, repaired=int(repaired))


async def _observe(gateway: Gateway, link: Link, seen: o.Observation, cause: Cause) -> bool:
    """Whether it had news. Without revisions reads may cross: the twin's own lane reads it."""
    if isinstance(seen, o.CartSeen) and seen.snapshot.revision is None and link.can("fetch"):
        seen = o.Hint(kind=seen.kind, external_id=seen.external_id)
    try:
        return _has_news(await apply_observation(gateway, link, seen, cause))
    except Problem as problem:
        if problem.code not in _PASSES:
            log.warning("reconcile.refused", connection=link.id, why=problem.code)
            return False
        if not link.can("fetch"):
            raise errors.Retry(problem.code) from problem
        hint = o.Hint(kind=seen.kind, external_id=seen.external_id)
        await apply_observation(gateway, link, hint, cause)
        return False


def _has_news(outcome: Outcome | Done[Any] | None) -> bool:
    facts = outcome.events if outcome is not None else ()
    return any(not isinstance(fact, _NO_NEWS) for fact in facts)


async def _read_again(gateway: Gateway, link: Link) -> Reconciled:
    """Some twins of living carts that were long not heard of; the next turn goes on behind them."""
    connections, name = gateway.directory.connections, link.connection.id
    kept = await connections.cursor(link.tenant, name) or {}
    places: dict[str, str | None] = {}
    stale: list[Twin] = []
    for state in LIVING:
        page = await gateway.documents.find(
            link.tenant, "cart", state=state, limit=REREAD, after=kept.get(state)
        )
        places[state] = page.next
        for loaded in page.items:
            stale += _stale(loaded.state, link.id, gateway.clock() - NOT_HEARD_OF)
    await connections.keep_cursor(link.tenant, name, places)
    for twin in stale:
        try:
            await _reread(gateway, link, twin)
        except errors.Unreadable as error:
            log.warning("reconcile.unreadable", connection=link.id, why=str(error))
    return Reconciled(seen=len(stale))


def _stale(cart: Cart, connection: str, before: datetime) -> list[Twin]:
    if cart.updated_at is not None and cart.updated_at >= before:
        return []
    return [twin for twin in cart.twins if twin.ref.connection == connection and not twin.ended]


async def _reread(gateway: Gateway, link: Link, twin: Twin) -> None:
    """Now; without revisions two reads may cross, and only the twin's own lane may read it."""
    drawn = uuid.UUID(bytes=gateway.draw(16))
    if twin.revision is not None:
        await fetch_twin(gateway, link, twin.ref, drawn)
        return
    hint = o.Hint(kind=twin.ref.kind, external_id=twin.ref.external_id)
    await apply_observation(gateway, link, hint, Cause(command=drawn))
