"""Raising an alarm and clearing it: each is a fact of the journal, so that the feed tells it."""

import uuid
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from cartbridge.database.alarms import ALARM_PREFIX
from cartbridge.database.documents import Appended, Change, Loaded, Write
from cartbridge.domain.alarm import commands as c
from cartbridge.domain.alarm.decide import decide
from cartbridge.domain.alarm.evolve import evolve
from cartbridge.domain.alarm.lifecycle import State
from cartbridge.domain.alarm.state import GATEWAY, Alarm, AlarmKind, Details
from cartbridge.domain.header import Actor, Header
from cartbridge.domain.ids import uuid_of
from cartbridge.services.find_cart import new_id
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem

log = structlog.get_logger(__name__)

OF_STORES: Final = frozenset({"outcome_unknown"})
_TRIES: Final = 10  # each conflict means that somebody else told it


async def raise_alarm(
    gateway: Gateway,
    tenant: UUID,
    kind: AlarmKind,
    subject: str,
    details: Details | None = None,
    since: datetime | None = None,
) -> Alarm:
    """One open alarm of a kind and subject: raising it again only tells its details, hourly."""
    command = c.RaiseAlarm(kind, subject, since or gateway.clock(), details or Details())
    for _ in range(_TRIES):
        document = await gateway.alarms.find(tenant, kind, subject)
        if document is None:
            fresh = new_id(gateway, ALARM_PREFIX)
            document = await gateway.alarms.claim(tenant, kind, subject, fresh)
        alarm = await _tell(gateway, tenant, document, command)
        if alarm.state is not State.CLEARED:
            return alarm
        # It was cleared by a process that died before it could say so: this is another alarm.
        again = new_id(gateway, ALARM_PREFIX)
        await gateway.alarms.replace(tenant, kind, subject, document, again)
    raise Problem("unavailable", retry_after=1)


async def clear_alarm(gateway: Gateway, tenant: UUID, kind: AlarmKind, subject: str) -> bool:
    """It is over; says whether an alarm was open."""
    document = await gateway.alarms.find(tenant, kind, subject)
    if document is None:
        return False
    await _tell(gateway, tenant, document, c.ClearAlarm())
    await gateway.alarms.drop(tenant, kind, subject, document)
    return True


async def _tell(gateway: Gateway, tenant: UUID, document: str, command: c.Command) -> Alarm:
    """The alarm once everything the command leads to stands in the journal."""
    for _ in range(_TRIES):
        loaded: Loaded[Alarm] | None = await gateway.documents.load(tenant, document)
        alarm = loaded.state if loaded is not None else Alarm(id=document)
        now = gateway.clock()
        facts = decide(alarm, command, now)
        if not facts:
            return alarm
        after = alarm
        for fact in facts:
            after = evolve(after, fact, now)
        change = Change(
            command=uuid.uuid5(uuid_of(document), f"version {after.version}"),
            tenant=tenant,
            writes=(Write(document, document, loaded, facts, after, _header(after, now)),),
        )
        if isinstance(await gateway.documents.commit(change), Appended):
            say = log.warning if after.state is State.RAISED else log.info
            say(facts[-1].type, kind=after.kind, subject=after.subject, **_told(after.details))
            return after
    raise Problem("unavailable", retry_after=1)


def _told(details: Details) -> dict[str, int | str]:
    return {name: value for name, value in details if value is not None}


def _header(alarm: Alarm, now: datetime) -> Header:
    of_store = alarm.kind in OF_STORES
    return Header(
        actor=Actor(kind="gateway", id="alarms"),
        connection=None if of_store or alarm.subject == GATEWAY else alarm.subject,
        store=alarm.subject if of_store else None,
        occurred_at=now,
    )
