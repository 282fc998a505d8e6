"""Two versions side by side on one database: neither stops, and the older one never guesses."""

import base64
import shutil
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import httpx
import pytest
from pydantic import Field, TypeAdapter

from cartbridge.app import alarm_kind
from cartbridge.database.connection import Database
from cartbridge.database.documents import (
    Appended,
    Change,
    Conflict,
    DocumentKind,
    Documents,
    Loaded,
    Write,
)
from cartbridge.database.history import NewerVersion
from cartbridge.database.migrate import FOLDER, migrate, pending
from cartbridge.database.writer import Writer
from cartbridge.domain.cart.events import CartEvent, DetailsChanged, Event
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.header import Actor, Header
from cartbridge.domain.ids import make_id, slot_of
from cartbridge.domain.model import Strict
from tests.acceptance.world import LAMP, VAULT, World, flaws, free_port, line, open_world, until
from tests.faults.experiment import Experiment, Span
from tests.faults.processes import GatewayProcess
from tests.faults.senders import Callers, calling

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
SEED = 16
KEY = base64.b64encode(bytes(range(32))).decode()
HEADER = Header(occurred_at=datetime.now(UTC), actor=Actor(kind="gateway"))

# The next version: a new type of event, a known one in a new form, a new kind of document.


class GiftWrapped(Event):
    """The cart is a present."""

    type: Literal["cart.gift_wrapped"] = "cart.gift_wrapped"
    paper: str


class RateChanged(DetailsChanged):
    """The same fields as before, and another meaning: only its schema version tells."""

    schema_version: ClassVar[int] = 2


class ShippingChanged(RateChanged):
    """A field more, which changes the meaning of the others."""

    scale: int = 100


class NewerCart(Cart):
    """A cart as the next version keeps it."""

    paper: str | None = None


class LetterWritten(Event):
    """A new kind of document was begun."""

    type: Literal["letter.written"] = "letter.written"
    text: str


class Letter(Strict):
    """A new kind of document."""

    id: str
    version: int = 0
    state: str = "open"
    text: str = ""


_NEWER: TypeAdapter[Any] = TypeAdapter(
    Annotated[CartEvent | GiftWrapped, Field(discriminator="type")]
)


def parse_newer(facts: dict[str, Any]) -> Any:
    """An event as the next version reads it."""
    known = ShippingChanged.model_validate if "scale" in facts else _NEWER.validate_python
    return known(facts)


def evolve_newer(cart: Any, event: Any, occurred_at: datetime) -> Any:
    """What the next version makes of an event."""
    if isinstance(event, GiftWrapped):
        return cart.model_copy(update={"paper": event.paper})
    if isinstance(event, RateChanged):
        return cart.model_copy(update={"shipping": (event.shipping or 0) * 100})
    return evolve(cart, event, occurred_at)


NEWER_KINDS: tuple[DocumentKind[Any], ...] = (
    DocumentKind("crt", "cart", NewerCart, parse_newer, evolve_newer, lambda _: None),
    DocumentKind(
        "ltr",
        "letter",
        Letter,
        TypeAdapter(LetterWritten).validate_python,
        lambda letter, event, _: letter.model_copy(update={"text": event.text}),
        lambda _: None,
    ),
    alarm_kind(),
)


# Two that the older version must not read, and one that it reads although its view is new.
NEWS: tuple[Event, ...] = (
    GiftWrapped(paper="red"),
    ShippingChanged(shipping=5),
    DetailsChanged(shipping=7),
)


@dataclass
class Newer:
    """A process of the next version, as far as the database is concerned."""

    documents: Documents
    tenant: UUID

    async def write(self, cart: str, event: Event) -> Loaded[Any]:
        """One more event of a cart, whoever else writes to it."""
        outcome: Any = Conflict()
        while isinstance(outcome, Conflict):
            before = await self.load(cart)
            after = evolve_newer(before.state, event, HEADER.occurred_at)
            write = Write(cart, before.root, before, (event,), after, HEADER)
            outcome = await self.documents.commit(Change(uuid.uuid4(), self.tenant, (write,)))
        assert isinstance(outcome, Appended)
        return await self.load(cart)

    async def begin_letter(self, beside: str) -> str:
        """A document of the new kind, in the shard of a cart."""
        letter = make_id("ltr", HEADER.occurred_at, slot_of(beside), uuid.uuid4().bytes[:8])
        after = Letter(id=letter, text="Merci")
        write = Write(letter, letter, None, (LetterWritten(text="Merci"),), after, HEADER)
        outcome = await self.documents.commit(Change(uuid.uuid4(), self.tenant, (write,)))
        assert isinstance(outcome, Appended)
        return letter

    async def load(self, cart: str) -> Loaded[Any]:
        """The cart as the next version sees it."""
        loaded = await self.documents.load(self.tenant, cart)
        assert loaded is not None
        return loaded


