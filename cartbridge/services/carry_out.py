"""The one way a document changes: load, decide, append with everything that follows from it."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Protocol
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
from cartbridge.domain.decided import Decided, Decision
from cartbridge.domain.header import Header
from cartbridge.domain.refusals import Refused
from cartbridge.domain.twin import Twin
from cartbridge.services.errand import Errand, Links
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machine import C, D, Machine
from cartbridge.services.machines import machine_of
from cartbridge.services.problems import Problem, refused

_TRIES: Final = 30  # each conflict means that somebody else got on


@dataclass(frozen=True)
class Seen(Generic[D]):
    """A document as it was seen a moment ago; if it moved on since, the append finds out."""

    document: D
    loaded: Loaded[Any] | None = None  # None: it does not exist yet


@dataclass(frozen=True)
class Done(Generic[D]):
    """What a command left: the documents it touched, this one first, and whether it was a repeat.

    `marked`: the parts of messages that it finishes were marked in the same append.
    """

    documents: tuple[Any, ...]
    events: tuple[Any, ...]
    repeated: bool = False
    marked: bool = False

    @property
    def document(self) -> D:
        """The document the command was for."""
        found: D = self.documents[0]
        return found


class HasTwins(Protocol):
    """A document with counterparts on connections."""

    @property
    def twins(self) -> Sequence[Twin]:
        """Its counterparts on connections."""


async def carry_out(
    gateway: Gateway,
    caller: Caller,
    machine: Machine[D, C],
    document: str,
    command_id: UUID,
    make: Callable[[D], Awaitable[C | None]],
    *,
    occurred_at: datetime | None = None,
    marks: Sequence[Mark] = (),
    causation: str | None = None,
    look: Seen[D] | None = None,
) -> Done[D]:
    """Runs one command on one document; Problem if it is refused. `make` sees it as it is now.

    With a `look` that was taken already the first try spares itself another.
    """
    for _ in range(_TRIES):
        was_seen = look is not None
        seen, look = look or await see(gateway, machine, caller.tenant, document), None
        now = gateway.clock()
        happened_at = min(occurred_at or now, now)  # a clock that is ahead moves nothing ahead
        try:
            decision = await _decided(machine, make, seen.document, now, happened_at)
        except Problem:
            if was_seen:
                continue  # it may have moved on since
            if await gateway.documents.knows(caller.tenant, document, command_id):
                return await _present(gateway, caller, machine, document)  # long since done
            raise
        if not any(decided.events for decided in decision):
            return Done((seen.document,), ())
        header = _header(caller, happened_at, causation)
        change = await _change(gateway, caller, command_id, header, seen.loaded, decision, marks)
        if change is None:
            continue
        match await gateway.documents.commit(change):
            case Appended():
                documents = tuple(decided.document for decided in decision)
                return Done(documents, decision[0].events, marked=True)
            case Duplicate():
                present = await _present(gateway, caller, machine, document)
                return Done(present.documents, (), repeated=True, marked=True)
            case Conflict():
                continue
    raise Problem("unavailable", retry_after=1)


async def see(gateway: Gateway, machine: Machine[D, C], tenant: UUID, document: str) -> Seen[D]:
    """The document as it stands, or an empty one if there is none of that id."""
    loaded = await gateway.documents.load(tenant, document)
    return Seen(machine.begin(document) if loaded is None else loaded.state, loaded)


async def links_of(gateway: Gateway, tenant: UUID, documents: Sequence[HasTwins]) -> Links:
    """The links of all connections that these documents have twins on."""
    names = {twin.ref.connection for document in documents for twin in document.twins}
    found = {name: await gateway.connectors.by_name(tenant, name) for name in sorted(names)}
    return {name: link for name, link in found.items() if link is not None}


async def _decided(
    machine: Machine[D, C],
    make: Callable[[D], Awaitable[C | None]],
    document: D,
    now: datetime,
    happened_at: datetime,
) -> Decision:
    command = await make(document)
    if command is None:
        return ()
    decision = machine.decide(document, command, now, happened_at)
    if isinstance(decision, Refused):
        raise refused(decision)
    return decision


async def _present(
    gateway: Gateway, caller: Caller, machine: Machine[D, C], document: str
) -> Done[D]:
    loaded = await gateway.documents.load(caller.tenant, document)
    if loaded is None:
        raise Problem("not_found", what=machine.what)
    return Done((loaded.state,), (), repeated=True)


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
    loaded: Loaded[Any] | None,
    decision: Decision,
    marks: Sequence[Mark],
) -> Change | None:
    """The append, or None if a second document moved on since it was looked at."""
    links = await links_of(gateway, caller.tenant, [decided.document for decided in decision])
    writes: list[Write] = []
    todo: list[Errand] = []
    leases: list[LeaseSet | LeaseDrop] = []
    for position, decided in enumerate(decision):
        if not decided.events:
            continue
        after = decided.document
        before = loaded if position == 0 else await _other(gateway, caller, decided)
        if (before.version if before else 0) + len(decided.events) != after.version:
            return None
        machine = machine_of(after.id)
        was = before.state if before is not None else machine.begin(after.id)
        writes.append(
            Write(
                document=after.id,
                root=after.slot_holder,
                before=before,
                events=decided.events,
                after=after,
                header=header,
            )
        )
        follow = await machine.follow(gateway, caller.tenant, was, decided, links)
        todo += follow.errands
        leases += follow.leases
    return Change(
        command=command_id,
        tenant=caller.tenant,
        writes=tuple(writes),
        outbox=tuple(_row(command_id, place, errand, links) for place, errand in enumerate(todo)),
        marks=tuple(marks),
        leases=tuple(leases),
    )


async def _other(gateway: Gateway, caller: Caller, decided: Decided[Any]) -> Loaded[Any] | None:
    """The second document of a command as it was; None if this command gives birth to it."""
    if decided.document.version == len(decided.events):
        return None
    return await gateway.documents.load(caller.tenant, decided.document.id)


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
