"""Empties a queue of messages that go nowhere: ours as its worker does it, or PgQueuer's."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any
from unittest.mock import patch

import asyncpg

from cartbridge.app import working
from cartbridge.database.outbox import OutboxMessage
from cartbridge.services.gateway import Gateway
from tests.bench.insiders import insider
from tests.bench.processes import answer, take_job, wait_for_go

BATCH = 100  # of PgQueuer's worker


class Sender:
    """Takes messages as they are sent, and watches that each lane keeps its order."""

    def __init__(self, count: int) -> None:
        self.sent = 0
        self.out_of_order = 0
        self.all_sent = asyncio.Event()
        self._count = count
        self._last: dict[str, int] = {}

    async def send(self, gateway: Gateway, message: OutboxMessage) -> None:
        """Nothing goes anywhere."""
        number = int(message.payload[:10])
        self.out_of_order += number < self._last.get(message.lane, -1)
        self._last[message.lane] = number
        self.sent += 1
        if self.sent == self._count:
            self.all_sent.set()


async def ours(dsn: str, count: int) -> dict[str, Any]:
    """Our worker's loops on the outbox as it was filled."""
    sender = Sender(count)
    async with _watching(dsn) as left, insider(dsn) as (gateway, base):
        wait_for_go()
        begun = time.monotonic()
        with patch("cartbridge.worker.outbox.run_errand", sender.send):
            async with working(gateway, base):
                await sender.all_sent.wait()
                while await left():  # noqa: ASYNC110 - what was sent is still being noted
                    await asyncio.sleep(0.002)
                seconds = time.monotonic() - begun
    return {"rate": count / seconds, "sent": sender.sent, "out_of_order": sender.out_of_order}


@asynccontextmanager
async def _watching(dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsn)

    async def left() -> int:
        return int(await connection.fetchval("select count(*) from outbox"))

    yield left
    await connection.close()


async def pgqueuer(dsn: str, count: int) -> dict[str, Any]:
    """PgQueuer's own worker in its draining mode."""
    driver = import_module("pgqueuer.db").AsyncpgDriver
    library = import_module("pgqueuer")
    modes = import_module("pgqueuer.types").QueueExecutionMode
    connection = await asyncpg.connect(dsn)
    queue = library.PgQueuer(driver(connection))
    sent = 0

    async def send(job: Any) -> None:
        nonlocal sent
        sent += 1

    queue.entrypoint("message")(send)
    wait_for_go()
    begun = time.monotonic()
    await queue.qm.run(batch_size=BATCH, mode=modes.drain, dequeue_timeout=timedelta(seconds=1))
    seconds = time.monotonic() - begun
    await connection.close()
    return {"rate": sent / seconds, "sent": sent}


async def main() -> None:
    """Drain what is there and tell how fast that went."""
    job = take_job()
    drain = ours if job["whose"] == "ours" else pgqueuer
    answer(await drain(job["dsn"], job["count"]))


if __name__ == "__main__":
    asyncio.run(main())
