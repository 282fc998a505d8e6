"""What a gateway process holds in memory after a few webhooks, and after very many."""

from typing import Final

from tests.bench.goals import Measured
from tests.bench.processes import BenchFailed
from tests.bench.stage import Gateway, Stage

MOST: Final = 0.9  # of what is sent has to be accepted
PER_JOB: Final = 50_000  # signed ahead; their signatures are good for five minutes


async def measure(stage: Stage) -> list[Measured]:
    """One process that receives and stores, weighed twice."""
    few, many = stage.scale.hooks_few, stage.scale.hooks_many
    async with stage.database() as dsn, stage.gateway(dsn, "--no-work") as gateway:
        begun = gateway.process.resident_mib()
        await _receive(stage, gateway, few)
        light = gateway.process.resident_mib()
        sent = few
        while sent < many:
            stage.tell(f"{sent:,} of {many:,} webhooks, {gateway.process.resident_mib():.0f} MiB")
            sent += await _receive(stage, gateway, min(PER_JOB, many - sent))
        heavy = gateway.process.resident_mib()
    raw = {
        "MiB when ready": round(begun, 1),
        f"MiB after {few:,}": round(light, 1),
        f"MiB after {many:,}": round(heavy, 1),
    }
    return [Measured("memory_ratio", heavy / light, raw), Measured("memory_mib", heavy, raw)]


async def _receive(stage: Stage, gateway: Gateway, count: int) -> int:
    job = {
        "url": gateway.hook_url,
        "secret": gateway.shop["webhook_secret"],
        "series": f"memory{stage.seed():04}",
        "connections": stage.scale.connections,
        "count": count,
    }
    async with stage.worker("load", job) as caller:
        sent = await caller.work(240)
    accepted = int(sent["good"])
    if accepted < count * MOST:  # a few are turned away while the disk does not answer
        raise BenchFailed(f"of {count} webhooks were accepted: {sent['statuses']}")
    return accepted
