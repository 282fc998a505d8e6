"""The stand-in keeps the promises of the database: the same checks, run on both."""

import random
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cartbridge.database.connection import Database
from cartbridge.database.documents import (
    Appended,
    Conflict,
    DocumentKind,
    Documents,
    Duplicate,
    LeaseDrop,
    LeaseSet,
    Mark,
    Outgoing,
)
from cartbridge.database.idempotency import Idempotency, OtherContent, StillRunning
from cartbridge.database.inbox import PART_ATTEMPTS, Arrival, Inbox, Part, PartKey, Sorted
from cartbridge.database.leases import Leases
from cartbridge.database.outbox import PER_CONNECTION, Outbox, OutboxMessage, Outcome
from cartbridge.database.pointers import Pointers
from cartbridge.database.vault import Vault
from cartbridge.database.writer import Writer
from cartbridge.domain.cart.events import CodeApplied, DetailsChanged
from cartbridge.domain.ids import make_id, slot_of, uuid_of
from cartbridge.domain.twin import TwinRef
from tests.conftest import NOW, Carts
from tests.simulation.arrivals import Arrivals
from tests.simulation.errands import Errands
from tests.simulation.journal import Clocks, Journal
from tests.simulation.names import Repeats, Signs
from tests.simulation.store import Session, Store

AT_ONCE = timedelta(0)
PAST = timedelta(seconds=-60)
CONNECTION = uuid.UUID(int=7)
REF = TwinRef(connection="web", external_id="1")


@dataclass(frozen=True)
class Parts:
    """The database's parts, or what stands in for them."""

    carts: Carts
    leases: Any
    inbox: Any
    outbox: Any
    pointers: Any
    idempotency: Any

    @property
    def tenant(self) -> uuid.UUID:
        return self.carts.tenant

    def claim_of(self, cart: str) -> str:
        """A claim's id in the slot of its cart."""
        return make_id("clm", NOW, slot_of(cart), uuid.uuid4().bytes[:8])

    async def command(self, cart: str, **rest: Any) -> uuid.UUID:
        """One more event on the cart, with whatever else the change carries; its command id."""
        before = await self.carts.load(cart)
        write = self.carts.write(cart, CodeApplied(code="X"), before=before)
        command = uuid.uuid4()
        change = self.carts.change(write, command=command, **rest)
        assert isinstance(await self.carts.documents.commit(change), Appended)
        return command

    async def arrive(self, number: int, *refs: TwinRef, dedup: bytes | None = None) -> list[Part]:
        """A message that speaks of these, received and sorted; the parts to apply now."""
        await self.inbox.receive(_arrival(self.tenant, number))
        keys = tuple(PartKey(ref=ref, dedup=dedup) for ref in refs or (REF,))
        found = [Sorted(row, keys) for row in await self.inbox.take_new(10)]
        assert await self.inbox.settle(found) == [True] * len(found)
        parts: list[Part] = await self.inbox.take_parts(10)
        return parts

    async def errand(self, lane: str, connection: uuid.UUID | None = CONNECTION) -> uuid.UUID:
        """A message on its way out."""
        identifier: uuid.UUID = await self.outbox.enqueue(
            self.tenant, lane, "write", b"x", connection=connection, coalesce=False
        )
        return identifier

    async def taken(self, seconds: float = 60.0) -> list[OutboxMessage]:
        """What a worker is handed."""
        messages: list[OutboxMessage] = await self.outbox.take(50, seconds)
        return messages


def _arrival(tenant: uuid.UUID, number: int) -> Arrival:
    return Arrival(tenant, CONNECTION, "POST", (), str(number).encode(), dedup=b"d")


