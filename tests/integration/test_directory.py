"""The directory on a real PostgreSQL: who is calling, what is theirs, and nothing of another's."""

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from cartbridge.database.connection import Database
from cartbridge.database.directory import (
    AlreadyThere,
    Directory,
    NotThere,
    Principal,
    StillUsed,
    Tenant,
)
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import is_id
from cartbridge.domain.policy import Rules
from cartbridge.domain.store import Brand, Store, Terminal

SECRET = "whsec_c2VjcmV0LW1hcmtlcg=="
BRAND = Brand(id="maison", name="Maison Lumière")
STORE = Store(id="lyon-2", brand="maison", name="Lyon Part-Dieu")
TILL = Terminal(id="till-4", store="lyon-2", name="Caisse 4")


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(database: Database, vault: Vault, clock: Clock) -> Directory:
    return Directory(database, vault, clock)


@pytest.fixture
def elsewhere(database: Database, vault: Vault) -> Directory:
    """Another gateway on the same database."""
    return Directory(database, vault)


async def furnish(directory: Directory, tenant: uuid.UUID) -> None:
    await directory.brands.add(tenant, BRAND)
    await directory.stores.add(tenant, STORE)
    await directory.terminals.add(tenant, TILL)


# --- retailers and places


async def test_a_retailer_is_added_found_changed_and_removed(directory: Directory) -> None:
    tenant = await directory.tenants.add("lumiere", "Lumière")
    assert is_id(tenant.id, "ten")
    with pytest.raises(AlreadyThere, match="lumiere"):
        await directory.tenants.add("lumiere", "Another")
    with pytest.raises(ValueError, match="slug"):
        await directory.tenants.add("Not A Slug", "Another")
    assert await directory.tenants.get("lumiere") == tenant
    assert await directory.tenants.get(tenant.id) == tenant
    renamed = Tenant(tenant.id, "lumiere", "Maison Lumière", "fr-BE")
    await directory.tenants.update(renamed)
    assert list(await directory.tenants.list()) == [renamed]
    await directory.brands.add(tenant.uuid, BRAND)
    with pytest.raises(StillUsed):
        await directory.tenants.remove(tenant)
    await directory.brands.remove(tenant.uuid, "maison")
    assert await directory.tenants.remove(tenant)
    assert await directory.tenants.get("lumiere") is None
    with pytest.raises(NotThere):
        await directory.tenants.update(renamed)


async def test_places_stand_in_each_other(directory: Directory, tenant: uuid.UUID) -> None:
    with pytest.raises(NotThere, match="brand maison"):
        await directory.stores.add(tenant, STORE)
    await furnish(directory, tenant)
    with pytest.raises(AlreadyThere):
        await directory.stores.add(tenant, STORE)
    assert await directory.stores.get(tenant, "lyon-2") == STORE
    assert list(await directory.terminals.list(tenant, parent="lyon-2")) == [TILL]
    assert list(await directory.terminals.list(tenant, parent="paris-1")) == []
    with pytest.raises(StillUsed, match="till-4"):
        await directory.stores.remove(tenant, "lyon-2")
    with pytest.raises(NotThere):
        await directory.terminals.update(tenant, TILL.model_copy(update={"store": "paris-1"}))
    assert await directory.terminals.remove(tenant, "till-4")
    assert not await directory.terminals.remove(tenant, "till-4")
    assert await directory.stores.remove(tenant, "lyon-2")


async def test_names_are_told_by_kind_and_only_to_their_retailer(
    directory: Directory, tenant: uuid.UUID
) -> None:
    await furnish(directory, tenant)
    assert await directory.names(tenant) == {
        "brand": {"maison": "Maison Lumière"},
        "store": {"lyon-2": "Lyon Part-Dieu"},
        "terminal": {"till-4": "Caisse 4"},
    }
    assert await directory.names(uuid.uuid4()) == {"brand": {}, "store": {}, "terminal": {}}


async def test_a_changed_store_is_seen_elsewhere_within_five_seconds(
    directory: Directory, elsewhere: Directory, tenant: uuid.UUID, clock: Clock
) -> None:
    await furnish(directory, tenant)
    assert await owner_of(directory, tenant) == "own"
    await elsewhere.stores.update(tenant, STORE.model_copy(update={"owner": "franchise"}))
    clock.now += 4.9
    assert await owner_of(directory, tenant) == "own"
    clock.now += 0.2
    assert await owner_of(directory, tenant) == "franchise"


