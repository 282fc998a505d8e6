"""A real PostgreSQL for every test that asks for one: a fresh, migrated database each."""

import asyncio
import os
import shutil
import tempfile
import threading
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from cartbridge.database.connection import Database
from cartbridge.database.documents import (
    Appended,
    Change,
    DocumentKind,
    Documents,
    Loaded,
    Write,
)
from cartbridge.database.embedded import EmbeddedServer
from cartbridge.database.migrate import migrate
from cartbridge.database.vault import Vault
from cartbridge.database.writer import Writer
from cartbridge.domain.cart.events import CartEvent, Started, parse
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.header import Actor, Header
from cartbridge.domain.ids import make_id, slot_of
from tests.faults.experiment import Counts, Experiment, Span, table

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HEADER = Header(occurred_at=NOW, actor=Actor(kind="connector"), channel="web")

DsnOf = Callable[[str], str]
Result = TypeVar("Result")

EXPERIMENT = "experiment"
LONG_SECONDS = 900  # what one experiment may take at most with --long


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long damage is done."""
    told = "run the faults and the simulation for minutes, not for seconds (make faults)"
    parser.addoption("--long", action="store_true", default=False, help=told)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A long run has the time for it."""
    if config.getoption("--long"):
        for item in items:
            item.add_marker(pytest.mark.timeout(LONG_SECONDS), append=False)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One table of what every experiment counted; a long run leaves it in var/faults.txt."""
    reports = [one for each in terminalreporter.stats.values() for one in each]
    counted = [
        Counts(**told)
        for report in reports
        if getattr(report, "when", None) == "teardown"
        for name, told in report.user_properties
        if name == EXPERIMENT
    ]
    if not counted:
        return
    lines = table(counted)
    terminalreporter.section("experiments")
    for line in lines:
        terminalreporter.write_line(line)
    if config.getoption("--long"):
        file = config.rootpath / "var" / "faults.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def span(request: pytest.FixtureRequest) -> Span:
    """`span(2, 60)`: the first in CI, the second with --long."""
    return Span(bool(request.config.getoption("--long")))


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> Iterator[Experiment]:
    """Begins to count an experiment or its control; the counts are told however it ends."""
    begun: list[Counts] = []

    def begin(name: str, seed: int | None = None, *, control: bool = False) -> Counts:
        begun.append(Counts(name, seed, control))
        return begun[-1]

    yield begin
    for counts in begun:
        print(f"\n{counts}", end="")  # noqa: T201 - the counts are the result
    # Along with the report, which comes to the process that shows it all.
    request.node.user_properties += [(EXPERIMENT, asdict(counts)) for counts in begun]


class Background:
    """An event loop of its own that outlives the tests' loops, for the server they share."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def begin(self, work: Coroutine[Any, Any, Result]) -> "Future[Result]":
        """Do the work in that loop, meanwhile."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do the work in that loop and wait for it."""
        return self.begin(work).result(timeout=120)

    def close(self) -> None:
        """End the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


@pytest.fixture(scope="session")
def server(background: Background) -> Iterator[DsnOf]:
    """The DSN of any database on the one server: DATABASE_URL's, or an embedded one."""
    if url := os.environ.get("DATABASE_URL"):
        yield lambda name: on_same_server(url, name)
        return
    folder = Path(tempfile.mkdtemp(prefix="cartbridge-tests-"))
    folder.chmod(0o711)  # the server's account must be able to pass
    embedded = EmbeddedServer(folder / "data", fsync=False)
    try:
        background.run(embedded.start())
        yield embedded.dsn
    finally:
        background.run(embedded.stop())
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: DsnOf, background: Background) -> Iterator[str]:
    """The name of a migrated, empty database to copy from."""
    name = f"cartbridge_template_{uuid.uuid4().hex[:12]}"
    background.run(administer(server, f"create database {name}"))
    background.run(migrate(server(name)))
    yield name
    background.run(administer(server, f"drop database {name} with (force)"))


