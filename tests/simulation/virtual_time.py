"""An event loop without a clock: when nothing is left to do, it is the time of the next timer."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class Stuck(RuntimeError):
    """Everybody waits and no timer runs: nothing would ever happen again."""


class _Jump:
    """Stands where the loop would wait for the network: it lets the time pass at once."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Stuck("everybody waits and no timer runs")
        self._loop.pass_time(timeout)
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks and timers in one order that depends on nothing but the program."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._clock_resolution = 1e-6  # what rounding may cost a timer
        self._selector = _Jump(self)

    def time(self) -> float:
        """Seconds since the loop began, in its own time."""
        return self._now

    def pass_time(self, seconds: float) -> None:
        """Let it be so much later."""
        self._now += seconds

    def _process_events(self, events: list[Any]) -> None:
        """There are none: nothing comes from outside."""

    def _write_to_self(self) -> None:
        """Nobody calls from another thread."""


def run_virtually(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Runs a coroutine to its end in a loop of its own, however long it takes in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
