"""Posts the shop's hooks: stored before they are sent, in order per basket, until taken."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import httpx

from cartbridge_sandbox.database import Database, Waiting
from cartbridge_sandbox.misbehaviour import Dice
from cartbridge_sandbox.signing import sign

LONGEST_WAIT: Final = 30.0


class Deliveries:
    """One loop over the queue; `idle` is set while nothing waits to be posted."""

    def __init__(self, database: Database, secret: str) -> None:
        self.url: str | None = None
        self.idle = asyncio.Event()
        self._database = database
        self._secret = secret
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something was put into the queue, or the address changed."""
        self.idle.clear()
        self._wake.set()

    async def run(self, client: httpx.AsyncClient, dice: Dice) -> None:
        """Posts what waits, for ever."""
        while True:
            self._wake.clear()
            queues = self._database.waiting(time.time()) if self.url else []
            for queue in queues:
                await self._post_one(client, dice, queue)
            if not queues:
                await self._rest()

    async def _rest(self) -> None:
        due = self._database.next_due() if self.url else None
        if due is None:
            self.idle.set()
        wait = None if due is None else max(0.0, due - time.time())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait)

    async def _post_one(
        self, client: httpx.AsyncClient, dice: Dice, queue: Sequence[Waiting]
    ) -> None:
        overtaken = len(queue) > 1 and dice.fall(dice.switches.reorder)
        hook = queue[1] if overtaken else queue[0]
        if dice.switches.hook_off or dice.fall(dice.switches.lose):
            self._database.posted(hook.id)
            return
        taken = await self._post(client, hook)
        if taken and dice.fall(dice.switches.duplicate):
            await self._post(client, hook)
        if taken:
            self._database.posted(hook.id)
        else:
            wait = min(0.1 * 2**hook.tries, LONGEST_WAIT)
            self._database.postpone(hook.id, time.time() + wait)

    async def _post(self, client: httpx.AsyncClient, hook: Waiting) -> bool:
        headers = {
            "content-type": "application/json",
            "x-sandbox-delivery": str(hook.id),
            **sign(self._secret, hook.body, datetime.now(UTC)),
        }
        try:
            response = await client.post(self.url or "", content=hook.body, headers=headers)
        except httpx.HTTPError:
            return False
        return response.is_success