@asynccontextmanager
async def newer_version(dsn: str, tenant: UUID) -> AsyncIterator[Newer]:
    """Started and stopped."""
    database = Database(dsn)
    await database.start()
    writer = Writer(database)
    await writer.start()
    try:
        yield Newer(Documents(database, writer, VAULT, NEWER_KINDS), tenant)
    finally:
        await writer.stop()
        await database.stop()


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """The migrations of the next version: something more before it, something less after it."""
    folder = tmp_path / "migrations"
    shutil.copytree(FOLDER, folder)
    (folder / "9001_pre_next.sql").write_text(
        "alter table view add column priority int not null default 0;"
        "alter table event add column note text;"
        "create table letter_address (shard smallint, tenant uuid, id uuid);"
    )
    (folder / "9002_post_next.sql").write_text("alter table view drop column due_at;")
    return folder


@pytest.fixture
async def retailer(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    """Set up, and nothing of this process works or appends from then on."""
    async with open_world(dsn, tmp_path, work=False) as world:
        yield world


@pytest.fixture
async def older(retailer: World, dsn: str, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A process of this version."""
    address = {"DATABASE_URL": dsn, "CARTBRIDGE_MASTER_KEY": KEY}
    process = GatewayProcess(tmp_path / "older", free_port(), **address)
    await process.start()
    try:
        yield process
    finally:
        await process.end()


async def told_by(client: httpx.AsyncClient, key: str) -> dict[str, list[dict[str, Any]]]:
    """Everything the feed tells, by document."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    cursor: str | None = None
    while True:
        params = {"limit": "1000", **({"after": cursor} if cursor else {})}
        page = await client.get(
            "/v1/events", params=params, headers={"Authorization": f"Bearer {key}"}
        )
        assert page.status_code == 200, page.text
        for event in page.json()["items"]:
            found[event["subject"]].append(event)
        if page.json()["next"] == cursor:
            return found
        cursor = page.json()["next"]


async def test_both_versions_work_on_one_database_until_the_older_is_gone(
    retailer: World,
    older: GatewayProcess,
    dsn: str,
    releases: Path,
    experiment: Experiment,
    span: Span,
) -> None:
    hooks = experiment("two versions at once: hooks at the older", SEED)
    commands = experiment("two versions at once: commands at the older", SEED)
    newer_counts = experiment("two versions at once: events of the newer", SEED)
    callers = Callers((older.url,), retailer.told, hooks=3, tills=6)
    written: dict[str, Loaded[Any]] = {}
    async with newer_version(dsn, await retailer.tenant()) as newer:
        async with calling(callers, hooks, commands):
            await callers.more(span(40, 2000))
            # The next version arrives: first its migrations, under load, then itself.
            assert await migrate(dsn, "pre", folder=releases) == ["9001_pre_next.sql"]
            await callers.more(span(40, 2000))
            for name in sorted(callers.acked_hooks)[: span(12, 200)]:
                cart = await known(retailer, name)
                written[cart] = await newer.write(cart, NEWS[len(written) % len(NEWS)])
                newer_counts.sent += 1
                newer_counts.acknowledged += 1
            letters = [await newer.begin_letter(cart) for cart in written]
            await callers.more(span(40, 2000))
        assert await pending(dsn, folder=releases) == ["9002_post_next.sql"]
        headlines, _ = await retailer.gateway.feed.headlines(newer.tenant, limit=100_000)
        assert {one.document for one in headlines} >= {*written, *letters}

        client = httpx.AsyncClient(base_url=older.url, timeout=20, trust_env=False)
        async with client:
            told = await told_by(client, retailer.told["ops_key"])
            newer_counts.stored = sum(
                told[cart][loaded.version - 1]["type"]
                in ("cart.gift_wrapped", "cart.details_changed")
                for cart, loaded in written.items()
            )
            newer_counts.lost = newer_counts.acknowledged - newer_counts.stored
            for subject, events in told.items():
                versions = [int(event["sequence"]) for event in events]
                assert versions == list(range(1, len(versions) + 1)), subject
            assert {told[letter][0]["data"]["text"] for letter in letters} == {"Merci"}
            newer_counts.extra["left to the newer"] = await left_alone(client, retailer, written)
        newer_counts.applied = await read_alike(newer, told)
    assert hooks.held
    assert commands.held
    assert newer_counts.held
    assert callers.answered.keys() <= {200, 201, 202, 409}
    assert await flaws(dsn) == []

    await older.end()
    assert await migrate(dsn, "post", folder=releases) == ["9002_post_next.sql"]


async def known(world: World, name: str) -> str:
    """The cart of a web cart, once its hook was applied."""
    found: list[str] = []

    async def there() -> bool:
        cart = await world.shop.cart(name)
        found.extend([] if cart is None else [cart["id"]])
        return bool(found)

    await until(there)
    return found[0]


async def left_alone(
    client: httpx.AsyncClient, world: World, written: dict[str, Loaded[Any]]
) -> int:
    """The older one says of carts it cannot read to come again, and holds back no other."""
    shop = replace(world.shop, client=client)
    operator = replace(world.operator, client=client)
    left = 0
    for cart, loaded in written.items():
        answer = await operator.get(f"/v1/carts/{cart}")
        if loaded.state.shipping == 7:
            assert answer.json()["totals"]["shipping"] == 7
            continue
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), answer.text
        left += 1
    wrapped = next(one for one in written.values() if one.state.paper)
    twin = wrapped.state.twins[0].ref.external_id
    assert (await shop.snapshot(twin, line(LAMP, 2), revision=2)).status_code == 202
    other = f"web-{uuid.uuid4().hex}"
    assert (await shop.snapshot(other, line(LAMP))).status_code == 202
    await known(world, other)

    async def put_back() -> bool:
        waiting = "select count(*) from inbox_part where state = 'sorted' and reason like '%newer%'"
        return bool(await world.owner.fetchval(waiting) == 1)

    await until(put_back)
    return left


async def read_alike(newer: Newer, told: dict[str, list[dict[str, Any]]]) -> int:
    """Whatever the older one wrote, the next version folds to the view that stands there."""
    own = 0
    for subject, events in told.items():
        if not subject.startswith("crt_"):
            continue
        loaded = await newer.load(subject)
        assert loaded.version == len(events)
        assert loaded.state == await newer.documents.fold(newer.tenant, subject)
        own += loaded.state.paper == "red" or loaded.state.shipping in (500, 7)
    return own


async def test_a_version_that_passes_over_what_it_does_not_know_shows_wrong_carts(
    retailer: World, dsn: str, experiment: Experiment
) -> None:
    """The negative control: the same events, folded by a version that guesses."""
    counts = experiment("an older version that guesses", SEED, control=True)
    tenant = await retailer.tenant()
    now = retailer.gateway.documents
    carts: list[str] = []
    till = retailer.till()
    async with newer_version(dsn, tenant) as newer:
        for number in range(6):
            begun = await till.call("POST", "/v1/pos/carts", {})
            carts.append(begun.json()["cart"]["id"])
            event = GiftWrapped(paper="red") if number % 2 else RateChanged(shipping=5)
            right = await newer.write(carts[-1], event)
            counts.sent, counts.acknowledged = counts.sent + 1, counts.acknowledged + 1
            history = await now.history(tenant, carts[-1])
            guessed = Cart(id=carts[-1])
            for stored in history:
                guessed = naive(guessed, stored.facts)
            seen = guessed.model_dump(exclude={"version"})
            truth = right.state.model_dump(exclude={"version"})
            counts.lost += seen != truth
            with pytest.raises(NewerVersion, match="a newer one wrote it"):
                await now.fold(tenant, carts[-1])
    assert counts.lost == counts.acknowledged


def naive(cart: Cart, facts: dict[str, Any]) -> Cart:
    """An event as this version takes it, whoever wrote it; what it does not know is passed over."""
    try:
        event = TypeAdapter(CartEvent).validate_python(facts)
    except ValueError:
        return cart
    return evolve(cart, event, HEADER.occurred_at)