async def owner_of(directory: Directory, tenant: uuid.UUID) -> str:
    store = await directory.stores.get(tenant, "lyon-2")
    assert store is not None
    return store.owner


async def test_what_is_not_set_is_not_stored_so_that_an_older_version_reads_it(
    directory: Directory, tenant: uuid.UUID, owner: Any
) -> None:
    await furnish(directory, tenant)
    await directory.stores.update(tenant, STORE.model_copy(update={"address": "1 rue X"}))
    bodies = [json.loads(row[0]) for row in await owner.fetch("select body from place")]
    assert len(bodies) == 3
    assert not {"policy", "codes", "position"} & {key for body in bodies for key in body}


async def test_rules_for_all_stores_are_set_and_left_open_again(
    directory: Directory, elsewhere: Directory, clock: Clock
) -> None:
    made = await directory.tenants.add("maison", "Maison")
    assert await directory.rules.get(made.uuid) == Rules()
    rules = Rules(policy="captured", codes="not_honoured", reserve_stock=True)
    await elsewhere.rules.put(made.uuid, rules)
    clock.now += 5.1
    assert await directory.rules.get(made.uuid) == rules
    await directory.rules.put(made.uuid, Rules())
    assert await directory.rules.get(made.uuid) == Rules()
    assert await directory.rules.get(uuid.uuid4()) == Rules()


async def test_a_change_is_seen_at_once_by_who_made_it(
    directory: Directory, tenant: uuid.UUID
) -> None:
    await furnish(directory, tenant)
    assert await directory.stores.get(tenant, "lyon-2") == STORE
    moved = STORE.model_copy(update={"name": "Lyon Confluence"})
    await directory.stores.update(tenant, moved)
    assert await directory.stores.get(tenant, "lyon-2") == moved


async def test_terminals_show_when_they_were_last_heard(
    directory: Directory, tenant: uuid.UUID
) -> None:
    await furnish(directory, tenant)
    (never,) = await directory.terminals.sightings(tenant)
    assert (never.terminal, never.last_seen_at) == (TILL, None)
    await directory.terminals.seen(tenant, "till-4", "odoo-18.0")
    (first,) = await directory.terminals.sightings(tenant, store="lyon-2")
    await directory.terminals.seen(tenant, "till-4", "odoo-18.0")
    (second,) = await directory.terminals.sightings(tenant)
    assert second == first  # written once in ten seconds
    await directory.terminals.seen(tenant, "till-4", "odoo-18.1")
    (third,) = await directory.terminals.sightings(tenant)
    assert third.client_version == "odoo-18.1"


async def test_another_retailers_ids_are_not_found(directory: Directory, tenant: uuid.UUID) -> None:
    stranger = uuid.uuid4()
    await furnish(directory, tenant)
    await furnish(directory, stranger)  # the same ids
    await directory.stores.update(stranger, STORE.model_copy(update={"name": "Theirs"}))
    mine = await directory.stores.get(tenant, "lyon-2")
    assert mine == STORE
    connection = await directory.connections.add(tenant, "web-fr", "standard", {})
    key, _ = await directory.keys.issue(tenant, "ops", "operator")
    assert await directory.connections.get(stranger, connection.id) is None
    assert await directory.connections.get_by_slug(stranger, "web-fr") is None
    assert not await directory.connections.remove(stranger, connection.id)
    with pytest.raises(NotThere):
        await directory.connections.update(stranger, connection.id, state="paused")
    assert not await directory.keys.revoke(stranger, key)
    assert list(await directory.keys.list(stranger)) == []
    assert (await directory.connections.add(stranger, "web-fr", "standard", {})).slug == "web-fr"


# --- connections


@pytest.mark.parametrize("name", ["web\0fr", "web\udce9fr"])
async def test_a_name_that_cannot_be_stored_is_nobodys(
    directory: Directory, tenant: uuid.UUID, name: str
) -> None:
    assert await directory.connections.get_by_slug(tenant, name) is None
    assert await directory.stores.get(tenant, name) is None


