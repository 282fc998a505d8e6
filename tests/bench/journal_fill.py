"""Fills a journal with carts as the gateway would have left them, far quicker than it could."""

import random
import uuid
from collections.abc import Callable
from typing import Any, Final

from cartbridge.database.connection import Database
from cartbridge.database.documents import Appended, Change, Loaded, Write
from cartbridge.database.writer import Writer
from cartbridge.domain.cart.events import CartEvent, LineAdded, LineChanged, Started
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.ids import make_id
from tests.bench.append import TENANT
from tests.bench.appends import HEADER, NOW, SHARDS, documents_of, line
from tests.bench.processes import BenchFailed
from tests.bench.stage import connected

EVENTS_PER_CART: Final = 20
EVENTS_PER_COMMAND: Final = 2
_LINES: Final = 4
_AT_ONCE: Final = 1000  # carts of one shard whose lives are interleaved
_BEGAN_MS: Final = 1763632800000

# Carts get ids of our form, dealt to the shards; in each shard their lives run side by side, so
# that the events of one cart lie as far apart as in a journal that grew by itself.
_CARTS: Final = """
create table bench_cart as
  select n, (n % $shards)::smallint as shard, n / $shards as place,
         (lpad(to_hex($began + n), 12, '0') || '7'
          || lpad(to_hex((n % $shards) * 4096 / $shards + n / $shards % (4096 / $shards)), 3, '0')
          || '8' || substr(md5(n || '$seed'), 1, 15))::uuid as id
    from generate_series(0::bigint, $carts - 1) n;
alter table bench_cart add primary key (n);
create index on bench_cart ((place / $at_once));
"""
_EVENTS: Final = """
insert into event (shard, position, tenant, stream, version, type, schema_version, command,
                   occurred_at, recorded_at, header, body, sealed, hash)
  select c.shard, c.begins + (e.version - 1) * c.beside + c.place % $at_once + 1, e.tenant, c.id,
         e.version, e.type, e.schema_version, md5(c.n || '/' || (e.version - 1) / $per)::uuid,
         e.occurred_at, e.recorded_at, e.header, e.body, e.sealed, e.hash
    from (select * from event where shard = 0 and tenant = '$tenant' and stream = $1
           order by version offset 0) e
   cross join lateral (
     select n, shard, place, id, place / $at_once * $at_once * $events + k.position as begins,
            least($at_once, max(place) over (partition by shard) + 1 - $2 * $at_once) as beside
       from bench_cart join bench_start k using (shard)
      where place / $at_once = $2 offset 0) c
"""
_REST: Final = (
    """
insert into stream select c.shard, s.tenant, c.id, s.kind, c.id, s.version, s.hash
  from stream s, bench_cart c
 where s.shard = 0 and s.tenant = '$tenant' and s.id = $1 and c.place / $at_once = $2
""",
    """
insert into view (shard, tenant, id, kind, version, state, updated_at, due_at, customer, body)
  select c.shard, v.tenant, c.id, v.kind, v.version, v.state, v.updated_at, v.due_at, v.customer,
         convert_to(replace(convert_from(v.body, 'UTF8'), replace(v.id::text, '-', ''),
                            replace(c.id::text, '-', '')), 'UTF8')
    from view v, bench_cart c
   where v.shard = 0 and v.tenant = '$tenant' and v.id = $1 and c.place / $at_once = $2
""",
    """
insert into command (shard, tenant, id, submission, recorded_at)
  select c.shard, s.tenant, md5(c.n || '/' || k)::uuid, md5(c.n || '/' || k)::uuid, now()
    from stream s, bench_cart c, generate_series(0, $events / $per - 1) k
   where s.shard = 0 and s.tenant = '$tenant' and s.id = $1 and c.place / $at_once = $2
""",
)


async def fill(dsn: str, events: int, seed: int, tell: Callable[[str], None]) -> int:
    """So many events of one tenant's carts, 20 each; how many carts that is."""
    carts = max(SHARDS, events // EVENTS_PER_CART)
    example = await _example(dsn, seed)
    async with connected(dsn) as owner:
        await owner.execute("set synchronous_commit = off")
        await owner.execute("create table bench_start as select * from shard_counter")
        await owner.execute(_written(_CARTS, carts, seed))
        for window in range((carts // SHARDS) // _AT_ONCE + 1):
            tell(f"filling the journal: {window * _AT_ONCE * SHARDS * EVENTS_PER_CART:,} events")
            for statement in (_EVENTS, *_REST):
                await owner.execute(_written(statement, carts, seed), example, window)
        await owner.execute(
            "update shard_counter c set position = (select coalesce(max(e.position), 0)"
            " from event e where e.shard = c.shard)"
        )
        await _settle(owner, tell)
    return carts


def _written(statement: str, carts: int, seed: int) -> str:
    values = {
        "$tenant": TENANT,
        "$shards": SHARDS,
        "$began": _BEGAN_MS,
        "$carts": carts,
        "$seed": seed,
        "$at_once": _AT_ONCE,
        "$events": EVENTS_PER_CART,
        "$per": EVENTS_PER_COMMAND,
    }
    for name, value in values.items():
        statement = statement.replace(name, str(value))
    return statement


async def _settle(owner: Any, tell: Callable[[str], None]) -> None:
    """What the server does by itself in the hours in which a journal grows."""
    tell("filling the journal: vacuum and analyze")
    for table in ("event", "stream", "view", "command"):
        await owner.execute(f"vacuum (analyze) {table}")
    await owner.execute("checkpoint")


async def _example(dsn: str, seed: int) -> Any:
    """One cart's life, lived through the journal's own writer; the UUID of its stream."""
    database = Database(dsn)
    await database.start()
    writer = Writer(database)
    await writer.start()
    try:
        chance = random.Random(seed)  # noqa: S311 - the same figures each time
        documents = documents_of(database, writer)
        cart = make_id("crt", NOW, 0, chance.randbytes(8))
        before: Loaded[Any] | None = None
        events = life()
        for place in range(0, len(events), EVENTS_PER_COMMAND):
            part = events[place : place + EVENTS_PER_COMMAND]
            change = Change(_command(chance), TENANT, (_write(cart, before, part),))
            if not isinstance(await documents.commit(change), Appended):
                raise BenchFailed("the example cart could not be stored")
            before = await documents.load(TENANT, cart)
        assert before is not None
        return before.root
    finally:
        await writer.stop()
        await database.stop()


def life(events: int = EVENTS_PER_CART) -> list[CartEvent]:
    """A cart that begins, is filled with a few lines, and changes its mind about them."""
    told: list[CartEvent] = [Started(origin=Origin(), currency="EUR")]
    lines = [line(number) for number in range(_LINES)]
    told += [LineAdded(line=one) for one in lines]
    quantities = [one.quantity.value for one in lines]
    while len(told) < events:
        place = len(told) % _LINES
        was, quantities[place] = quantities[place], quantities[place] + 1
        told.append(LineChanged(line=lines[place].id, was=was, quantity=quantities[place]))
    return told[:events]


def _write(cart: str, before: Loaded[Any] | None, events: list[CartEvent]) -> Write:
    after = Cart(id=cart) if before is None else before.state
    for event in events:
        after = evolve(after, event, NOW)
    return Write(cart, cart, before, tuple(events), after, HEADER)


def _command(chance: random.Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)
