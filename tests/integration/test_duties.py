"""A duty is in one process's hands at a time, and comes back at its time."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from cartbridge.database.connection import Database
from cartbridge.database.credentials import RenewedCredentials
from cartbridge.database.directory import Connection, Directory
from cartbridge.database.duties import INSTALLATION, Duties
from cartbridge.database.vault import Vault

LEASE, HOUR = timedelta(seconds=60), timedelta(hours=1)
TENANT = uuid.uuid4()


@pytest.fixture
def duties(database: Database) -> Duties:
    return Duties(database)


@pytest.fixture
async def connection(database: Database, vault: Vault) -> Connection:
    connections = Directory(database, vault).connections
    return await connections.add(TENANT, "web-fr", "standard", {})


async def leases_end(owner: Any) -> None:
    await owner.execute("update duty set lease_until = clock_timestamp()")


async def test_one_process_has_it_until_it_is_done(duties: Duties) -> None:
    first = await duties.take(TENANT, "refresh", "web-fr", LEASE)
    assert first is not None
    assert await duties.take(TENANT, "refresh", "web-fr", LEASE) is None
    assert await duties.take(TENANT, "refresh", "web-de", LEASE) is not None
    assert await duties.take(uuid.uuid4(), "refresh", "web-fr", LEASE) is not None
    assert await duties.take(INSTALLATION, "watch", "gateway", LEASE) is not None

    assert await duties.done(first)
    assert await duties.take(TENANT, "refresh", "web-fr", LEASE) is not None


async def test_it_is_due_again_at_its_time(duties: Duties, owner: Any) -> None:
    first = await duties.take(TENANT, "watch", "gateway", LEASE)
    assert first is not None
    assert await duties.done(first, again_in=HOUR)
    assert await duties.take(TENANT, "watch", "gateway", LEASE) is None
    in_time = await owner.fetchval("select clock_timestamp() + interval '61 minutes'")
    assert await duties.take(TENANT, "watch", "gateway", LEASE, upto=in_time) is not None


async def test_who_lost_it_cannot_say_that_it_is_done(duties: Duties, owner: Any) -> None:
    slow = await duties.take(TENANT, "watch", "gateway", LEASE)
    assert slow is not None
    assert await duties.heartbeat(slow, LEASE)
    await leases_end(owner)
    quick = await duties.take(TENANT, "watch", "gateway", LEASE)
    assert quick is not None
    assert not await duties.heartbeat(slow, LEASE)
    assert not await duties.done(slow, again_in=HOUR)
    assert not await duties.failed(slow, HOUR, "slow")
    assert await duties.done(quick)


async def test_failures_are_counted_until_it_succeeds(duties: Duties) -> None:
    for failures in (0, 1, 2):
        duty = await duties.take(TENANT, "watch", "gateway", LEASE)
        assert duty is not None
        assert duty.failures == failures
        await duties.failed(duty, timedelta(0), "away\0")
    duty = await duties.take(TENANT, "watch", "gateway", LEASE)
    assert duty is not None
    await duties.done(duty)
    duty = await duties.take(TENANT, "watch", "gateway", LEASE)
    assert duty is not None
    assert duty.failures == 0


async def test_only_active_connections_are_reconciled(
    duties: Duties, connection: Connection, database: Database, vault: Vault, owner: Any
) -> None:
    connections = Directory(database, vault).connections
    (duty,) = await duties.take_reconciliations(9, LEASE)
    assert (duty.tenant, duty.subject) == (TENANT, connection.id)
    assert await duties.take_reconciliations(9, LEASE) == []
    await duties.done(duty)
    await connections.update(TENANT, connection.id, state="paused")
    assert await duties.take_reconciliations(9, LEASE) == []
    await connections.update(TENANT, connection.id, state="active")
    assert len(await duties.take_reconciliations(9, LEASE)) == 1

    assert await connections.remove(TENANT, connection.id)
    assert await owner.fetchval("select count(*) from duty") == 0


async def test_renewed_credentials_follow_one_on_the_other(
    database: Database, vault: Vault, connection: Connection, owner: Any
) -> None:
    renewed = RenewedCredentials(database, vault)
    link = uuid.UUID(connection.id.removeprefix("con_"))

    async def keep(token: str, after: int) -> bool:
        values = {"refresh_token": token}
        return await renewed.keep(TENANT, link, values, None, after=after) is not None

    assert await renewed.read(TENANT, link) is None
    assert not await keep("of a connection that was removed", 3)
    assert await keep("one", 0)
    assert not await keep("other", 0)
    assert await keep("two", 1)
    assert not await keep("late", 1)
    found = await renewed.read(TENANT, link)
    assert found is not None
    assert (found.version, dict(found.values)) == (2, {"refresh_token": "two"})
    assert "two" not in repr(found)
    stored = await owner.fetchval("select sealed::text from credential")
    assert "two" not in stored

    await Directory(database, vault).connections.remove(TENANT, connection.id)
    assert await owner.fetchval("select count(*) from credential") == 0