async def test_a_connection_keeps_its_secrets_encrypted_and_out_of_sight(
    directory: Directory, tenant: uuid.UUID, owner: Any
) -> None:
    settings = {"webhook_secret": [SECRET, "older"], "url": "https://shop.example", "page": 50}
    added = await directory.connections.add(
        tenant, "web-fr", "standard", settings, secret=["webhook_secret"], channel="app"
    )
    assert is_id(added.id, "con")
    assert added.settings == settings
    assert added.shown == {**settings, "webhook_secret": "********"}
    assert SECRET not in repr(added)
    assert added.hook not in repr(added)
    row = await owner.fetchval("select connection::text from connection")
    assert "https://shop.example" in row
    assert SECRET not in row
    with pytest.raises(AlreadyThere):
        await directory.connections.add(tenant, "web-fr", "standard", {})


async def test_a_sealed_secret_cannot_be_moved_to_another_connection(
    directory: Directory, tenant: uuid.UUID, owner: Any
) -> None:
    secret = {"secret": SECRET}
    await directory.connections.add(tenant, "one", "standard", secret, secret=["secret"])
    other = await directory.connections.add(tenant, "two", "standard", secret, secret=["secret"])
    await owner.execute(
        "update connection set settings ="
        " (select settings from connection where slug = 'one') where slug = 'two'"
    )
    with pytest.raises(Exception, match="master key"):
        await directory.connections.get(tenant, other.id)


async def test_a_hook_leads_to_its_connection_until_that_is_removed(
    directory: Directory, tenant: uuid.UUID
) -> None:
    added = await directory.connections.add(tenant, "web-fr", "standard", {"a": 1})
    assert len(added.hook) >= 22  # 128 bits
    assert await directory.connection_by_hook(added.hook) == added
    for wrong in ("", "x", added.hook + "x", "\0", "\udce9", added.hook.swapcase()):
        assert await directory.connection_by_hook(wrong) is None
    paused = await directory.connections.update(tenant, added.id, state="paused")
    assert paused.state == "paused"
    assert await directory.connection_by_hook(added.hook) == paused
    assert await directory.connections.remove(tenant, added.id)
    assert await directory.connection_by_hook(added.hook) is None


async def test_a_given_hook_is_kept_as_given_and_never_shared(
    directory: Directory, tenant: uuid.UUID, owner: Any
) -> None:
    added = await directory.connections.add(tenant, "one", "standard", {}, hook="h" * 32)
    assert added.hook == "h" * 32
    with pytest.raises(AlreadyThere):
        await directory.connections.add(uuid.uuid4(), "two", "standard", {}, hook="h" * 32)
    assert await owner.fetchval("select count(*) from connection") == 1


async def test_a_connection_keeps_its_cursor_and_when_it_was_heard(
    directory: Directory, tenant: uuid.UUID
) -> None:
    added = await directory.connections.add(tenant, "web-fr", "standard", {"a": 1, "b": 2})
    assert await directory.connections.cursor(tenant, added.id) is None
    await directory.connections.keep_cursor(tenant, added.id, {"since": "x\0y", "page": 2})
    assert await directory.connections.cursor(tenant, added.id) == {"since": "x\0y", "page": 2}
    await directory.connections.heard(tenant, added.id)
    changed = await directory.connections.update(tenant, added.id, settings={"a": 3})
    assert changed.settings == {"a": 3}
    assert changed.last_heard_at is not None
    assert [one.slug for one in await directory.connections.list(tenant)] == ["web-fr"]


# --- keys


async def test_a_key_is_shown_once_and_found_by_its_hash(
    directory: Directory, tenant: uuid.UUID, owner: Any
) -> None:
    identifier, key = await directory.keys.issue(
        tenant, "pos", "Caisse 4", terminal="till-4", store="lyon-2", scopes=["claims", "carts"]
    )
    assert key.startswith("cb_")
    assert len(key) == 46
    principal = await directory.authenticate(key)
    assert principal == Principal(
        tenant, identifier, "pos", None, "lyon-2", "till-4", frozenset({"claims", "carts"})
    )
    assert key[3:] not in await owner.fetchval("select k::text from api_key k")
    (shown,) = await directory.keys.list(tenant)
    assert (shown.id, shown.label, shown.revoked_at) == (identifier, "Caisse 4", None)
    assert shown.last_used_at is not None


async def test_what_is_no_key_is_nobody(directory: Directory) -> None:
    for text in ("", "cb_", "cb_" + "x" * 43, "\0", "\udce9", "x" * 10_000):
        assert await directory.authenticate(text) is None


