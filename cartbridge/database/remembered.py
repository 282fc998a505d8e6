"""Answers kept for a few seconds, so that a question asked at every request costs one look-up."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Final, Generic, TypeVar

Answer = TypeVar("Answer")

SECONDS: Final = 5.0  # what is revoked is refused everywhere after this time at most
ENTRIES: Final = 10_000
Clock = Callable[[], float]


class Remembered(Generic[Answer]):
    """Answers by question; the oldest give way. What was not found is asked again each time."""

    def __init__(self, clock: Clock = time.monotonic, seconds: float = SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._answers: OrderedDict[Hashable, tuple[float, Answer]] = OrderedDict()
        self._asking: dict[Hashable, asyncio.Task[Answer | None]] = {}

    async def get(
        self, question: Hashable, ask: Callable[[], Awaitable[Answer | None]]
    ) -> Answer | None:
        """The remembered answer, or what asking brings."""
        known = self._answers.get(question)
        if known is not None and self._clock() - known[0] < self._seconds:
            return known[1]
        asking = self._asking.get(question)
        if asking is None:  # else somebody asks already: one look-up for all who want to know
            asking = self._asking[question] = asyncio.create_task(self._look(question, ask))
            asking.add_done_callback(partial(self._looked, question))
        return await asyncio.shield(asking)

    async def _look(
        self, question: Hashable, ask: Callable[[], Awaitable[Answer | None]]
    ) -> Answer | None:
        # As of before the question: what changed while it was asked is not missed for longer.
        asked_at = self._clock()
        answer = await ask()
        if self._asking.get(question) is asyncio.current_task():  # else it was forgotten meanwhile
            self._answers.pop(question, None)
            if answer is not None:
                self._answers[question] = (asked_at, answer)
                while len(self._answers) > ENTRIES:
                    self._answers.popitem(last=False)
        return answer

    def _looked(self, question: Hashable, asking: "asyncio.Task[Answer | None]") -> None:
        if self._asking.get(question) is asking:
            del self._asking[question]
        if not asking.cancelled():
            asking.exception()  # told to those who wait, if any still do

    def known(self, question: Hashable) -> Answer | None:
        """The remembered answer; None if it would have to be asked for."""
        known = self._answers.get(question)
        if known is None or self._clock() - known[0] >= self._seconds:
            return None
        return known[1]

    def forget(self) -> None:
        """Ask again from now on: something was changed by this process."""
        self._answers.clear()
        self._asking.clear()
