"""The one way a cart changes: load, decide, append with everything that follows from it."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from cartbridge.database.documents import (
    Appended,
    Change,
    Conflict,
    Duplicate,
    LeaseDrop,
    LeaseSet,
    Loaded,
    Mark,
    Outgoing,
    Write,
)
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.commands import Command
from cartbridge.domain.cart.decide import Decision, decide
from cartbridge.domain.cart.draft import Decided
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.header import Header
from cartbridge.domain.refusals import Refused
from cartbridge.services.consequences import Errand, Links, errands
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.placements import placements
from cartbridge.services.problems import Problem, refused
from cartbridge.services.stock_holds import stock_holds

_TRIES: Final = 30  # each conflict means that somebody else got on

Make = Callable[[Cart], Awaitable[Command | None]]
FOREVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_OVER: Final = (e.ClaimReleased, e.OutcomeTold, e.Sold, e.Ordered, e.Merged)


@dataclass(frozen=True)
class Outcome:
    """What a command left: the carts it touched, this one first, and whether it was a repeat.

    `marked`: the parts of messages that it finishes were marked in the same append.
    """

    carts: tuple[Cart, ...]
    events: tuple[e.CartEvent, ...]
    repeated: bool = False
    marked: bool = False

    @property
    def cart(self) -> Cart:
        """The cart the command was for."""
        return self.carts[0]


@dataclass(frozen=True)
class Look:
    """A cart as it was seen a moment ago; if it moved on since, the append finds out."""

    cart: Cart
    loaded: Loaded[Cart] | None = None  # None: it does not exist yet


async def run_command(
    gateway: Gateway,
    caller: Caller,
    cart_id: str,
    command_id: UUID,
    make: Make,
    *,
    occurred_at: datetime | None = None,
    marks: Sequence[Mark] = (),
    causation: str | None = None,
    look: Look | None = None,
) -> Outcome:
    """Runs one command on one cart; Problem if it is refused. `make` sees the cart as it is now.

    With a `look` that was taken already the first try spares itself another.
    """
    for _ in range(_TRIES):
        was_seen = look is not None
        seen, look = look or await look_at(gateway, caller.tenant, cart_id), None
        cart, loaded = seen.cart, seen.loaded
        now = gateway.clock()
        happened_at = min(occurred_at or now, now)  # a clock that is ahead moves nothing ahead
        try:
            decision = await _decided(make, cart, now, happened_at)
        except Problem:
            if was_seen:
                continue  # the cart may have moved on since
            if await gateway.documents.knows(caller.tenant, cart_id, command_id):
                return await _present(gateway, caller, cart_id)  # it took effect long ago
            raise
        if not any(decided.events for decided in decision):
            return Outcome((cart,), ())
        header = _header(caller, happened_at, causation)
        change = await _change(gateway, caller, command_id, header, loaded, decision, marks)
        if change is None:
            continue
        match await gateway.documents.commit(change):
            case Appended():
                carts = tuple(decided.cart for decided in decision)
                return Outcome(carts, decision[0].events, marked=True)
            case Duplicate():
                return replace(await _present(gateway, caller, cart_id), marked=True)
            case Conflict():
                continue
    raise Problem("unavailable", retry_after=1)


async def _decided(make: Make, cart: Cart, now: datetime, happened_at: datetime) -> Decision:
    command = await make(cart)
    decision = decide(cart, command, now, happened_at) if command is not None else ()
    if isinstance(decision, Refused):
        raise refused(decision)
    return decision


async def look_at(gateway: Gateway, tenant: UUID, cart_id: str) -> Look:
    """The cart as it stands, or an empty one if there is none of that id."""
    loaded = await gateway.documents.load(tenant, cart_id)
    return Look(Cart(id=cart_id) if loaded is None else loaded.state, loaded)


async def _present(gateway: Gateway, caller: Caller, cart_id: str) -> Outcome:
    loaded = await gateway.documents.load(caller.tenant, cart_id)
    if loaded is None:
        raise Problem("not_found", what="cart")
    return Outcome((loaded.state,), (), repeated=True)


def _header(caller: Caller, occurred_at: datetime, causation: str | None) -> Header:
    return Header(
        actor=caller.actor,
        channel=None,
        connection=caller.connection,
        store=caller.store,
        terminal=caller.terminal,
        staff=caller.staff,
        occurred_at=occurred_at,
        causation=causation,
        correlation=caller.correlation,
    )


async def _change(
    gateway: Gateway,
    caller: Caller,
    command_id: UUID,
    header: Header,
    loaded: Loaded[Cart] | None,
    decision: Decision,
    marks: Sequence[Mark],
) -> Change | None:
    """The append, or None if the second cart moved on since it was looked at."""
    links = await links_of(gateway, caller.tenant, [decided.cart for decided in decision])
    writes, todo, leases = [], [], []
    for position, decided in enumerate(decision):
        if not decided.events:
            continue
        before = loaded if position == 0 else await _other(gateway, caller, decided)
        if (before.version if before else 0) + len(decided.events) != decided.cart.version:
            return None
        was = before.state if before is not None else Cart(id=decided.cart.id)
        writes.append(
            Write(
                document=decided.cart.id,
                root=decided.cart.slot_holder,
                before=before,
                events=decided.events,
                after=decided.cart,
                header=header,
            )
        )
        todo += errands(was, decided, links)
        todo += await placements(gateway, caller.tenant, decided, links)
        todo += await stock_holds(gateway, caller.tenant, was, decided, links)
        leases += _leases(gateway, decided)
    return Change(
        command=command_id,
        tenant=caller.tenant,
        writes=tuple(writes),
        outbox=tuple(_row(command_id, place, errand, links) for place, errand in enumerate(todo)),
        marks=tuple(marks),
        leases=tuple(leases),
    )


async def _other(gateway: Gateway, caller: Caller, decided: Decided) -> Loaded[Cart] | None:
    """The second cart of a command as it was; None if this command gives birth to it."""
    if decided.cart.version == len(decided.events):
        return None
    return await gateway.documents.load(caller.tenant, decided.cart.id)


async def links_of(gateway: Gateway, tenant: UUID, carts: Sequence[Cart]) -> Links:
    """The links of all connections that these carts have twins on."""
    names = {twin.ref.connection for cart in carts for twin in cart.twins}
    found = {name: await gateway.connectors.by_name(tenant, name) for name in sorted(names)}
    return {name: link for name, link in found.items() if link is not None}


def _row(command_id: UUID, place: int, errand: Errand, links: Links) -> Outgoing:
    link = links.get(errand.connection) if errand.connection is not None else None
    return Outgoing(
        connection=None if link is None else link.uuid,
        id=uuid.uuid5(command_id, f"errand {place}"),
        document=errand.document,
        lane=errand.lane,
        kind=errand.kind,
        payload=errand.payload,
    )


def _leases(gateway: Gateway, decided: Decided) -> list[LeaseSet | LeaseDrop]:
    """The clock of the claim: set when it begins, stopped when somebody told how it ended."""
    cart = decided.cart
    if cart.claim is not None:
        if any(isinstance(fact, e.Claimed) for fact in decided.events):
            seconds = gateway.limits.lease.total_seconds()
            return [LeaseSet(cart.id, cart.claim.id, cart.claim.terminal, seconds)]
        return []
    if cart.unheard is not None and isinstance(decided.events[-1], e.ClaimLapsed):
        # It stays on that terminal's list, and never runs out again, until somebody says.
        unheard = cart.unheard
        return [LeaseSet(cart.id, unheard.id, unheard.terminal, until=FOREVER, hold=True)]
    over = any(isinstance(fact, _OVER) for fact in decided.events)
    return [LeaseDrop(cart.id)] if over else []
