"""The stand-in for the inbox's second half: parts of messages, applied lane by lane."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from cartbridge.database.inbox import PART_ATTEMPTS, Arrival, Delivery, Part, PartKey, PartOutcome
from cartbridge.database.pointers import shard_of_key
from cartbridge.domain.ids import uuid_of
from tests.simulation import store as tables
from tests.simulation.store import SHARDS, Store, statement


@dataclass
class Message:
    """A delivery that was taken in."""

    id: str
    arrival: Arrival
    arrived: int
    received_at: datetime
    state: str = "new"
    reason: str | None = None

    @property
    def sender(self) -> tuple[UUID, UUID]:
        """Whose it is, and on which connection."""
        return self.arrival.tenant, self.arrival.connection


@dataclass
class Piece:
    """A part of a message, on its way to a cart."""

    message: Message
    ordinal: int
    key: PartKey
    state: str
    run_at: datetime
    reason: str | None = None
    attempts: int = 0
    fence: int = 0
    lease_until: datetime | None = None
    place: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.place = (self.message.arrived, self.ordinal)

    @property
    def waits(self) -> bool:
        """Whether it is still to be applied."""
        return self.state in ("sorted", "taken")

    @property
    def lane(self) -> tuple[UUID, str]:
        """Parts of one lane are applied one at a time, in order."""
        return self.message.arrival.tenant, self.key.lane or str(self.key.ref)

    def held(self, now: datetime) -> bool:
        """Whether a worker has it."""
        return self.lease_until is not None and self.lease_until > now


def lanes(store: Store) -> dict[tuple[UUID, str], list[Piece]]:
    """What waits to be applied, lane by lane, oldest first."""
    found: dict[tuple[UUID, str], list[Piece]] = {}
    queue = store.table("queue")
    waiting = [piece for piece in queue.values() if piece.waits]
    if len(waiting) < len(queue):
        store.tables["queue"] = {(piece.message.id, piece.ordinal): piece for piece in waiting}
    for piece in sorted(waiting, key=lambda piece: piece.place):
        found.setdefault(piece.lane, []).append(piece)
    return found


def next_part(store: Store) -> datetime | None:
    """When the next part may be applied."""
    now = store.now()
    moments = []
    for pieces in lanes(store).values():
        held = [piece.lease_until for piece in pieces if piece.held(now)]
        moments.append(max((x for x in held if x is not None), default=pieces[0].run_at))
    return min(moments, default=None)


class Lanes(tables.Part):
    """The applier's face of the inbox."""

    @statement
    def take_parts(self, limit: int, lease_seconds: float = 30.0) -> list[Part]:
        """Of each lane the oldest part, if nobody holds one of it."""
        now = self.store.now()
        taken: list[Part] = []
        for pieces in lanes(self.store).values():
            oldest = pieces[0]
            held = any(piece.held(now) for piece in pieces)
            if held or oldest.run_at > now or len(taken) >= limit:
                continue
            if oldest.attempts >= PART_ATTEMPTS:
                oldest.reason = f"taken {oldest.attempts} times without an outcome"
                oldest.state, oldest.lease_until = "quarantined", None
                continue
            taken.append(_take(oldest, now, lease_seconds))
        return taken

    @statement
    def take_lane(
        self, tenant: UUID, connection: UUID, lane: str, lease_seconds: float = 30.0
    ) -> list[Part] | None:
        """Everything that waits in one lane; None while another worker holds it."""
        now = self.store.now()
        pieces = lanes(self.store).get((tenant, lane), [])
        if any(piece.held(now) for piece in pieces):
            return None
        return [_take(piece, now, lease_seconds) for piece in pieces]

    @statement
    def finish(self, part: Part, outcome: PartOutcome, reason: str | None = None) -> bool:
        """The part led to no change; False if it is finished or another worker has it."""
        piece = self._fenced(part)
        if piece is not None:
            piece.state, piece.reason, piece.lease_until = outcome, reason, None
        return piece is not None

    @statement
    def retry(
        self, part: Part, delay: timedelta, reason: str
    ) -> Literal["sorted", "quarantined"] | None:
        """Try again after the delay; after eight attempts set it aside instead."""
        piece = self._fenced(part)
        if piece is None:
            return None
        piece.state = "quarantined" if piece.attempts >= PART_ATTEMPTS else "sorted"
        piece.reason, piece.lease_until = reason, None
        piece.run_at = self.store.now() + delay
        return "quarantined" if piece.state == "quarantined" else "sorted"

    def _fenced(self, part: Part) -> Piece | None:
        piece: Any = self.store.table("parts").get((uuid_of(part.message), part.ordinal))
        self.store.bell.ring()
        mine = piece is not None and piece.fence == part.fence and piece.state == "taken"
        return piece if mine else None


def delivery_of(message: Message) -> Delivery:
    """The delivery it came in."""
    came = message.arrival
    return Delivery(came.method, came.query, came.headers, came.body)


def _take(piece: Piece, now: datetime, lease_seconds: float) -> Part:
    piece.state, piece.attempts, piece.fence = "taken", piece.attempts + 1, piece.fence + 1
    piece.lease_until = now + timedelta(seconds=lease_seconds)
    message = piece.message
    return Part(
        message.arrival.tenant,
        message.arrival.connection,
        message.id,
        piece.ordinal,
        message.arrived,
        message.received_at,
        piece.lane[1],
        piece.key.ref,
        piece.key.revision,
        delivery_of(message),
        piece.attempts,
        piece.fence,
        shard_of_key(message.arrival.connection.bytes, SHARDS),
    )
