"""The stand-in for the inbox: what platforms sent, kept and sorted into lanes."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cartbridge.database.inbox import Arrival, InboxRow, Received, Sorted, delivery_key
from cartbridge.database.inbox_sorting import LEASE_SECONDS, Horizon
from cartbridge.database.pointers import shard_of_key, slot_of_key
from cartbridge.domain.ids import make_id, uuid_of
from tests.simulation.pieces import Lanes, Message, Piece, delivery_of, lanes
from tests.simulation.store import SHARDS, Store, statement


@dataclass
class Sender:
    """A connection as the sorter sees it."""

    arrived: int = 0
    lease_until: datetime | None = None
    fence: int = 0
    taken_up_to: int = 0


def next_message(store: Store) -> datetime | None:
    """When the next message may be sorted."""
    senders = store.table("senders")
    new = {one.sender: None for one in store.table("new").values()}
    moments = [senders[sender].lease_until or store.now() for sender in new]
    return min(moments, default=None)


class Arrivals(Lanes):
    """Stands where `Inbox` is, as far as services and workers use it."""

    async def receive(self, arrival: Arrival) -> Received:
        """Store a delivery and answer once it is durable; a duplicate answers the first one."""
        slot = slot_of_key(arrival.connection.bytes)
        message = make_id("msg", self.store.now(), slot, self.store.dice.randbytes(8))
        if "durability" not in self.store.forgets:
            return await self._store(arrival, message)
        self.session.later(self._store(arrival, message))
        return Received(message, False)

    @statement
    def _store(self, arrival: Arrival, identifier: str) -> Received:
        own = (arrival.tenant, arrival.connection)
        sender = self.store.table("senders").setdefault(own, Sender())
        sender.arrived += 1
        if arrival.dedup is not None:
            key = (*own, delivery_key(arrival.dedup, arrival.body))
            first: str = self.store.table("deliveries").setdefault(key, identifier)
            if first != identifier:
                return Received(first, True)
        message = Message(identifier, arrival, sender.arrived, self.store.now())
        self.store.table("messages")[uuid_of(identifier)] = message
        self.store.table("new")[identifier] = message
        self.store.bell.ring()
        return Received(identifier, False)

    @statement
    def take_new(self, limit: int, lease_seconds: float = LEASE_SECONDS) -> list[InboxRow]:
        """New messages, oldest first per connection, which are this sorter's for a while."""
        now = self.store.now()
        new: dict[tuple[UUID, UUID], list[Message]] = {}
        for message in self.store.table("new").values():
            new.setdefault(message.sender, []).append(message)
        taken: list[InboxRow] = []
        for key, messages in new.items():
            sender: Sender = self.store.table("senders")[key]
            mine = sorted(messages, key=lambda one: one.arrived)[: limit - len(taken)]
            if not mine or (sender.lease_until is not None and sender.lease_until > now):
                continue
            sender.lease_until = now + timedelta(seconds=lease_seconds)
            sender.fence, sender.taken_up_to = sender.fence + 1, mine[-1].arrived
            taken += [_row(message, sender.fence) for message in mine]
        return taken

    @statement
    def settle(self, found: Sequence[Sorted]) -> list[bool]:
        """What was found in several messages; says of each whether it was noted."""
        self.store.bell.ring()
        return [self._settle(one) for one in found]

    def _settle(self, one: Sorted) -> bool:
        message: Message = self.store.table("messages")[uuid_of(one.row.message)]
        sender: Sender = self.store.table("senders")[message.sender]
        if sender.fence != one.row.fence or message.state != "new":
            return False
        message.state, message.reason = one.state, one.reason
        del self.store.table("new")[message.id]
        for ordinal, key in enumerate(one.parts):
            dedup = None if key.dedup is None else hashlib.sha256(b"part" + key.dedup).digest()
            seen = self.store.table("seen")
            repeated = dedup is not None and (*message.sender, dedup) in seen
            if dedup is not None:
                seen[(*message.sender, dedup)] = True
            state = "ignored" if repeated else "sorted"
            piece = Piece(message, ordinal, key, state, self.store.now())
            self.store.table("parts")[uuid_of(message.id), ordinal] = piece
            self.store.table("queue")[message.id, ordinal] = piece
        if sender.taken_up_to <= message.arrived:
            sender.lease_until = None
        return True

    @statement
    def horizon(
        self, tenant: UUID, connection: UUID, lane: str, upto: int | None = None
    ) -> Horizon:
        """What has been accepted from the connection so far, whether it was sorted and applied."""
        sender = self.store.table("senders").get((tenant, connection))
        arrived = upto if upto is not None else 0 if sender is None else sender.arrived
        passed = self._passed(tenant, connection, arrived)
        return Horizon(arrived, passed, passed and (tenant, lane) not in lanes(self.store))

    async def in_turn(self, sort: Callable[[], Awaitable[int]]) -> int:
        """One turn of the sorter."""
        return await sort()

    def _passed(self, tenant: UUID, connection: UUID, horizon: int) -> bool:
        return not any(
            message.arrived <= horizon
            for message in self.store.table("new").values()
            if message.sender == (tenant, connection)
        )


def _row(message: Message, fence: int) -> InboxRow:
    return InboxRow(
        message.arrival.tenant,
        message.arrival.connection,
        message.id,
        message.arrived,
        message.received_at,
        delivery_of(message),
        fence,
        shard_of_key(message.arrival.connection.bytes, SHARDS),
    )