class Promises:
    """What services and workers rely on."""

    async def test_a_change_meets_the_version_it_was_decided_on(self, parts: Parts) -> None:
        carts = parts.carts
        cart = await carts.start()
        seen = await carts.load(cart)
        await parts.command(cart)
        late = carts.change(carts.write(cart, CodeApplied(code="Y"), before=seen))
        assert await carts.documents.commit(late) == Conflict()
        assert not await carts.documents.knows(parts.tenant, cart, late.command)
        history = await carts.documents.history(parts.tenant, cart)
        assert [event.version for event in history] == [1, 2]
        assert (await carts.load(cart)).state.codes == ("X",)

    async def test_a_change_of_two_carts_is_stored_whole_or_not_at_all(self, parts: Parts) -> None:
        carts = parts.carts
        one = await carts.start()
        two = await carts.start(slot=slot_of(one))
        seen = [await carts.load(cart) for cart in (one, two)]
        await parts.command(two)
        writes = [carts.write(x.id, CodeApplied(code="Y"), before=x) for x in seen]
        assert await carts.documents.commit(carts.change(*writes)) == Conflict()
        assert (await carts.load(one)).version == 1

    async def test_a_command_takes_effect_once_and_its_repeat_still_marks(
        self, parts: Parts
    ) -> None:
        carts = parts.carts
        cart = await carts.start()
        command = await parts.command(cart)
        assert await carts.documents.knows(parts.tenant, cart, command)
        [part] = await parts.arrive(1)
        before = await carts.load(cart)
        again = carts.change(
            carts.write(cart, CodeApplied(code="Z"), before=before),
            command=command,
            marks=(Mark(part.shard, part.message, part.ordinal, "applied"),),
            outbox=(Outgoing(uuid.uuid4(), cart, "lane", "write", b""),),
        )
        assert await carts.documents.commit(again) == Duplicate()
        assert (await carts.load(cart)).version == before.version
        assert await parts.inbox.take_lane(parts.tenant, CONNECTION, part.lane) == []
        assert await parts.taken() == []

    async def test_a_cart_is_due_from_its_time_on(self, parts: Parts) -> None:
        cart = await parts.carts.start()
        assert await parts.carts.documents.due(10) == []
        await parts.carts.add(cart, DetailsChanged(has_payment=True))
        assert await parts.carts.documents.due(10) == [(parts.tenant, cart)]

    async def test_a_lease_runs_lapses_and_is_nobody_elses(self, parts: Parts) -> None:
        cart = await parts.carts.start()
        claim, other = parts.claim_of(cart), parts.claim_of(cart)
        await parts.command(cart, leases=(LeaseSet(cart, claim, "till-1", 60),))
        lease = await parts.leases.of(parts.tenant, cart)
        assert (lease.claim, lease.terminal, lease.hold) == (claim, "till-1", False)
        assert 50 < lease.seconds_left <= 60
        assert await parts.leases.renew(parts.tenant, cart, other, seconds=900) is None
        assert await parts.leases.renew(parts.tenant, cart, claim, seconds=900) > 800
        assert await parts.leases.at_terminals(parts.tenant, ["till-1"]) == [cart]
        assert await parts.leases.lapsed(10) == []
        over = datetime.now(UTC) + PAST
        await parts.leases.renew(parts.tenant, cart, claim, until=over, hold=True)
        [lapsed] = await parts.leases.lapsed(10)
        assert (lapsed.document, lapsed.claim, lapsed.hold) == (cart, claim, True)
        assert await parts.leases.renew(parts.tenant, cart, claim, seconds=900) is None
        await parts.command(cart, leases=(LeaseDrop(cart),))
        assert await parts.leases.of(parts.tenant, cart) is None

    async def test_a_delivery_is_kept_once(self, parts: Parts) -> None:
        first = await parts.inbox.receive(_arrival(parts.tenant, 1))
        again = await parts.inbox.receive(_arrival(parts.tenant, 1))
        other = await parts.inbox.receive(_arrival(parts.tenant, 2))
        assert (again.message, again.duplicate) == (first.message, True)
        assert not first.duplicate
        assert other.message != first.message

    async def test_a_connection_is_one_sorters_at_a_time(self, parts: Parts) -> None:
        inbox = parts.inbox
        for number in (1, 2):
            await inbox.receive(_arrival(parts.tenant, number))
        horizon, passed, _ = await inbox.horizon(parts.tenant, CONNECTION, str(REF))
        assert not passed
        assert not (await inbox.horizon(parts.tenant, CONNECTION, str(REF), horizon)).sorted
        stale = await inbox.take_new(10, lease_seconds=0)
        rows = await inbox.take_new(10)
        assert [row.message for row in rows] == [row.message for row in stale]
        assert await inbox.take_new(10) == []
        assert await inbox.settle([Sorted(row, (PartKey(ref=REF),)) for row in stale]) == [
            False,
            False,
        ]
        assert await inbox.settle([Sorted(row, (PartKey(ref=REF),)) for row in rows]) == [
            True,
            True,
        ]
        told = await inbox.horizon(parts.tenant, CONNECTION, str(REF), horizon)
        assert (told.arrived, told.sorted, told.clear) == (horizon, True, False)
        other = await inbox.horizon(parts.tenant, CONNECTION, "shop/cart/other")
        assert other.clear

    async def test_parts_of_a_twin_are_applied_one_by_one_in_order(self, parts: Parts) -> None:
        [first] = await parts.arrive(1)
        assert await parts.arrive(2) == []
        assert await parts.inbox.take_lane(parts.tenant, CONNECTION, first.lane) is None
        assert await parts.inbox.finish(first, "applied")
        assert not await parts.inbox.finish(first, "applied")
        [second] = await parts.inbox.take_parts(10)
        assert (second.arrived, second.attempts) == (first.arrived + 1, 1)

    async def test_a_part_that_never_succeeds_is_set_aside(self, parts: Parts) -> None:
        taken = await parts.arrive(1)
        for attempt in range(1, PART_ATTEMPTS + 1):
            [part] = taken
            assert part.attempts == attempt
            state = await parts.inbox.retry(part, AT_ONCE, "why")
            assert state == ("quarantined" if attempt == PART_ATTEMPTS else "sorted")
            taken = await parts.inbox.take_parts(10)
        assert taken == []

    async def test_a_part_whose_worker_died_is_handed_out_again(self, parts: Parts) -> None:
        await parts.inbox.receive(_arrival(parts.tenant, 1))
        rows = await parts.inbox.take_new(10)
        await parts.inbox.settle([Sorted(row, (PartKey(ref=REF),)) for row in rows])
        [lost] = await parts.inbox.take_parts(10, 0)
        [part] = await parts.inbox.take_lane(parts.tenant, CONNECTION, str(REF))
        assert part.fence > lost.fence
        assert not await parts.inbox.finish(lost, "applied")

    async def test_what_a_connector_names_the_same_is_applied_once(self, parts: Parts) -> None:
        [part] = await parts.arrive(1, dedup=b"same")
        await parts.inbox.finish(part, "applied")
        assert await parts.arrive(2, dedup=b"same") == []

    async def test_messages_of_a_lane_leave_one_by_one_in_order(self, parts: Parts) -> None:
        first, second = await parts.errand("lane"), await parts.errand("lane")
        [message] = await parts.taken()
        assert message.id == first
        assert await parts.taken() == []
        assert await parts.outbox.finish([Outcome(message, "retry", "why", AT_ONCE)]) == [True]
        assert await parts.outbox.finish([Outcome(message, "done")]) == [False]
        [message] = await parts.taken()
        assert (message.id, message.attempts) == (first, 2)
        assert await parts.outbox.finish([Outcome(message, "dead", "why")]) == [True]
        assert [one.id for one in await parts.taken()] == [second]

    async def test_a_message_whose_worker_died_is_handed_out_again(self, parts: Parts) -> None:
        await parts.errand("lane")
        [lost] = await parts.taken(0)
        [message] = await parts.taken()
        assert message.fence > lost.fence
        assert await parts.outbox.hold([lost, message]) == [False, True]
        assert await parts.outbox.finish([Outcome(lost, "done")]) == [False]

    async def test_a_waiting_message_carries_the_newest_wish(self, parts: Parts) -> None:
        for payload in (b"old", b"new"):
            await parts.outbox.enqueue(
                parts.tenant, "lane", "fetch", payload, connection=CONNECTION
            )
        [message] = await parts.taken()
        assert message.payload == b"new"

    async def test_a_connection_bears_so_many_at_once(self, parts: Parts) -> None:
        for number in range(PER_CONNECTION + 2):
            await parts.errand(f"lane {number}")
        await parts.errand("inside", None)
        assert len(await parts.taken()) == PER_CONNECTION + 1

    async def test_a_connection_that_fails_is_left_alone(self, parts: Parts) -> None:
        await parts.errand("lane")
        for _ in range(10):
            [message] = await parts.taken()
            failed = Outcome(message, "retry", "why", AT_ONCE, "failed")
            assert await parts.outbox.finish([failed]) == [True]
        assert await parts.taken() == []

    async def test_errands_ride_with_the_change(self, parts: Parts) -> None:
        cart = await parts.carts.start()
        errand = Outgoing(uuid.uuid4(), cart, "lane", "write", b"x", CONNECTION)
        await parts.command(cart, outbox=(errand,))
        [message] = await parts.taken()
        assert (message.id, message.document) == (errand.id, uuid_of(cart))

    async def test_a_pointer_is_written_once_and_moved_by_who_knows_it(self, parts: Parts) -> None:
        one, two, key = uuid.uuid4(), uuid.uuid4(), b"k" * 32
        signs, tenant = parts.pointers, parts.tenant
        assert await signs.find(tenant, "twin", key) is None
        assert await signs.claim_pointer(tenant, "twin", key, one) == one
        assert await signs.claim_pointer(tenant, "twin", key, two) == one
        assert not await signs.repoint(tenant, "twin", key, two, one)
        assert await signs.repoint(tenant, "twin", key, one, two)
        assert await signs.find(tenant, "twin", key) == two

    async def test_a_pointer_that_has_expired_gives_way(self, parts: Parts) -> None:
        one, two, key = uuid.uuid4(), uuid.uuid4(), b"k" * 32
        signs, tenant, over = parts.pointers, parts.tenant, datetime.now(UTC) + PAST
        await signs.claim_pointer(tenant, "short_code", key, one, over)
        assert await signs.find(tenant, "short_code", key) is None
        assert await signs.find(tenant, "short_code", key, lapsed=True) == one
        assert await signs.claim_pointer(tenant, "short_code", key, two) == two

    async def test_a_call_begins_once_and_its_repeats_share_its_ids(self, parts: Parts) -> None:
        calls, tenant, scope, content = parts.idempotency, parts.tenant, b"s" * 32, b"c" * 32
        first = await calls.begin(tenant, scope, content)
        with pytest.raises(StillRunning):
            await calls.begin(tenant, scope, content)
        with pytest.raises(OtherContent):
            await calls.begin(tenant, scope, b"d" * 32)
        await calls.give_up(tenant, scope)
        again = await calls.begin(tenant, scope, content)
        assert (first.first, again.first) == (True, False)
        assert again.command_id == first.command_id
        await calls.finish(tenant, scope, 201, b"done")
        over = await calls.begin(tenant, scope, content)
        assert (over.status, over.outcome, over.command_id) == (201, b"done", first.command_id)


class TestStandIn(Promises):
    @pytest.fixture
    def parts(self, tenant: uuid.UUID, kinds: tuple[DocumentKind[Any], ...]) -> Parts:
        dice = random.Random(1)  # noqa: S311 - ids of a test
        store, session = Store(lambda: datetime.now(UTC), dice), Session()
        documents: Any = Journal(store, session, kinds[0])
        return Parts(
            Carts(documents, tenant),
            Clocks(store, session),
            Arrivals(store, session),
            Errands(store, session),
            Signs(store, session),
            Repeats(store, session),
        )


class TestDatabase(Promises):
    @pytest.fixture
    async def parts(
        self,
        database: Database,
        writer: Writer,
        vault: Vault,
        tenant: uuid.UUID,
        kinds: tuple[DocumentKind[Any], ...],
    ) -> AsyncIterator[Parts]:
        inbox = Inbox(database, vault)
        await inbox.start()
        yield Parts(
            Carts(Documents(database, writer, vault, kinds), tenant),
            Leases(database),
            inbox,
            Outbox(database),
            Pointers(database),
            Idempotency(database, vault),
        )
        await inbox.stop()
