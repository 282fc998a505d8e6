"""Calls that come twice, on a real PostgreSQL: one decides, a repeat hears the same."""

import asyncio
import hashlib
import uuid
from datetime import timedelta
from typing import Any

import pytest

from cartbridge.database.connection import Database
from cartbridge.database.idempotency import Attempt, Idempotency, OtherContent, StillRunning
from cartbridge.database.vault import Vault

SCOPE = hashlib.sha256(b"key + path + Idempotency-Key").digest()
REQUEST = hashlib.sha256(b"{}").digest()


@pytest.fixture
def calls(database: Database, vault: Vault) -> Idempotency:
    return Idempotency(database, vault)


async def crash(owner: Any) -> None:
    """Thirty seconds pass without a word of the first try."""
    await owner.execute("update idempotency set running_until = clock_timestamp()")


async def test_of_twenty_at_once_one_is_first_and_the_others_wait(
    calls: Idempotency, tenant: uuid.UUID
) -> None:
    begun = await asyncio.gather(
        *[calls.begin(tenant, SCOPE, REQUEST) for _ in range(20)], return_exceptions=True
    )
    firsts = [one for one in begun if isinstance(one, Attempt)]
    assert [one.first for one in firsts] == [True]
    waiting = [one for one in begun if isinstance(one, StillRunning)]
    assert len(waiting) == 19
    assert all(1 <= one.retry_after <= 30 for one in waiting)


async def test_a_repeat_hears_the_first_outcome(calls: Idempotency, tenant: uuid.UUID) -> None:
    first = await calls.begin(tenant, SCOPE, REQUEST)
    await calls.finish(tenant, SCOPE, 201, b'{"id":"crt_1"}')
    await calls.finish(tenant, SCOPE, 500, b"late")
    again = await calls.begin(tenant, SCOPE, REQUEST)
    assert (again.first, again.status, again.outcome) == (False, 201, b'{"id":"crt_1"}')
    assert (again.seed, again.started_at) == (first.seed, first.started_at)


async def test_other_content_under_the_same_key_is_refused(
    calls: Idempotency, tenant: uuid.UUID, owner: Any
) -> None:
    other = hashlib.sha256(b"other").digest()
    await calls.begin(tenant, SCOPE, REQUEST)
    with pytest.raises(OtherContent):
        await calls.begin(tenant, SCOPE, other)
    await crash(owner)
    with pytest.raises(OtherContent):
        await calls.begin(tenant, SCOPE, other)
    await calls.finish(tenant, SCOPE, 200, b"")
    with pytest.raises(OtherContent):
        await calls.begin(tenant, SCOPE, other)


async def test_a_crashed_try_is_resumed_by_one_with_the_same_ids(
    calls: Idempotency, tenant: uuid.UUID, owner: Any, vault: Vault
) -> None:
    first = await calls.begin(tenant, SCOPE, REQUEST)
    await crash(owner)
    begun = await asyncio.gather(
        *[calls.begin(tenant, SCOPE, REQUEST) for _ in range(8)], return_exceptions=True
    )
    (resumed,) = [one for one in begun if isinstance(one, Attempt)]
    assert (resumed.first, resumed.outcome) == (False, None)
    assert resumed.command_id == first.command_id
    assert resumed.entropy("line 1") == first.entropy("line 1")
    assert resumed.secret(vault, "code") == first.secret(vault, "code")
    assert resumed.started_at == first.started_at


async def test_a_try_that_gave_up_lets_the_next_one_run_at_once(
    calls: Idempotency, tenant: uuid.UUID
) -> None:
    await calls.begin(tenant, SCOPE, REQUEST)
    await calls.give_up(tenant, SCOPE)
    assert not (await calls.begin(tenant, SCOPE, REQUEST)).first


async def test_what_is_drawn_differs_by_label_and_by_call(
    calls: Idempotency, tenant: uuid.UUID, vault: Vault
) -> None:
    one = await calls.begin(tenant, SCOPE, REQUEST)
    other = await calls.begin(tenant, REQUEST, REQUEST)
    drawn = [
        *(call.entropy(label) for call in (one, other) for label in ("a", "b")),
        *(call.secret(vault, label)[:8] for call in (one, other) for label in ("a", "b")),
        *(call.command_id.bytes[:8] for call in (one, other)),
    ]
    assert len(set(drawn)) == 10
    assert len(one.entropy("a")) == 8


async def test_who_reads_the_database_gets_neither_outcomes_nor_secrets(
    calls: Idempotency, tenant: uuid.UUID, owner: Any, vault: Vault
) -> None:
    call = await calls.begin(tenant, SCOPE, REQUEST)
    await calls.finish(tenant, SCOPE, 201, b"marie.durand@example.test")
    row = await owner.fetchrow("select * from idempotency")
    assert b"marie.durand" not in row["outcome"]
    stranger = Vault.of(bytes(32))
    assert call.secret(stranger, "code") != call.secret(vault, "code")
    assert "seed" not in repr(call)


async def test_two_tenants_with_one_scope_are_apart(calls: Idempotency, tenant: uuid.UUID) -> None:
    stranger = uuid.uuid4()
    mine = await calls.begin(tenant, SCOPE, REQUEST)
    await calls.finish(tenant, SCOPE, 200, b"mine")
    theirs = await calls.begin(stranger, SCOPE, REQUEST)
    assert theirs.first
    assert theirs.command_id != mine.command_id


async def test_calls_are_kept_seven_days(calls: Idempotency, tenant: uuid.UUID, owner: Any) -> None:
    await calls.begin(tenant, SCOPE, REQUEST)
    age = "update idempotency set started_at = clock_timestamp() - $1::interval"
    await owner.execute(age, timedelta(days=6))
    assert await calls.forget() == 0
    await owner.execute(age, timedelta(days=8))
    assert await calls.forget() == 1
    assert (await calls.begin(tenant, SCOPE, REQUEST)).first
