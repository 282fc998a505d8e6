"""The way to PostgreSQL: a pool that reads as one tenant, and errors that say when to come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg

from cartbridge.database.dialing import dial, each_host
from cartbridge.database.queries import queries

APP_ROLE: Final = "cartbridge_app"
REQUEST_SECONDS: Final = 1.0  # how long a request waits for a connection
SETTINGS: Final = {
    "role": APP_ROLE,
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "5s",
    "default_transaction_isolation": "read committed",
    "jit": "off",  # compiling costs more than any of our statements
}

# By what to do about it: come back later. Anything else is a mistake of ours and is shown as it is.
_LATER: Final = (
    OSError,  # refused, cut, timed out (TimeoutError is one)
    EOFError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, starting up, cancelled by a timeout
    asyncpg.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.TransactionRollbackError,  # deadlock, serialisation
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,  # this server is no longer the primary
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.PostgresSystemError,
)
_OURS: Final = (
    ValueError,  # asyncpg refuses an argument or a DSN
    asyncpg.UnsupportedClientFeatureError,
    asyncpg.UnsupportedServerFeatureError,
)
# After these the connections that look alive are of no more use.
_STALE: Final = (
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
# No such table; no such role, or one that this account may not work as.
_NOT_MIGRATED: Final = (
    asyncpg.UndefinedTableError,
    asyncpg.InvalidParameterValueError,
    asyncpg.InsufficientPrivilegeError,
)


class Unavailable(Exception):
    """The database cannot answer now; nothing is wrong with the request: try it again later."""


class Misconfigured(Exception):
    """The database answers, but not as CartBridge needs it; the text says what to change."""


def is_unavailable(error: BaseException) -> bool:
    """Whether an error of the database means that the same call may succeed later."""
    return isinstance(error, _LATER) and not isinstance(error, _OURS)


class News:
    """Wakes, inside this process, whoever waits for something to happen in the database."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.told = 0  # how many times

    def tell(self) -> None:
        """Say that it happened."""
        self.told += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return at the next news, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return


class Database:
    """PostgreSQL as the gateway sees it: bounded in time, one tenant at a time, never as owner.

    A DSN may name several hosts and `target_session_attrs=read-write`; after a failover the pool
    finds the new primary by itself.
    """

    def __init__(self, dsn: str, *, pool_size: int = 8) -> None:
        self._hosts = each_host(dsn)
        self._pool_size = pool_size
        self._pool: asyncpg.Pool[Any] | None = None
        self._shards = 0
        self.arrivals = News()  # the inbox has new messages
        self.parts = News()  # messages were sorted: there are parts to apply
        self.news = News()  # the journal grew
        self.errands = News()  # with messages for the outbox

    @property
    def shards(self) -> int:
        """How many shards this database was created with; never changes."""
        if not self._shards:
            raise Misconfigured("the database was not started: await Database.start() first")
        return self._shards

    async def start(self) -> None:
        """Open the pool and make sure that the server will keep what it acknowledges."""
        async with _translated():
            self._pool = await asyncpg.create_pool(
                self._hosts[0],
                connect=self._dial,
                min_size=0,
                max_size=self._pool_size,
                timeout=REQUEST_SECONDS,
                command_timeout=6.0,
                reset=_keep,
                server_settings={**SETTINGS, "application_name": "cartbridge"},
            )
        try:
            async with self.connection() as connection:
                await _assert_settings(connection)
                self._shards = await connection.fetchval("select shards from installation")
        except BaseException as error:
            await self.stop()
            if isinstance(error, _NOT_MIGRATED):
                raise Misconfigured(
                    "the database was not prepared: run `cartbridge migrate`"
                ) from error
            raise

    async def stop(self) -> None:
        """Close every connection; a call still under way is cut after two seconds."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(2):
                await pool.close()
        except TimeoutError:
            pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection that sees no tenant's rows: for the functions that go across tenants."""
        pool = self._pool
        if pool is None:
            raise Unavailable("the database is stopped")
        async with _translated(pool), pool.acquire(timeout=REQUEST_SECONDS) as connection:
            yield connection

    @asynccontextmanager
    async def tenant(self, tenant: UUID) -> AsyncIterator[Any]:
        """A transaction that sees and writes this tenant's rows and nobody else's."""
        async with self.connection() as connection:
            # One round trip instead of two; a UUID cannot hold anything but hexadecimal digits.
            await connection.execute(
                f"begin; select set_config('cartbridge.tenant', '{UUID(int=tenant.int)}', true)"
            )
            try:
                yield connection
                await connection.execute("commit")
            except BaseException:
                await _roll_back(connection)
                raise

    async def _dial(self, _dsn: str, **options: Any) -> Any:
        return await dial(self._hosts, **options)

    async def dedicated(self, application: str) -> Any:
        """A connection outside the pool, for one long-lived task; the caller closes it."""
        async with _translated(self._pool):
            return await dial(
                self._hosts,
                timeout=REQUEST_SECONDS,
                command_timeout=6.0,
                server_settings={**SETTINGS, "application_name": application},
            )


@asynccontextmanager
async def _translated(pool: "asyncpg.Pool[Any] | None" = None) -> AsyncIterator[None]:
    try:
        yield
    except BaseException as error:
        if not is_unavailable(error):
            raise
        if pool is not None and isinstance(error, _STALE):
            await pool.expire_connections()
        raise Unavailable(f"the database cannot answer now ({type(error).__name__})") from error


async def _roll_back(connection: Any) -> None:
    """A connection never goes back to the pool with a transaction, or a tenant, still open."""
    try:
        if not connection.is_closed():
            await connection.execute("rollback")
    except BaseException:
        connection.terminate()
        raise


async def _keep(_connection: Any) -> None:
    """Nothing is ever set on a session, only on transactions: nothing needs to be reset."""


async def _assert_settings(connection: Any) -> None:
    row = await connection.fetchrow(queries("connection")["session_settings"])
    wrong = []
    if row["synchronous_commit"] == "off":
        wrong.append("synchronous_commit is off: what is acknowledged could be lost; turn it on")
    if row["version"] < 150000:
        wrong.append("PostgreSQL is older than 15: upgrade the server")
    if row["encoding"] != "UTF8":
        wrong.append("the database's encoding is not UTF8: create it anew with encoding UTF8")
    if row["role"] != APP_ROLE or row["above_the_rules"]:
        wrong.append(f"the session does not work as {APP_ROLE}: connect without a statement pooler")
    if row["unbounded"]:
        wrong.append(f"{', '.join(row['unbounded'])} not in effect: let the pooler pass settings")
    if wrong:
        raise Misconfigured("; ".join(wrong))
