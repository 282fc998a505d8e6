"""Making every view anew from the journal: events folded and views written per second."""

from tests.bench.goals import Measured
from tests.bench.journal_fill import fill
from tests.bench.processes import BenchFailed
from tests.bench.stage import Json, Stage, connected


async def measure(stage: Stage) -> list[Measured]:
    """All views were lost, so each is written; then a second look that finds nothing to mend."""
    async with stage.database() as dsn, connected(dsn) as owner:
        await fill(dsn, stage.scale.rebuilt_events, stage.seed(), stage.tell)
        events = await owner.fetchval("select count(*) from event")
        await owner.execute("truncate view")
        stage.tell(f"rebuilding from {events:,} events")
        lost = await _rebuilt(stage, dsn)
        if lost["mended"] != lost["documents"]:
            raise BenchFailed(f"{lost['mended']} of {lost['documents']} views were written")
        stage.tell(f"looking through {events:,} events again")
        again = await _rebuilt(stage, dsn)
        if again["mended"]:
            raise BenchFailed(f"{again['mended']} views were mended twice")
    raw = {
        "events": events,
        "documents": lost["documents"],
        "seconds, every view written": round(lost["seconds"], 2),
        "events/s when nothing is to be mended": round(events / again["seconds"]),
    }
    return [Measured("rebuild_rate", events / lost["seconds"], raw)]


async def _rebuilt(stage: Stage, dsn: str) -> Json:
    async with stage.worker("rebuilder", {"dsn": dsn}) as rebuilder:
        done: Json = await rebuilder.work(300)
    return done