class Copies:
    """Copies of the template, made ahead while other tests run, and dropped behind them."""

    def __init__(self, server: DsnOf, template: str, background: Background) -> None:
        self._server, self._template, self._background = server, template, background
        self._ready = deque(self._make() for _ in range(2))
        self._dropped: list[Future[None]] = []

    async def take(self) -> str:
        """The name of a database nobody has used."""
        self._ready.append(self._make())
        return await asyncio.wrap_future(self._ready.popleft())

    def give_back(self, name: str) -> None:
        """Drop the database some time later."""
        statement = f"drop database {name} with (force)"
        self._dropped.append(self._background.begin(administer(self._server, statement)))

    def close(self) -> None:
        """Drop what is left and wait until all of it is gone."""
        for copy in self._ready:
            self.give_back(copy.result(timeout=60))
        for dropped in self._dropped:
            dropped.result(timeout=60)

    def _make(self) -> "Future[str]":
        return self._background.begin(self._copy(f"cartbridge_test_{uuid.uuid4().hex[:16]}"))

    async def _copy(self, name: str) -> str:
        await administer(self._server, f"create database {name} template {self._template}")
        return name


@pytest.fixture(scope="session")
def copies(server: DsnOf, template: str, background: Background) -> Iterator[Copies]:
    copies = Copies(server, template, background)
    yield copies
    copies.close()


@pytest.fixture
async def dsn(server: DsnOf, copies: Copies) -> AsyncIterator[str]:
    """The DSN, as its owner, of a database of this test alone."""
    name = await copies.take()
    yield server(name)
    copies.give_back(name)


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Any]:
    """A connection as the database's owner, above every rule: to look, and to do damage."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    database = Database(dsn)
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[Writer]:
    writer = Writer(database)
    await writer.start()
    yield writer
    await writer.stop()


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault.of(bytes(range(32)))


@pytest.fixture
def tenant() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
def kinds() -> tuple[DocumentKind[Any], ...]:
    """The documents the gateway keeps: a test of another kind says which."""
    return (
        DocumentKind(
            prefix="crt",
            kind="cart",
            model=Cart,
            parse_event=parse,
            evolve=evolve,
            due=lambda cart: NOW if cart.has_payment else None,
        ),
    )


@pytest.fixture
def documents(
    database: Database, writer: Writer, vault: Vault, kinds: tuple[DocumentKind[Any], ...]
) -> Documents:
    return Documents(database, writer, vault, kinds)


class Carts:
    """Begins and changes carts the way a service does, with as little as a test has to say."""

    def __init__(self, documents: Documents, tenant: uuid.UUID) -> None:
        self.documents = documents
        self.tenant = tenant

    def new_id(self, slot: int | None = None) -> str:
        """A cart's id; without a slot in a shard by chance."""
        chance = int.from_bytes(os.urandom(2), "big") & 0xFFF
        return make_id("crt", NOW, chance if slot is None else slot, os.urandom(8))

    def write(
        self,
        cart: str,
        *events: CartEvent,
        before: Loaded[Any] | None = None,
        root: str | None = None,
    ) -> Write:
        """A write of these events to a cart, begun by them or as it was loaded."""
        after = Cart(id=cart) if before is None else before.state
        for event in events:
            after = evolve(after, event, NOW)
        home = before.root if before is not None else root or cart
        return Write(cart, home, before, events, after, HEADER)

    def change(self, *writes: Write, command: uuid.UUID | None = None, **rest: Any) -> Change:
        """A change of this tenant, by a command of its own."""
        return Change(command or uuid.uuid4(), self.tenant, writes, **rest)

    async def start(
        self, customer: Customer | None = None, slot: int | None = None, root: str | None = None
    ) -> str:
        """A new cart in the journal."""
        cart = self.new_id(slot_of(root) if root else slot)
        started = Started(origin=Origin(), currency="EUR", customer=customer)
        outcome = await self.documents.commit(self.change(self.write(cart, started, root=root)))
        assert isinstance(outcome, Appended)
        return cart

    async def add(self, cart: str, *events: CartEvent) -> Loaded[Any]:
        """More of its life; answers the cart after it."""
        before = await self.load(cart)
        outcome = await self.documents.commit(self.change(self.write(cart, *events, before=before)))
        assert isinstance(outcome, Appended)
        return await self.load(cart)

    async def load(self, cart: str) -> Loaded[Any]:
        """The cart as it stands."""
        loaded = await self.documents.load(self.tenant, cart)
        assert loaded is not None
        return loaded


@pytest.fixture
def carts(documents: Documents, tenant: uuid.UUID) -> Carts:
    return Carts(documents, tenant)


async def administer(server: DsnOf, statement: str) -> None:
    """Run a statement that concerns a whole database."""
    connection = await asyncpg.connect(server("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def on_same_server(url: str, name: str) -> str:
    """The DSN of another database beside the one a DSN names."""
    address, question, parameters = url.partition("?")
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.split('/')[0]}/{name}{question}{parameters}"
