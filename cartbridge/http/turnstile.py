"""So many hooks at once: what comes beyond waits a moment for its turn, or comes back later."""

import asyncio
from collections import deque
from typing import Final

from aiohttp import web

from cartbridge.http.body import RETRY_SECONDS
from cartbridge.services.problems import Problem

UNDER_WAY: Final = 128  # hooks between their last byte and their answer; some batches of them
TURN_SECONDS: Final = 0.5  # how long the others wait for one of these places
BYTES_IN_LINE: Final = 64_000_000  # what they may hold meanwhile, all together


class Turnstile:
    """Lets a bounded number of hooks in, first come, first served.

    The calls of shops and tills do not pass here: under overload hooks are shed, claims are not.
    Who is turned away was kept waiting for a moment, so that nobody can ask in a tight loop.
    """

    def __init__(
        self,
        under_way: int = UNDER_WAY,
        seconds: float = TURN_SECONDS,
        bytes_in_line: int = BYTES_IN_LINE,
    ) -> None:
        self._free = under_way
        self._seconds = seconds
        self._line: deque[asyncio.Future[None]] = deque()
        self._room_in_line = bytes_in_line

    async def enter(self, size: int) -> None:
        """Takes a place for a hook of so many bytes, to be given back by `leave`.

        Problem `unavailable` if none comes free in time.
        """
        if self._free:
            self._free -= 1
            return
        if size > self._room_in_line:
            raise Problem("unavailable", retry_after=RETRY_SECONDS)
        self._room_in_line -= size
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except BaseException as error:
            self._give_up(turn)
            if isinstance(error, TimeoutError):
                raise Problem("unavailable", retry_after=RETRY_SECONDS) from None
            raise
        finally:
            self._room_in_line += size

    def leave(self) -> None:
        """Gives the place to whoever waits the longest."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():  # else it was given up a moment ago
                turn.set_result(None)
                return
        self._free += 1

    def _give_up(self, turn: "asyncio.Future[None]") -> None:
        if turn in self._line:
            self._line.remove(turn)
        elif not turn.cancelled():
            self.leave()  # its turn came at the very moment at which it was no longer waited for


TURNSTILE: Final = web.AppKey("turnstile", Turnstile)
