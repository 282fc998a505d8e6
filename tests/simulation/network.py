"""The simulated network: it delays, loses, doubles and reorders, both ways."""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from cartbridge.database.connection import Unavailable
from cartbridge.database.idempotency import Attempt, StillRunning
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from tests.simulation.estate import TENANT

if TYPE_CHECKING:
    from tests.simulation.process import Process
    from tests.simulation.world import World

Result = TypeVar("Result")
Handler = Callable[[Gateway, Attempt], Awaitable[Result]]
PATIENCE: Final = 10.0  # how long anybody waits for an answer
_LOST: Final = 0.05


class NoAnswer(Exception):
    """Nobody knows what became of the call."""


class Network:
    """Between the gateway and everybody else."""

    def __init__(self, world: "World") -> None:
        self._world = world

    async def travel(self) -> None:
        """A call or an answer is on its way."""
        await asyncio.sleep(self._world.dice.expovariate(8 if self._world.bad else 50))

    def chance(self, share: float) -> bool:
        """Whether a bad thing happens that happens so often; nothing bad does at the end."""
        return self._world.bad and self._world.dice.random() < share

    async def call(self, work: Callable[[Gateway], Coroutine[Any, Any, Result]]) -> Result:
        """Somebody calls the gateway: the answer, a Problem, or NoAnswer."""
        await self.travel()
        if self.chance(_LOST):
            await asyncio.sleep(PATIENCE)
            raise NoAnswer
        process = self._world.any_process()
        if process is None:
            raise NoAnswer
        if self.chance(_LOST):
            self._world.spawn(self._second(work))
        task = process.spawn(work(process.gateway))
        await asyncio.wait([task], timeout=3 * PATIENCE)
        await self.travel()
        if not task.done() or task.cancelled():
            raise NoAnswer
        error = task.exception()
        if self.chance(_LOST) or isinstance(error, Unavailable):
            raise NoAnswer
        if error is not None:
            raise error
        return task.result()

    async def _second(self, work: Callable[[Gateway], Coroutine[Any, Any, Any]]) -> None:
        """The same call comes once more, and nobody waits for its answer."""
        await self.travel()
        process = self._world.any_process()
        if process is not None:
            with contextlib.suppress(Problem, Unavailable, asyncio.CancelledError):
                await process.spawn(work(process.gateway))

    async def ask(self, key: str, handler: Handler[Result]) -> Result:
        """Calls under one idempotency key until there is an answer: the outcome, or a Problem."""
        while True:
            try:
                return await self.call(lambda gateway: once(gateway, key, handler))
            except NoAnswer:
                await asyncio.sleep(self._world.dice.uniform(0.5, 5))
            except Problem as problem:
                if problem.code not in ("still_running", "unavailable"):
                    raise
                await asyncio.sleep(problem.retry_after or 1)

    def wire(self, process: "Process") -> httpx.AsyncBaseTransport:
        """What the process calls the shops through."""
        return _Wire(self._world, process)


async def once(gateway: Gateway, key: str, handler: Handler[Result]) -> Result:
    """What stands before every idempotent route: a repeat gets the ids of the first try."""
    scope = hashlib.sha256(key.encode()).digest()
    try:
        attempt = await gateway.idempotency.begin(TENANT, scope, scope)
    except StillRunning as running:
        raise Problem("still_running", retry_after=running.retry_after) from None
    try:
        answer = await handler(gateway, attempt)
    except Exception:
        if attempt.status is None:
            with contextlib.suppress(Unavailable):
                await gateway.idempotency.give_up(TENANT, scope)
        raise
    if attempt.status is None:
        await gateway.idempotency.finish(TENANT, scope, 200, b"done")
    return answer


class _Wire(httpx.AsyncBaseTransport):
    """The way to the shops; what has left goes on though its sender dies."""

    def __init__(self, world: "World", process: "Process") -> None:
        self._world, self._process = world, process

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._process.step()
        if self._world.network.chance(0.03):
            raise httpx.ConnectError("refused", request=request)
        answer: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()
        self._world.spawn(self._carry(request, answer))
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except TimeoutError:
            raise httpx.ReadTimeout("no answer", request=request) from None

    async def _carry(self, request: httpx.Request, answer: asyncio.Future[httpx.Response]) -> None:
        network, dice = self._world.network, self._world.dice
        await network.travel()
        if network.chance(_LOST):
            return
        if network.chance(0.05):  # it lands when nobody waits for it any more
            await asyncio.sleep(PATIENCE + dice.uniform(0, 10))
        if network.chance(0.04):
            self._tell(answer, httpx.Response(503, headers={"retry-after": "2"}))
            return
        shop = self._world.shops[request.url.host.split(".")[0]]
        status, body = shop.answer(dict(request.headers), request.content)
        if network.chance(0.05):  # it comes twice
            await network.travel()
            shop.answer(dict(request.headers), request.content)
        await network.travel()
        if network.chance(0.04):
            status, body = 500, b""
        if not network.chance(_LOST):
            self._tell(answer, httpx.Response(status, content=body))

    def _tell(self, answer: asyncio.Future[httpx.Response], response: httpx.Response) -> None:
        if not answer.done():
            answer.set_result(response)
