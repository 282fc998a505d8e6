"""Makes every view anew from the journal, as `cartbridge rebuild` does."""

import asyncio
import time

from cartbridge.database.rebuild import rebuild
from tests.bench.insiders import insider
from tests.bench.processes import answer, take_job, wait_for_go


async def main() -> None:
    """Wait for the word, rebuild, tell how many documents that were and how long it took."""
    job = take_job()
    async with insider(job["dsn"]) as (gateway, base):
        wait_for_go()
        begun = time.monotonic()
        done = await rebuild(base.database, gateway.documents, lambda _: None)
        seconds = time.monotonic() - begun
    answer({"documents": done.documents, "mended": done.mended, "seconds": seconds})


if __name__ == "__main__":
    asyncio.run(main())
