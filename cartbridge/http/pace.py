"""So many calls in a stretch, then so many a second: for callers who show no key."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

ENTRIES: Final = 20_000  # callers known at once; the one unheard for longest is forgotten first


class Pace:
    """Lets each caller go on as long as it keeps the pace; it forgets within this process."""

    def __init__(
        self,
        burst: float,
        a_second: float,
        clock: Callable[[], float] = time.monotonic,
        entries: int = ENTRIES,
    ) -> None:
        self._burst = burst
        self._a_second = a_second
        self._clock = clock
        self._entries = entries
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def keeps(self, caller: Hashable) -> bool:
        """Whether this call of the caller is within its pace; then it counts."""
        now = self._clock()
        left, since = self._left.pop(caller, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._a_second)
        within = left >= 1
        self._left[caller] = (left - 1 if within else left, now)
        if len(self._left) > self._entries:
            self._left.popitem(last=False)
        return within
