"""What is so now and should not be is told by alarm, and the alarm is cleared once it is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cartbridge.database.alarms import Condition, OpenAlarm
from cartbridge.domain.alarm.state import GATEWAY, AlarmKind, Details
from cartbridge.domain.ids import named
from cartbridge.services.close_store import tell_unknown
from cartbridge.services.gateway import Gateway
from cartbridge.services.raise_alarm import clear_alarm, raise_alarm

LAG: Final = timedelta(seconds=60)
IDLE: Final = timedelta(seconds=5)

# Those that follow from what the database shows: raised and cleared here alone.
SEEN: Final[tuple[AlarmKind, ...]] = (
    "sorter_lag",
    "idle_transaction",
    "dead_letters",
    "quarantine",
    "connection_silent",
)
# Those of a connection that others raise: here they are only cleared once it is removed.
OF_CONNECTIONS: Final[tuple[AlarmKind, ...]] = ("hook_disabled", "token_refresh_failed")

Key = tuple[UUID, AlarmKind, str]
Found = dict[Key, tuple[datetime, Details]]


async def tell_conditions(gateway: Gateway) -> int:
    """Raises and clears; answers how many alarms are raised of what the database shows."""
    await gateway.alarms.listen()
    seen = await gateway.alarms.conditions(lag=LAG, idle=IDLE, silent=gateway.limits.silent_after)
    found = await _named(gateway, seen)
    for (tenant, kind, subject), (since, details) in found.items():
        await raise_alarm(gateway, tenant, kind, subject, details, since)
    for alarm in await gateway.alarms.open((*SEEN, *OF_CONNECTIONS, "outcome_unknown")):
        await _look_again(gateway, alarm, found)
    return len(found)


async def _named(gateway: Gateway, seen: Sequence[Condition]) -> Found:
    """The conditions by tenant, kind and subject; one without a tenant concerns all of them."""
    found: Found = {}
    everybody = [tenant.uuid for tenant in await gateway.directory.tenants.list()]
    for condition in seen:
        tenants = everybody if condition.tenant is None else [condition.tenant]
        for tenant in tenants:
            subject = await _subject(gateway, tenant, condition.connection)
            key = (tenant, condition.kind, subject)
            since, number = condition.since, condition.number
            if key in found:  # of several connections that were removed
                before = found[key]
                since = min(since, before[0])
                number = (number or 0) + (before[1].number or 0)
            found[key] = (since, Details(number=number))
    return found


async def _subject(gateway: Gateway, tenant: UUID, connection: UUID | None) -> str:
    if connection is None:
        return GATEWAY
    known = await gateway.directory.connections.get(tenant, named("con", connection))
    return GATEWAY if known is None else known.slug


async def _look_again(gateway: Gateway, alarm: OpenAlarm, found: Found) -> None:
    """Clears an open alarm of something that is no longer so."""
    if alarm.kind == "outcome_unknown":
        store = await gateway.directory.stores.get(alarm.tenant, alarm.subject)
        if store is not None:
            await tell_unknown(gateway, alarm.tenant, store)
            return
    elif alarm.kind in OF_CONNECTIONS:
        connections = gateway.directory.connections
        if await connections.get_by_slug(alarm.tenant, alarm.subject) is not None:
            return
    elif (alarm.tenant, alarm.kind, alarm.subject) in found:
        return
    await clear_alarm(gateway, alarm.tenant, alarm.kind, alarm.subject)
