"""Appends in the shape of a cart's: one bare event, or all that a command leaves."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from cartbridge.app import cart_kind
from cartbridge.database.connection import Database
from cartbridge.database.documents import Appended, Change, Documents, Outgoing, Write
from cartbridge.database.journal import Append, EventRow, Outcome, StreamRow
from cartbridge.database.vault import Vault
from cartbridge.database.writer import Writer
from cartbridge.domain.cart.events import CartEvent, LineAdded, Started
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.header import Actor, Header
from cartbridge.domain.ids import SLOTS, make_id, shard_of_slot
from cartbridge.domain.items import Item
from cartbridge.domain.line import Line, Prices, Tax
from cartbridge.domain.quantity import Quantity
from cartbridge.services.gateway import Limits

SHARDS: Final = 16
NOW: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HEADER: Final = Header(occurred_at=NOW, actor=Actor(kind="connector"), channel="web")
EVENT_HEADER_BYTES: Final = 340
EVENT_BODY_BYTES: Final = 560  # with its columns an event is then about one kilobyte
VAULT: Final = Vault.of(bytes(range(32)))


def bare_appends(count: int, seed: int, tenant: uuid.UUID) -> list[Append]:
    """Commands of one event each, in a new stream each: event, head and position, no more."""
    chance = random.Random(seed)  # noqa: S311 - the same figures each time
    header, body = b"h" * EVENT_HEADER_BYTES, b"b" * EVENT_BODY_BYTES
    return [_bare(chance, tenant, header, body) for _ in range(count)]


def _bare(chance: random.Random, tenant: uuid.UUID, header: bytes, body: bytes) -> Append:
    slot, stream = chance.randrange(SLOTS), _uuid(chance)
    link = chance.randbytes(32)
    event = EventRow(
        stream=stream,
        version=1,
        type="cart.line_added",
        schema_version=1,
        occurred_at=NOW,
        header=header,
        body=body,
        sealed=None,
        hash=link,
    )
    head = StreamRow(id=stream, kind="cart", key_root=stream, expected=0, version=1, hash=link)
    return Append(
        tenant=tenant,
        shard=shard_of_slot(slot, SHARDS),
        command=_uuid(chance),
        streams=(head,),
        events=(event,),
        views=(),
        submission=_uuid(chance),
    )


def changes(count: int, seed: int, tenant: uuid.UUID) -> Iterator[Change]:
    """Commands as the gateway makes them: a cart begins with a line, and a message goes out."""
    chance = random.Random(seed)  # noqa: S311 - the same figures each time
    for number in range(count):
        cart = make_id("crt", NOW, chance.randrange(SLOTS), chance.randbytes(8))
        events = (Started(origin=Origin(), currency="EUR"), LineAdded(line=line(number)))
        message = Outgoing(_uuid(chance), cart, f"lane {cart}", "push", b"p" * 300)
        yield Change(_uuid(chance), tenant, (write(cart, *events),), outbox=(message,))


def write(cart: str, *events: CartEvent) -> Write:
    """The first write to a cart."""
    after = Cart(id=cart)
    for event in events:
        after = evolve(after, event, NOW)
    return Write(cart, cart, None, events, after, HEADER)


def line(number: int, quantity: int = 1) -> Line:
    """A line of a cart, told as fully as a shop tells it."""
    return Line(
        id=make_id("lin", NOW, 0, number.to_bytes(8, "big")),
        item=Item(
            sku=f"LAMP-{number}",
            gtin="3700123456780",
            title="Lampe chêne",
            variant="H 40 cm",
            attributes={"colour": "oak"},
            product_url="https://shop.example/produits/lampe",
        ),
        quantity=Quantity(value=Decimal(quantity)),
        prices=Prices(unit_price=4990, total=4990, taxes=(Tax(rate="0.20", code="S", amount=832),)),
    )


class Kept(Writer):
    """A writer that stores nothing: it keeps what it is given."""

    def __init__(self) -> None:
        self.appends: list[Append] = []

    async def submit(self, command: Append) -> Outcome:
        """Keep it."""
        self.appends.append(command)
        return Appended({})


async def whole_appends(
    database: Database, count: int, seed: int, tenant: uuid.UUID
) -> list[Append]:
    """The rows of such commands, exactly as the journal's own face makes them."""
    kept = Kept()
    documents = documents_of(database, kept)
    for change in changes(count, seed, tenant):
        await documents.commit(change)
    return kept.appends


def documents_of(database: Database, writer: Writer) -> Documents:
    """The journal's face over a writer."""
    return Documents(database, writer, VAULT, (cart_kind(Limits()),))


def _uuid(chance: random.Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)
