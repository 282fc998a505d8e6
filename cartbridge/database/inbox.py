"""The inbox: what platforms sent, from the accepted delivery to the applied part."""

from cartbridge.database.connection import Database
from cartbridge.database.inbox_archive import (
    Archive,
    MessageState,
    MessageSummary,
    PartState,
    StoredMessage,
)
from cartbridge.database.inbox_envelope import Delivery, Envelopes
from cartbridge.database.inbox_parts import (
    PART_ATTEMPTS,
    Applying,
    Part,
    PartOutcome,
    count_part,
)
from cartbridge.database.inbox_reception import Arrival, Received, Reception, delivery_key
from cartbridge.database.inbox_sorting import Horizon, InboxRow, PartKey, Sorted, Sorting
from cartbridge.database.vault import Vault

__all__ = [
    "PART_ATTEMPTS",
    "Arrival",
    "Delivery",
    "Horizon",
    "Inbox",
    "InboxRow",
    "MessageState",
    "MessageSummary",
    "Part",
    "PartKey",
    "PartOutcome",
    "PartState",
    "Received",
    "Sorted",
    "StoredMessage",
    "count_part",
    "delivery_key",
]


class Inbox(Sorting, Applying, Archive):
    """Every face of the inbox: receive, sort, apply, look back."""

    def __init__(self, database: Database, vault: Vault, *, patience: float = 1.0) -> None:
        envelopes = Envelopes(database, vault)
        for face in (Sorting, Applying, Archive):
            face.__init__(self, database, envelopes)
        self._reception = Reception(database, envelopes, patience=patience)

    async def start(self) -> None:
        """Begin to receive; sorting, applying and looking back need no start."""
        await self._reception.start()

    async def stop(self) -> None:
        """Stop receiving; senders still waiting are told to come back later."""
        await self._reception.stop()

    async def receive(self, arrival: Arrival) -> Received:
        """Store a delivery and answer once it is durable; a duplicate answers the first one.

        Unavailable means that it may or may not be stored: the sender must send it again.
        """
        return await self._reception.receive(arrival)
