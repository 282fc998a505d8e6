"""Accepting webhooks: what one costs, how many go in, and how long a platform waits."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

from tests.bench.goals import Measured
from tests.bench.processes import Process
from tests.bench.stage import Gateway, Json, Stage

FASTEST: Final = 25_000  # requests per second that a caller is prepared for at most


@dataclass(frozen=True)
class Server:
    """A server that takes webhooks, and the process to weigh."""

    process: Process
    hook_url: str
    secret: str


async def measure(stage: Stage) -> list[Measured]:
    """The four figures; gateway, bare handler and transaction per request by turns."""
    async with stage.database() as dsn, stage.database() as other, AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(stage.gateway(dsn, "--no-work"))
        ours = _gateway(gateway)
        bare = await stack.enter_async_context(_rival(stage, "bare_server", other, ours.secret))
        plain = await stack.enter_async_context(
            _rival(stage, "transaction_server", other, ours.secret)
        )
        servers = {"gateway": ours, "bare": bare, "transaction": plain}
        for name, server in servers.items():
            stage.tell(f"warming up: {name}")
            await _saturate(stage, server, seconds=0.5)
        runs: dict[str, list[Json]] = {name: [] for name in servers}
        for turn in range(stage.scale.repeats):
            for name, server in servers.items():
                stage.tell(f"saturating: {name}, {turn + 1} of {stage.scale.repeats}")
                runs[name].append(await _saturate(stage, server, seconds=stage.scale.seconds))
        rate = median(run["rate"] for run in runs["gateway"]) / 2
        stage.tell(f"steady at {rate:.0f}/s")
        halves = [await _steady(stage, ours, rate) for _ in range(stage.scale.repeats)]
    return _figures(runs, halves)


def _gateway(gateway: Gateway) -> Server:
    return Server(gateway.process, gateway.hook_url, gateway.shop["webhook_secret"])


@asynccontextmanager
async def _rival(stage: Stage, program: str, dsn: str, secret: str) -> AsyncIterator[Server]:
    process = await Process.start(
        stage.folder / f"{program}.log", f"tests.bench.{program}", DATABASE_URL=dsn, SECRET=secret
    )
    try:
        url = (await process.line("ready")).split()[-1]
        yield Server(process, f"{url}/v1/hooks/any", secret)
    finally:
        await process.end()


async def _saturate(stage: Stage, server: Server, seconds: float) -> Json:
    """As fast as answers come."""
    job = _job(stage, server, int(seconds * FASTEST) if seconds > 1 else 2000)
    return await _run(stage, server, {**job, "seconds": seconds}, seconds)


async def _steady(stage: Stage, server: Server, rate: float) -> Json:
    """At a rate that does not ask how the answers do."""
    seconds = stage.scale.seconds
    job = _job(stage, server, max(1, int(rate * seconds)))
    return await _run(stage, server, {**job, "rate": rate}, seconds)


def _job(stage: Stage, server: Server, count: int) -> Json:
    return {
        "url": server.hook_url,
        "secret": server.secret,
        "series": f"accept{stage.seed():04}",
        "connections": stage.scale.connections,
        "count": count,
    }


async def _run(stage: Stage, server: Server, job: Json, seconds: float) -> Json:
    async with stage.worker("load", job) as caller:
        before = server.process.cpu_seconds()
        result: Json = await caller.work(seconds + 60)
        used = server.process.cpu_seconds() - before
    return {**result, "cpu_us": used * 1e6 / max(1, result["answered"])}


def _figures(runs: dict[str, list[Json]], halves: list[Json]) -> list[Measured]:
    ours, bare, plain = runs["gateway"], runs["bare"], runs["transaction"]
    return [
        Measured(
            "accept_cpu_ratio",
            _median(ours, "cpu_us") / _median(bare, "cpu_us"),
            {
                "gateway µs": _all(ours, "cpu_us"),
                "bare µs": _all(bare, "cpu_us"),
                "transaction per request µs": _all(plain, "cpu_us"),
            },
        ),
        Measured(
            "accept_rate_ratio",
            _median(ours, "rate") / _median(plain, "rate"),
            {
                "gateway /s": _all(ours, "rate"),
                "transaction per request /s": _all(plain, "rate"),
                "bare /s": _all(bare, "rate"),
                "answers of the gateway": [run["statuses"] for run in ours],
            },
        ),
        Measured(
            "accept_p99_half_ms",
            _median(halves, "p99_ms"),
            {
                "p99 ms": _all(halves, "p99_ms"),
                "p50 ms": _all(halves, "p50_ms"),
                "max ms": _all(halves, "max_ms"),
                "rate /s": _all(halves, "rate"),
            },
        ),
        Measured(
            "accept_p99_saturated_ms",
            _median(ours, "p99_ms"),
            {
                "p99 ms": _all(ours, "p99_ms"),
                "p50 ms": _all(ours, "p50_ms"),
                "max ms": _all(ours, "max_ms"),
            },
        ),
    ]


def _median(runs: Sequence[Json], name: str) -> float:
    return float(median(run[name] for run in runs))


def _all(runs: Sequence[Json], name: str) -> list[float]:
    return [round(run[name], 2) for run in runs]
