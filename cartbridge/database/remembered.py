"""Answers kept for a few seconds, so that a question asked at every request costs one look-up."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
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

    async def get(
        self, question: Hashable, ask: Callable[[], Awaitable[Answer | None]]
    ) -> Answer | None:
        """The remembered answer, or what asking brings."""
        known = self._answers.get(question)
        asked_at = self._clock()
        if known is not None and asked_at - known[0] < self._seconds:
            return known[1]
        answer = await ask()
        self._answers.pop(question, None)
        if answer is not None:
            # As of before the question: what changed while it was asked is not missed for longer.
            self._answers[question] = (asked_at, answer)
            while len(self._answers) > ENTRIES:
                self._answers.popitem(last=False)
        return answer

    def forget(self) -> None:
        """Ask again from now on: something was changed by this process."""
        self._answers.clear()