async def test_a_revoked_key_is_refused_within_five_seconds_everywhere(
    directory: Directory, elsewhere: Directory, tenant: uuid.UUID, clock: Clock
) -> None:
    identifier, key = await directory.keys.issue(tenant, "ops", "operator")
    assert await directory.authenticate(key) is not None
    assert await elsewhere.keys.revoke(tenant, identifier)
    assert not await elsewhere.keys.revoke(tenant, identifier)
    assert await elsewhere.authenticate(key) is None
    assert await directory.authenticate(key) is not None  # remembered, for a moment
    clock.now += 5
    assert await directory.authenticate(key) is None


async def test_a_stolen_terminals_keys_are_revoked_together(
    directory: Directory, tenant: uuid.UUID
) -> None:
    keys = [(await directory.keys.issue(tenant, "pos", "x", terminal="t1"))[1] for _ in range(2)]
    _, other = await directory.keys.issue(tenant, "pos", "x", terminal="t2")
    assert await directory.keys.revoke_terminal(tenant, "t1") == 2
    assert [await directory.authenticate(key) for key in keys] == [None, None]
    assert await directory.authenticate(other) is not None


# --- pairing and wrong codes


async def test_a_pairing_code_works_once(directory: Directory, tenant: uuid.UUID) -> None:
    code = await directory.pairing.make(tenant, "till-4")
    assert len(code) == 8
    assert code.isdigit()
    used = await asyncio.gather(
        *[directory.pairing.use(f"{code[:4]} {code[4:]}") for _ in range(5)]
    )
    assert [(one.tenant, one.terminal) for one in used if one] == [(tenant, "till-4")]


def wrong(code: str, number: int) -> str:
    return code[:4] + f"{(int(code[4:]) + number) % 10_000:04}"


async def test_a_pairing_code_dies_after_five_wrong_tries(
    directory: Directory, tenant: uuid.UUID
) -> None:
    lucky = await directory.pairing.make(tenant, "till-1")
    for number in range(1, 5):
        assert await directory.pairing.use(wrong(lucky, number)) is None
    assert await directory.pairing.use(lucky) is not None
    code = await directory.pairing.make(tenant, "till-2")
    for number in range(1, 6):
        assert await directory.pairing.use(wrong(code, number)) is None
    assert await directory.pairing.use(code) is None


async def test_a_pairing_code_lapses_and_is_nowhere_in_plain(
    directory: Directory, tenant: uuid.UUID, owner: Any
) -> None:
    code = await directory.pairing.make(tenant, "till-4")
    row = await owner.fetchval("select p::text from pairing_code p")
    assert code not in row
    await owner.execute("update pairing_code set expires_at = clock_timestamp()")
    assert await directory.pairing.use(code) is None


async def test_what_is_no_pairing_code_pairs_nothing(directory: Directory) -> None:
    for text in ("", "1234", "123456789", "abcdefgh", "١٢٣٤٥٦٧٨", "\0" * 8, "\udce9" * 8):
        assert await directory.pairing.use(text) is None


async def test_two_gateways_count_wrong_codes_together(
    dsn: str, directory: Directory, vault: Vault, tenant: uuid.UUID, owner: Any
) -> None:
    other = Database(dsn)
    await other.start()
    try:
        gateways = [directory, Directory(other, vault)]
        counted = [
            await gateways[number % 2].count_failure(tenant, b"till-4") for number in range(20)
        ]
        assert counted[:19] == [0] * 19
        assert 299 <= counted[19] <= 300
        assert 299 <= await gateways[0].locked(tenant, b"till-4") <= 300
        assert 299 <= await gateways[1].locked(tenant, b"till-4") <= 300
        assert await gateways[1].locked(tenant, b"till-5") == 0
        assert await gateways[1].locked(uuid.uuid4(), b"till-4") == 0
    finally:
        await other.stop()


async def test_simultaneous_wrong_codes_are_all_counted(
    directory: Directory, tenant: uuid.UUID, owner: Any
) -> None:
    await asyncio.gather(*[directory.count_failure(tenant, b"till-4") for _ in range(15)])
    assert await owner.fetchval("select count from attempt_counter") == 15


async def test_wrong_codes_of_an_earlier_minute_do_not_count(
    directory: Directory, tenant: uuid.UUID, owner: Any
) -> None:
    for _ in range(19):
        assert await directory.count_failure(tenant, b"till-4") == 0
    await owner.execute("update attempt_counter set window_start = window_start - interval '61 s'")
    counted = [await directory.count_failure(tenant, b"till-4") for _ in range(20)]
    assert counted[:19] == [0] * 19
    assert counted[19] >= 299


