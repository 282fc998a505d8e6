"""The `eventsourcing` library's own recorder, storing events of the same size, one by one."""

import os
import random
import threading
import time
import uuid
from importlib import import_module
from typing import Any, Final

from tests.bench.appends import EVENT_BODY_BYTES, EVENT_HEADER_BYTES
from tests.bench.processes import answer, take_job, wait_for_go

STATE: Final = b"s" * (EVENT_HEADER_BYTES + EVENT_BODY_BYTES)


def main() -> None:
    """Store for as long as asked, with so many threads; tell how many were stored."""
    job = take_job()
    postgres = import_module("eventsourcing.postgres")
    stored_event = import_module("eventsourcing.persistence").StoredEvent
    datastore = postgres.PostgresDatastore(
        dbname=os.environ["PGDATABASE"],
        host=os.environ.get("PGHOST", ""),
        port=os.environ.get("PGPORT", "5432"),
        user=os.environ.get("PGUSER", ""),
        password=os.environ.get("PGPASSWORD", ""),
        pool_size=job["threads"],
    )
    recorder = postgres.PostgresApplicationRecorder(datastore, events_table_name="es_events")
    recorder.create_table()
    wait_for_go()
    counts: list[int] = []
    begun = time.monotonic()
    ended = begun + job["seconds"]
    chance = random.Random(job["seed"])  # noqa: S311 - the same figures each time
    seeds = [chance.random() for _ in range(job["threads"])]
    threads = [
        threading.Thread(target=_store, args=(recorder, stored_event, seed, ended, counts))
        for seed in seeds
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer({"stored": sum(counts), "rate": sum(counts) / (time.monotonic() - begun)})
    datastore.close()


def _store(recorder: Any, event: Any, seed: float, ended: float, counts: list[int]) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same figures each time
    count = 0
    while time.monotonic() < ended:
        stream = uuid.UUID(int=chance.getrandbits(128), version=4)
        recorder.insert_events(
            [event(originator_id=stream, originator_version=1, topic="added", state=STATE)]
        )
        count += 1
    counts.append(count)


if __name__ == "__main__":
    main()
