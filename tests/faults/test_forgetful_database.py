"""A database that crashes forgets what nobody waited for; a gateway remembers, and sends again."""

import hashlib
import os
import signal
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from cartbridge.database.connection import Database
from cartbridge.database.embedded import EmbeddedServer
from cartbridge.database.idempotency import Idempotency, StillRunning
from cartbridge.database.migrate import migrate
from cartbridge.database.pointers import Pointers
from cartbridge.database.vault import Vault
from tests.acceptance.world import until

pytestmark = pytest.mark.timeout(120)

SCOPE = hashlib.sha256(b"key + path + Idempotency-Key").digest()
REQUEST = hashlib.sha256(b"{}").digest()
KEY = hashlib.sha256(b"web-1").digest()


class ForgetfulServer:
    """PostgreSQL whose log reaches the disk only when somebody waits for it."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.dsn = server.dsn()

    async def grow_lazy(self) -> None:
        """From now on nothing writes the log in the background."""
        owner = await asyncpg.connect(self.dsn)
        await owner.execute("alter system set wal_writer_delay = '10s'")
        await owner.execute("alter system set autovacuum = off")
        await owner.execute("checkpoint")
        await owner.execute("select pg_reload_conf()")
        await owner.close()

    async def crash(self) -> None:
        """One of its processes is killed: it drops everybody and starts over from its log."""
        victim = await asyncpg.connect(self.dsn)
        os.kill(victim.get_server_pid(), signal.SIGKILL)
        victim.terminate()

        async def answers() -> bool:
            try:
                connection = await asyncpg.connect(self.dsn, timeout=2)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                return False
            await connection.close()
            return True

        await until(answers, 60)


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[ForgetfulServer]:
    async with EmbeddedServer(folder, fsync=False) as running:
        await migrate(running.dsn())
        server = ForgetfulServer(running)
        await server.grow_lazy()
        yield server


@pytest.fixture
async def patient(server: ForgetfulServer) -> AsyncIterator[Database]:
    database = Database(server.dsn)
    await database.start()
    yield database
    await database.stop()


async def test_what_a_call_and_a_cart_were_given_outlives_the_crash(
    server: ForgetfulServer, patient: Database, vault: Vault, tenant: uuid.UUID
) -> None:
    """Otherwise a repeat draws anew, while the append of the first try is sent again: twice."""
    calls, pointers, cart = Idempotency(patient, vault), Pointers(patient), uuid.uuid4()
    first = await calls.begin(tenant, SCOPE, REQUEST)
    await server.crash()
    with pytest.raises(StillRunning):
        await calls.begin(tenant, SCOPE, REQUEST)
    await calls.give_up(tenant, SCOPE)
    assert (await calls.begin(tenant, SCOPE, REQUEST)).command_id == first.command_id

    assert await pointers.claim_pointer(tenant, "twin", KEY, cart) == cart
    await server.crash()
    assert await pointers.claim_pointer(tenant, "twin", KEY, uuid.uuid4()) == cart


async def test_what_nobody_waited_for_is_forgotten(
    server: ForgetfulServer, patient: Database, vault: Vault, tenant: uuid.UUID
) -> None:
    """The negative control: that a call ended need not be on disk, a repeat is run again."""
    calls = Idempotency(patient, vault)
    first = await calls.begin(tenant, SCOPE, REQUEST)
    await calls.finish(tenant, SCOPE, 201, b"{}")
    await server.crash()
    await calls.give_up(tenant, SCOPE)
    again = await calls.begin(tenant, SCOPE, REQUEST)
    assert (again.status, again.command_id) == (None, first.command_id)