async def test_a_lock_ends_and_is_not_lengthened_by_trying(
    directory: Directory, tenant: uuid.UUID, owner: Any
) -> None:
    for _ in range(20):
        await directory.count_failure(tenant, b"till-4")
    await owner.execute("update attempt_counter set locked_until = locked_until - interval '100 s'")
    assert await directory.count_failure(tenant, b"till-4") <= 200
    await owner.execute(
        "update attempt_counter set locked_until = clock_timestamp(),"
        " window_start = window_start - interval '300 s'"
    )
    assert await directory.locked(tenant, b"till-4") == 0
    assert await directory.count_failure(tenant, b"till-4") == 0


# --- the wall between tenants


OWN_TABLES = [
    "inbox", "inbox_connection", "inbox_part", "day_key", "seen", "outbox", "circuit", "pointer",
    "idempotency", "tenant", "place", "connection", "connection_hook", "api_key", "pairing_code",
    "attempt_counter", "item", "item_code", "item_list",
]  # fmt: skip


async def test_every_working_table_is_behind_row_level_security(owner: Any) -> None:
    rows = await owner.fetch(
        "select relname, relrowsecurity and relforcerowsecurity as forced from pg_class"
        " where relkind = 'r' and relname = any ($1)",
        [*OWN_TABLES, "part_turn"],
    )
    assert {row["relname"]: row["forced"] for row in rows} == dict.fromkeys(
        [*OWN_TABLES, "part_turn"], True
    )
    for table in OWN_TABLES:
        key = await owner.fetchval(
            "select array_agg(a.attname::text order by k.ord) from pg_index i"
            " cross join lateral unnest(i.indkey::int[]) with ordinality k(attnum, ord)"
            " join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum"
            " where i.indrelid = $1::text::regclass and i.indisprimary",
            table,
        )
        assert key[0] == "shard", table


async def test_without_a_tenant_no_row_is_seen(
    directory: Directory, database: Database, tenant: uuid.UUID
) -> None:
    await furnish(directory, tenant)
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from place") == 0
    async with database.tenant(uuid.uuid4()) as connection:
        assert await connection.fetchval("select count(*) from place") == 0
    async with database.tenant(tenant) as connection:
        assert await connection.fetchval("select count(*) from place") == 3


async def test_a_row_of_another_tenant_cannot_be_written(
    database: Database, tenant: uuid.UUID
) -> None:
    async def write_for(owner: uuid.UUID) -> None:
        async with database.tenant(tenant) as connection:
            await connection.execute(
                "insert into pointer (shard, tenant, kind, key, target)"
                " values (0, $1, 'code', 'x', $1)",
                owner,
            )

    await write_for(tenant)
    with pytest.raises(Exception, match="row-level security"):
        await write_for(uuid.uuid4())


async def test_the_functions_across_tenants_are_owned_by_who_cannot_log_in(owner: Any) -> None:
    rows = await owner.fetch(
        "select p.proname, r.rolname, r.rolcanlogin, p.proconfig from pg_proc p"
        " join pg_roles r on r.oid = p.proowner"
        " where p.prosecdef and p.pronamespace = 'public'::regnamespace"
    )
    assert {row["rolname"] for row in rows} <= {"cartbridge_engine", "cartbridge_retention"}
    assert not any(row["rolcanlogin"] for row in rows)
    unpinned = [row["proname"] for row in rows if "search_path" not in str(row["proconfig"])]
    assert unpinned == []


def test_a_remembered_answer_is_never_older_than_five_seconds() -> None:
    from cartbridge.database.remembered import Remembered

    clock = Clock()
    answers: Remembered[int] = Remembered(clock)
    asked: list[float] = []

    def ask(seconds: float) -> Callable[[], Any]:
        async def answer() -> int:
            asked.append(clock.now)
            clock.now += seconds
            return len(asked)

        return answer

    async def run() -> None:
        assert await answers.get("q", ask(3.0)) == 1  # as of before the slow question
        clock.now += 1.9
        assert await answers.get("q", ask(0)) == 1
        clock.now += 0.2
        assert await answers.get("q", ask(0)) == 2

    asyncio.run(run())
