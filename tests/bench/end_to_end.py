"""From a webhook to the cart's view and the feed: how many carts, and how long each takes."""

from typing import Final

from tests.bench.feed_reader import FeedReader, following
from tests.bench.goals import Measured
from tests.bench.hooks import Carts
from tests.bench.load import percentile
from tests.bench.processes import BenchFailed
from tests.bench.stage import Gateway, Json, Stage, connected

PATIENCE_SECONDS: Final = 60.0  # for all carts to come by
FIRST_CARTS: Final = 50
FIRST_SECONDS: Final = 20.0


async def measure(stage: Stage) -> list[Measured]:
    """Sustained and at a steady rate: one process for all, and the loops in two of their own."""
    one = await _configuration(stage, "", "one process")
    two = await _configuration(stage, "_two", "calls and loops apart", "--workers", "2")
    return [*one, *two]


async def _configuration(stage: Stage, suffix: str, name: str, *options: str) -> list[Measured]:
    async with stage.database() as dsn, stage.gateway(dsn, *options) as gateway:
        async with following(gateway) as reader:
            await _warm_up(stage, gateway, reader)
            memory = gateway.process.resident_mib()
            stage.tell(f"{stage.scale.carts} carts at once, {name}")
            rate, sustained = await _sustained(stage, gateway, reader)
            stage.tell(f"{stage.scale.carts_per_second} carts a second, {name}")
            took, steady = await _steady(stage, gateway, reader)
        async with connected(dsn) as owner:
            views = await owner.fetchval("select count(*) from view where kind = 'cart'")
        weighed = [round(memory), round(gateway.process.resident_mib())]
    sustained |= {"cart views at the end": views}
    if not options:
        sustained |= {"resident MiB, before and after": weighed}
    steady |= {"max ms": round(max(took, default=0), 1)}
    return [
        Measured(f"end_to_end_rate{suffix}", rate, sustained),
        Measured(f"end_to_end_p50{suffix}_ms", percentile(took, 0.50), steady),
        Measured(f"end_to_end_p99{suffix}_ms", percentile(took, 0.99), steady),
    ]


async def _warm_up(stage: Stage, gateway: Gateway, reader: FeedReader) -> None:
    """A first look at everything; where nothing comes by, nothing can be measured."""
    count = FIRST_CARTS
    *_, missing = await _send(stage, gateway, reader, count, float(count), FIRST_SECONDS)
    if missing:
        said = gateway.process.complaint()
        raise BenchFailed(f"{missing} of {count} carts never came by the feed: {said}")


async def _sustained(stage: Stage, gateway: Gateway, reader: FeedReader) -> tuple[float, Json]:
    """Carts per second from the first webhook until the last cart has come by."""
    begun, sent, missing = await _send(stage, gateway, reader, stage.scale.carts, None)
    came = [reader.seen[name] for name in begun if name in reader.seen]
    seconds = max(came, default=sent["last"]) - sent["first"]
    return len(came) / seconds, {
        "carts": len(came),
        "seconds until the last came by": round(seconds, 2),
        "seconds until the last was accepted": round(sent["seconds"], 2),
        "answers": sent["statuses"],
        "accepted and never seen": missing,
    }


async def _steady(stage: Stage, gateway: Gateway, reader: FeedReader) -> tuple[list[float], Json]:
    """Milliseconds from when each webhook was due until its cart came by."""
    rate = stage.scale.carts_per_second
    count = rate * stage.scale.steady_seconds
    begun, sent, missing = await _send(stage, gateway, reader, count, float(rate))
    took = [(reader.seen[name] - due) * 1000 for name, due in begun.items() if name in reader.seen]
    return took, {
        "rate /s": rate,
        "carts": len(took),
        "accepted and never seen": missing,
        "answers": sent["statuses"],
        "accepted p50, p99 ms": [round(sent["p50_ms"], 1), round(sent["p99_ms"], 1)],
    }


async def _send(
    stage: Stage,
    gateway: Gateway,
    reader: FeedReader,
    count: int,
    rate: float | None,
    patience: float = PATIENCE_SECONDS,
) -> tuple[dict[str, float], Json, int]:
    """When each accepted cart's webhook was due, and how many of them never came by."""
    series = f"whole{stage.seed():04}"
    job = {
        "url": gateway.hook_url,
        "secret": gateway.shop["webhook_secret"],
        "series": series,
        "connections": stage.scale.connections,
        "count": count,
        "rate": rate,
        "begun": True,
    }
    carts = Carts(series)
    async with stage.worker("load", job) as caller:
        sent = await caller.work(PATIENCE_SECONDS)
    begun = {carts.external_id(int(number)): due for number, due in sent["begun"].items()}
    missing = await reader.wait_for(list(begun), patience)
    return begun, sent, missing
