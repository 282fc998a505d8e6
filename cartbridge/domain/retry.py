"""When to try again what failed: the waits between the attempts."""

from datetime import timedelta
from typing import Final

_S, _M, _H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

# The wait before each attempt, the first being at once; over three days in all.
SCHEDULE: Final = (
    *(0 * _S, 5 * _S, 30 * _S, 2 * _M, 10 * _M, 30 * _M),
    *(2 * _H, 5 * _H, 10 * _H, 14 * _H, 20 * _H, 24 * _H),
)
LONGEST: Final = SCHEDULE[-1]
_SPREAD: Final = 0.1


def delay(attempt: int, jitter: float) -> timedelta:
    """The wait before that attempt (1 is the first), give or take 10 % as jitter (0 to 1) says."""
    if attempt < 1 or not 0 <= jitter <= 1:
        raise ValueError("attempts count from 1 and jitter is between 0 and 1")
    wait = SCHEDULE[min(attempt, len(SCHEDULE)) - 1]
    return wait * (1 + _SPREAD * (2 * jitter - 1))


def next_attempt(
    attempt: int, retry_after: timedelta | None = None, jitter: float = 0.5
) -> timedelta | None:
    """The wait after that many failed attempts, or None when it is time to give up.

    Never sooner than the other side asked (`Retry-After`, believed up to a day).
    """
    if attempt >= len(SCHEDULE):
        return None
    wait = delay(attempt + 1, jitter)
    return wait if retry_after is None else max(wait, min(retry_after, LONGEST))
