"""Draining the outbox, in order per document, against PgQueuer that keeps no order."""

import uuid
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from typing import Any, Final

from tests.bench.goals import Measured
from tests.bench.processes import BenchFailed
from tests.bench.stage import Json, Stage, connected

TENANT: Final = uuid.UUID(int=0xBE7C, version=4)
PAYLOAD_BYTES: Final = 1000
SHARDS: Final = 16
FILL: Final = """
insert into outbox (shard, tenant, id, document, lane, kind, payload)
  select lane % $4, $1, md5(n || 'id')::uuid, md5(lane || 'document')::uuid, 'lane ' || lane,
         'nothing', rpad(lpad(n::text, 10, '0'), $5, 'p')::bytea
    from (select n, n % $3 as lane from generate_series(1, $2::int) n) numbered
   order by n"""


async def measure(stage: Stage) -> list[Measured]:
    """The same number of messages of the same size, by turns."""
    rates: dict[str, list[float]] = {"ours /s": [], "PgQueuer /s": []}
    order: list[int] = []
    async with stage.database() as dsn, connected(dsn) as owner:
        for turn in range(stage.scale.repeats):
            stage.tell(f"draining the outbox, {turn + 1} of {stage.scale.repeats}")
            drained = await _ours(stage, dsn, owner)
            rates["ours /s"].append(round(drained["rate"]))
            order.append(drained["out_of_order"])
            if find_spec("pgqueuer") is not None:
                stage.tell(f"draining PgQueuer, {turn + 1} of {stage.scale.repeats}")
                rates["PgQueuer /s"].append(round(await _pgqueuer(stage, dsn, owner)))
    raw = {**rates, "ours, sent out of order": order, "lanes": stage.scale.lanes}
    if not rates["PgQueuer /s"]:
        note = "PgQueuer is not installed: `make bench` installs it."
        return [Measured("outbox_drain_ratio", None, raw, note)]
    ratio = median(rates["ours /s"]) / median(rates["PgQueuer /s"])
    return [Measured("outbox_drain_ratio", ratio, raw)]


async def _ours(stage: Stage, dsn: str, owner: Any) -> Json:
    scale = stage.scale
    await owner.execute(FILL, TENANT, scale.messages, scale.lanes, SHARDS, PAYLOAD_BYTES)
    await owner.execute("analyze outbox")
    drained = await _drained(stage, dsn, "ours")
    if drained["out_of_order"]:
        raise BenchFailed(f"{drained['out_of_order']} messages left out of their lane's order")
    return drained


async def _pgqueuer(stage: Stage, dsn: str, owner: Any) -> float:
    driver = import_module("pgqueuer.db").AsyncpgDriver
    queries = import_module("pgqueuer.queries").Queries(driver(owner))
    if not await owner.fetchval("select to_regclass('pgqueuer') is not null"):
        await queries.install()
    count = stage.scale.messages
    await queries.enqueue(["message"] * count, [b"p" * PAYLOAD_BYTES] * count, [0] * count)
    await owner.execute("analyze pgqueuer")
    drained = await _drained(stage, dsn, "pgqueuer")
    if drained["sent"] != count:
        raise BenchFailed(f"PgQueuer sent {drained['sent']} of {count}")
    return float(drained["rate"])


async def _drained(stage: Stage, dsn: str, whose: str) -> Json:
    job = {"dsn": dsn, "count": stage.scale.messages, "whose": whose}
    async with stage.worker("outbox_drainer", job) as drainer:
        drained: Json = await drainer.work(180)
    return drained
