"""Receivers that hang, fail, cut, flood and mislead: the others go on, and nothing is lost."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from tests.acceptance.receiver import Receiver
from tests.acceptance.world import World, open_world, until
from tests.faults.experiment import Experiment, Span
from tests.unit.sdk.canary import Canary, listening

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]
GOOD = 3
SECONDS = 8.0  # far less than a receiver may hang: one that holds up the others shows

Trick = Callable[["Hostile", web.Request], Awaitable[web.StreamResponse]]


async def hang(own: "Hostile", request: web.Request) -> web.StreamResponse:
    await own.mended.wait()
    return web.Response(status=503)


async def fail(own: "Hostile", request: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


async def cut(own: "Hostile", request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def flood(own: "Hostile", request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(status=500)
    await answer.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(160):
            await answer.write(b"x" * 65536)
    return answer


async def mislead(own: "Hostile", request: web.Request) -> web.StreamResponse:
    return web.Response(status=307, headers={"location": own.elsewhere})


TRICKS: dict[str, Trick] = {
    "hangs": hang,
    "fails": fail,
    "cuts": cut,
    "floods": flood,
    "misleads": mislead,
}


class Hostile(Receiver):
    """A receiver that plays its trick until it is mended."""

    def __init__(self, trick: Trick, elsewhere: str) -> None:
        super().__init__()
        self.trick = trick
        self.elsewhere = elsewhere
        self.mended = asyncio.Event()
        self.tricked = 0

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Takes nothing before it is mended."""
        if self.mended.is_set():
            return await super().take(request)
        self.tricked += 1
        return await self.trick(self, request)


@asynccontextmanager
async def served(*receivers: Receiver) -> AsyncIterator[None]:
    """The receivers, each on a port of its own."""
    async with AsyncExitStack() as stack:
        for receiver in receivers:
            app = web.Application()
            app.router.add_post("/events", receiver.take)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
        yield


@asynccontextmanager
async def beset(canary: Canary) -> AsyncIterator[tuple[list[Receiver], list[Hostile]]]:
    """Good receivers and one of each bad kind."""
    good = [Receiver() for _ in range(GOOD)]
    elsewhere = f"http://127.0.0.1:{canary.port}/inside"
    bad = [Hostile(trick, elsewhere) for trick in TRICKS.values()]
    async with served(*good, *bad):
        yield good, bad


def missing(receiver: Receiver, wanted: set[str]) -> int:
    """How many of these events it never took."""
    return len(wanted - {post.id for post in receiver.posts})


def out_of_order(receiver: Receiver) -> int:
    """How often an event came, for the first time, after a later one of its document."""
    newest: dict[str, str] = {}
    wrong, seen = 0, set()
    for post in receiver.posts:
        subject, sequence = post.event["subject"], post.event["sequence"]
        if post.id not in seen:
            wrong += newest.get(subject, "") > sequence
            newest[subject] = sequence
        seen.add(post.id)
    return wrong


async def live(world: World, carts: int) -> set[str]:
    """Carts that are begun and changed; answers the names of all that happened."""
    for number in range(carts):
        await world.till().call("POST", "/v1/pos/carts", {"codes": [f"N{number}"]})
    rows = await world.owner.fetch("select stream, version from event")
    return {f"crt_{row['stream'].hex}-{row['version']}" for row in rows}


async def test_hostile_receivers_hold_up_nobody_and_lose_nothing(
    dsn: str, tmp_path: Path, experiment: Experiment, span: Span
) -> None:
    counts = experiment("hostile receivers beside good ones")
    async with (
        listening() as canary,
        beset(canary) as (good, bad),
        open_world(dsn, tmp_path) as world,
    ):
        for receiver in (*good, *bad):
            made = await world.operator.call("POST", "/v1/subscriptions", {"url": receiver.url})
            assert made.status_code == 201, made.text
        wanted = await live(world, span(30, 600))
        began = time.monotonic()
        counts.sent = counts.acknowledged = len(wanted) * (GOOD + len(bad))

        async def good_have_all() -> bool:
            return not any(missing(receiver, wanted) for receiver in good)

        await until(good_have_all, span(SECONDS, 60.0))
        counts.extra["seconds for the good"] = time.monotonic() - began

        async def all_tricked() -> bool:
            return all(one.tricked for one in bad)

        await until(all_tricked)
        tricked = {name: one.tricked for name, one in zip(TRICKS, bad, strict=True)}
        for one in bad:
            one.mended.set()

        async def all_have_all() -> bool:
            await world.now()
            return not any(missing(one, wanted) for one in (*good, *bad))

        await until(all_have_all, 60.0)
    counts.stored = counts.applied = sum(len(wanted & ids(one)) for one in (*good, *bad))
    counts.lost = sum(missing(one, wanted) for one in (*good, *bad))
    counts.doubled = sum(out_of_order(one) for one in (*good, *bad))
    counts.extra |= {"led astray": canary.connects, **tricked}
    assert counts.held
    assert canary.connects == 0


def ids(receiver: Receiver) -> set[str]:
    """The names of what it took."""
    return {post.id for post in receiver.posts}


async def test_a_sender_that_waits_for_the_slowest_starves_the_good(
    experiment: Experiment,
) -> None:
    """The control: each event to all receivers at once, the next when all have answered."""
    counts = experiment("hostile receivers, one queue for all", control=True)
    names = {f"crt_{number:032x}-1" for number in range(30)}
    async with (
        listening() as canary,
        beset(canary) as (good, bad),
        httpx.AsyncClient(trust_env=False, follow_redirects=True, timeout=SECONDS) as client,
    ):

        async def post(url: str, name: str) -> None:
            with contextlib.suppress(httpx.HTTPError):
                await client.post(url, content=b"{}", headers={"webhook-id": name})

        async def send() -> None:
            for name in sorted(names):
                await asyncio.gather(*(post(one.url, name) for one in (*good, *bad)))

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2.0):
                await send()
        counts.sent = counts.acknowledged = len(names) * GOOD
        counts.lost = sum(missing(one, names) for one in good)
        counts.extra["led astray"] = canary.connects
        for one in bad:
            one.mended.set()
    assert not counts.held
    assert canary.connects > 0
