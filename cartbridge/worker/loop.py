"""A loop that never dies of one failure: it works, rests, and is woken by news."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from cartbridge.database.connection import News, Unavailable

log = structlog.get_logger(__name__)

_SHORTEST: Final = 0.004  # seconds of rest after work; each further one is twice as long
_FAILED: Final = 1.0  # seconds to wait after a failure


async def run_loop(
    name: str, step: Callable[[], Awaitable[int]], news: News, idle_seconds: float
) -> None:
    """Runs `step` again and again; it answers how much it did, 0 sends the loop to rest."""
    rest = _SHORTEST
    while True:
        try:
            done = await step()
        except Unavailable as error:
            log.warning("worker.database_away", loop=name, why=str(error))
            await asyncio.sleep(_FAILED)
            continue
        except Exception:  # a loop that dies would silently stop the gateway
            log.exception("worker.step_failed", loop=name)
            await asyncio.sleep(_FAILED)
            continue
        if done:
            rest = _SHORTEST  # where something came, more may follow from another process
            continue
        rest = min(rest * 2, idle_seconds)
        await news.wait(rest)


async def run_turns(name: str, step: Callable[[], Awaitable[int]], seconds: float) -> None:
    """Runs `step` at its times, whatever is appended meanwhile; a failure waits for the next."""
    while True:
        try:
            await step()
        except Unavailable as error:
            log.warning("worker.database_away", loop=name, why=str(error))
        except Exception:
            log.exception("worker.step_failed", loop=name)
        await asyncio.sleep(seconds)
