"""Documents are loaded, looked back upon and erased; personal data is on disk only encrypted."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal

import pytest
from pydantic import TypeAdapter

from cartbridge.database.connection import Database
from cartbridge.database.documents import Conflict, DocumentKind, Documents
from cartbridge.domain.cart.events import (
    Cancelled,
    CustomerIdentified,
    DetailsChanged,
    HandoverOffered,
    LineAdded,
    ReservationEnded,
)
from cartbridge.domain.cart.reservation import Reserve
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import make_id, uuid_of
from cartbridge.domain.items import Item
from cartbridge.domain.line import Line
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Quantity

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MARKER = "marker.dupont@example.fr"
CUSTOMER = Customer(id="cus_" + "0" * 12 + "7" + "0" * 19, email=MARKER, first_name="Camille")
# The write-ahead log holds every byte that ever went to disk.
IN_THE_LOG = """
select sum(position($1 in pg_read_binary_file('pg_wal/' || name))) from pg_ls_waldir()
"""
LAMP = Line(id="lin_1", item=Item(sku="LAMP", title="Lampe"), quantity=Quantity(value=2))


async def test_a_cart_is_loaded_as_it_was_stored(carts: Any) -> None:
    cart = await carts.start(CUSTOMER)
    loaded = await carts.add(cart, LineAdded(line=LAMP, note="leave it with my neighbour"))
    assert (loaded.version, loaded.state.version) == (2, 2)
    assert loaded.state.customer == CUSTOMER
    assert loaded.state.lines == (LAMP,)
    assert loaded.state.notes == {"lin_1": "leave it with my neighbour"}


async def test_an_unknown_id_loads_nothing(carts: Any) -> None:
    assert await carts.documents.load(carts.tenant, carts.new_id()) is None
    assert await carts.documents.fold(carts.tenant, carts.new_id()) is None
    assert await carts.documents.history(carts.tenant, carts.new_id()) == []


async def test_another_tenants_cart_loads_nothing(carts: Any, documents: Documents) -> None:
    cart = await carts.start(CUSTOMER)
    other = uuid_of(carts.new_id())
    assert await documents.load(other, cart) is None
    assert await documents.history(other, cart) == []
    assert (await documents.find(other, "cart")).items == ()


async def test_history_tells_who_when_and_what(carts: Any) -> None:
    cart = await carts.start(CUSTOMER)
    await carts.add(cart, LineAdded(line=LAMP), DetailsChanged(shipping=490))
    told = await carts.documents.history(carts.tenant, cart, after=1)
    assert [(one.version, one.type) for one in told] == [
        (2, "cart.line_added"),
        (3, "cart.details_changed"),
    ]
    assert told[0].event == LineAdded(line=LAMP)
    assert told[0].header.channel == "web"
    assert told[0].header.document == cart
    assert told[0].recorded_at > told[0].header.occurred_at
    assert told[1].position == told[0].position + 1


async def test_the_past_is_seen_by_version_and_by_moment(carts: Any, owner: Any) -> None:
    cart = await carts.start()
    for amount in (100, 200):
        await carts.add(cart, DetailsChanged(shipping=amount))
    told = await carts.documents.history(carts.tenant, cart)

    async def shipping(**when: Any) -> int | None:
        state = await carts.documents.fold(carts.tenant, cart, **when)
        return None if state is None else state.shipping

    assert [await shipping(version=number) for number in (1, 2, 3)] == [0, 100, 200]
    assert await shipping(version=4) is None
    assert [await shipping(at=one.recorded_at) for one in told] == [0, 100, 200]
    assert await shipping(at=told[0].header.occurred_at) is None
    assert await shipping() == 200


async def test_personal_data_lies_nowhere_in_plain(carts: Any, owner: Any) -> None:
    await carts.start(CUSTOMER)
    tables = await owner.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    assert {"event", "view"} <= {table["relname"] for table in tables}
    for table in tables:
        for row in await owner.fetch(f'select * from "{table["relname"]}"'):  # noqa: S608 - our own
            for value in row.values():
                raw = value if isinstance(value, bytes) else str(value).encode()
                assert MARKER.encode() not in raw
                assert b"Camille" not in raw
    assert await owner.fetchval(IN_THE_LOG, MARKER.encode()) == 0
    assert await owner.fetchval(IN_THE_LOG, b"cart.started") > 0


async def test_without_its_key_a_cart_lives_on_and_the_person_is_gone(carts: Any) -> None:
    cart = await carts.start(CUSTOMER)
    await carts.add(cart, LineAdded(line=LAMP, note="for Camille"))
    assert await carts.documents.keys.destroy_document(carts.tenant, uuid_of(cart))

    loaded = await carts.load(cart)
    assert loaded.state.lines == (LAMP,)
    assert loaded.state.customer is None
    told = await carts.documents.history(carts.tenant, cart)
    assert [one.erased for one in told] == [True, True]
    assert told[1].event == LineAdded(line=LAMP)
    folded = await carts.documents.fold(carts.tenant, cart)
    assert folded == loaded.state


async def test_after_an_erasure_new_personal_data_gets_a_new_key(carts: Any) -> None:
    cart = await carts.start(CUSTOMER)
    await carts.documents.keys.destroy_document(carts.tenant, uuid_of(cart))
    someone_else = Customer(email="else@example.fr")
    loaded = await carts.add(cart, CustomerIdentified(customer=someone_else))
    assert loaded.state.customer == someone_else
    told = await carts.documents.history(carts.tenant, cart)
    assert [one.erased for one in told] == [True, False]


async def test_destroying_a_persons_key_erases_all_her_documents_and_no_others(
    carts: Any,
) -> None:
    subject = uuid_of(CUSTOMER.id or "")
    hers = [await carts.start(CUSTOMER) for _ in range(3)]
    other = await carts.start(Customer(email="other@example.fr"))
    keys = carts.documents.keys
    for cart in hers:
        assert await keys.hand_to_person(carts.tenant, uuid_of(cart), subject)
        assert (await carts.load(cart)).state.customer == CUSTOMER
    assert await keys.destroy_person(carts.tenant, subject)
    assert [(await carts.load(cart)).state.customer for cart in hers] == [None] * 3
    assert (await carts.load(other)).state.customer is not None
    assert not await keys.destroy_person(carts.tenant, subject)

    # She comes back: what was closed stays closed, and her old cart can be hers again.
    await keys.create_person(carts.tenant, subject)
    assert (await carts.load(hers[0])).state.customer is None
    again = await carts.add(hers[0], CustomerIdentified(customer=CUSTOMER))
    assert again.state.customer == CUSTOMER


async def test_a_descendant_is_sealed_by_its_roots_key(carts: Any, owner: Any) -> None:
    root = await carts.start(CUSTOMER)
    remainder = await carts.start(CUSTOMER, root=root)
    assert await owner.fetchval("select count(*) from document_key") == 1
    assert (await carts.load(remainder)).root == uuid_of(root)
    await carts.documents.keys.destroy_document(carts.tenant, uuid_of(root))
    assert (await carts.load(remainder)).state.customer is None


async def test_a_cart_of_nobody_has_no_key(carts: Any, owner: Any) -> None:
    await carts.start()
    assert await owner.fetchval("select count(*) from document_key") == 0
    assert await owner.fetchval("select count(*) from event where sealed is not null") == 0


async def test_two_first_keys_of_one_root_do_not_overwrite_each_other(carts: Any) -> None:
    root = await carts.start()
    remainder = await carts.start(root=root)
    before = [await carts.load(cart) for cart in (root, remainder)]
    event = CustomerIdentified(customer=CUSTOMER)
    first, second = [carts.change(carts.write(one.id, event, before=one)) for one in before]
    assert not isinstance(await carts.documents.commit(first), Conflict)
    assert isinstance(await carts.documents.commit(second), Conflict)
    assert (await carts.add(remainder, event)).state.customer == CUSTOMER
    assert (await carts.load(root)).state.customer == CUSTOMER


async def test_documents_are_found_by_state_and_customer_the_last_changed_first(
    carts: Any,
) -> None:
    made = [await carts.start(CUSTOMER if number % 2 else None) for number in range(6)]
    await carts.add(made[0], Cancelled())
    find = carts.documents.find

    async def ids(**what: Any) -> list[str]:
        page = await find(carts.tenant, "cart", **what)
        return [item.id for item in page.items]

    assert await ids() == [made[0], *reversed(made[1:])]
    assert await ids(state="cancelled") == [made[0]]
    assert await ids(customer=CUSTOMER.id) == [made[5], made[3], made[1]]
    assert await ids(customer=CUSTOMER.id, state="cancelled") == []
    assert (await find(carts.tenant, "cart", state="open", limit=9)).next is None
    assert (await find(carts.tenant, "cart", customer=CUSTOMER.id)).items[0].state.customer

    walked: list[str] = []
    cursor = None
    while True:
        page = await find(carts.tenant, "cart", limit=2, after=cursor)
        walked += [item.id for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert walked == [made[0], *reversed(made[1:])]
    with pytest.raises(ValueError, match="not a cursor"):
        await find(carts.tenant, "cart", after="nonsense")


async def test_what_is_due_is_found_across_tenants(carts: Any) -> None:
    waiting = await carts.start()
    await carts.start()
    await carts.add(waiting, DetailsChanged(has_payment=True))
    assert await carts.documents.due(10) == [(carts.tenant, waiting)]
    await carts.add(waiting, DetailsChanged(has_payment=False))
    assert await carts.documents.due(10) == []


async def test_a_view_of_another_version_of_the_model_is_read_from_the_journal(
    carts: Any, owner: Any
) -> None:
    cart = await carts.start()
    await owner.execute("update view set body = $1", b'{"id": "x", "field_of_yesterday": 1}')
    assert (await carts.load(cart)).state.currency == "EUR"


async def test_a_change_that_cannot_be_right_is_refused_before_it_is_sent(carts: Any) -> None:
    cart = await carts.start(slot=1)
    before = await carts.load(cart)
    event = DetailsChanged(shipping=1)
    write = carts.write(cart, event, before=before)
    for wrong in (
        carts.change(),
        carts.change(carts.write(cart, before=before)),
        carts.change(write, write),
        carts.change(write, carts.write(carts.new_id(slot=4000), event)),
        carts.change(carts.write(carts.new_id(slot=9), event, root=cart)),
    ):
        with pytest.raises(ValueError, match=r"write|documents|slot"):
            await carts.documents.commit(wrong)
    assert (await carts.load(cart)).version == 1


# A small kind of document whose one event is nothing without its personal field.


class Told(Strict):
    personal: ClassVar[frozenset[str]] = frozenset({"secret"})
    schema_version: ClassVar[int] = 1
    type: Literal["diary.told"] = "diary.told"
    secret: str
    page: int


class Diary(Strict):
    personal: ClassVar[frozenset[str]] = frozenset({"secrets"})
    id: str
    version: int = 0
    state: str = "open"
    secrets: tuple[str, ...] = ()


def note(diary: Diary, event: Told, occurred_at: datetime) -> Diary:
    assert occurred_at.tzinfo is not None
    return diary.model_copy(update={"secrets": (*diary.secrets, event.secret)})


DIARY = DocumentKind("dia", "diary", Diary, TypeAdapter(Told).validate_python, note, lambda _: None)


async def test_an_event_that_cannot_be_told_without_what_was_erased_says_so(
    database: Database, writer: Any, vault: Any, carts: Any
) -> None:
    documents = Documents(database, writer, vault, (DIARY,))
    diary = make_id("dia", carts.write(carts.new_id()).header.occurred_at, 5, b"8 bytes.")
    write = carts.write(carts.new_id(slot=5))
    after = Diary(id=diary, secrets=("a", "b"))
    told = (Told(secret="a", page=1), Told(secret="b", page=2))
    change = carts.change(type(write)(diary, diary, None, told, after, write.header))
    await documents.commit(change)
    loaded = await documents.load(carts.tenant, diary)
    assert loaded is not None
    assert loaded.state.secrets == ("a", "b")

    await documents.keys.destroy_document(carts.tenant, uuid_of(diary))
    history = await documents.history(carts.tenant, diary)
    assert [(one.event, one.erased, one.facts["page"]) for one in history] == [
        (None, True, 1),
        (None, True, 2),
    ]
    folded = await documents.fold(carts.tenant, diary)
    assert folded == Diary(id=diary, version=2)


def test_a_kind_whose_state_needs_a_personal_field_is_refused() -> None:
    class Needy(Diary):
        personal: ClassVar[frozenset[str]] = frozenset({"owner"})
        owner: str

    with pytest.raises(ValueError, match="owner"):
        DocumentKind("dia", "diary", Needy, lambda body: body, lambda s, e, h: s, lambda _: None)


def offered_for(carts: Any, store: str, hours: int) -> HandoverOffered:
    until = NOW + timedelta(hours=hours)
    return HandoverOffered(
        handover=f"hnd_{hours}",
        direction="to_store",
        code_hash=f"{hours:02}",
        expires_at=until,
        store=store,
        reserve=Reserve(store=store, until=until),
    )


async def test_what_waits_in_a_store_is_found_by_it_the_first_to_be_done_first(
    carts: Any, documents: Documents, owner: Any
) -> None:
    made = [await carts.start(CUSTOMER) for _ in range(5)]
    for cart, hours in zip(made, (5, 1, 4, 2, 3), strict=True):
        store = "paris" if hours == 4 else "lyon"
        await carts.add(cart, LineAdded(line=LAMP), offered_for(carts, store, hours))
    titled = LAMP.model_copy(update={"item": Item(title='\\\\u0000 "at_store":"paris" \0')})
    await carts.add(made[4], LineAdded(line=titled.model_copy(update={"id": "lin_2"})))
    await carts.add(made[3], ReservationEnded(handover="hnd_2", store="lyon", how="lapsed"))

    async def ids(store: str, tenant: Any = carts.tenant, **what: Any) -> list[str]:
        page = await documents.find_in_store(tenant, "cart", store, ["offered"], **what)
        return [item.id for item in page.items]

    assert await ids("lyon") == [made[1], made[4], made[0]]
    assert await ids("paris") == [made[2]]
    assert await ids("nice") == []
    assert await ids("lyon", uuid_of(carts.new_id())) == []
    first = await documents.find_in_store(carts.tenant, "cart", "lyon", ["offered"], limit=2)
    assert first.items[0].state.customer == CUSTOMER
    assert await ids("lyon", after=first.next) == [made[0]]
    for nonsense in ("nonsense", "WzEsMl0=", "MQ=="):
        with pytest.raises(ValueError, match="not a cursor"):
            await ids("lyon", after=nonsense)
    entries = "select count(*) from view where waits_in_store(kind, state, body) is not null"
    assert await owner.fetchval(entries) == 4
