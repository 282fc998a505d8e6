"""What is measured and what is to be reached: one literal table."""

from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Goal:
    """A figure by its name, what it tells, its unit, and the limit it has to keep."""

    group: str
    name: str
    what: str
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def met(self, value: float) -> bool:
        """Whether a value keeps the limit."""
        below = self.at_most is None or value <= self.at_most
        return below and (self.at_least is None or value >= self.at_least)

    @property
    def limit(self) -> str:
        """The limit in signs: ≤ 1.6."""
        if self.at_most is not None:
            return f"≤ {self.at_most:,g}"
        return f"≥ {self.at_least:,g}"


@dataclass(frozen=True)
class Measured:
    """What came out: the figure, the raw numbers behind it, and why it is missing if it is."""

    name: str
    value: float | None
    raw: dict[str, Any] = field(default_factory=dict)
    note: str = ""


# fmt: off
GOALS: Final = (
    Goal("accept", "accept_cpu_ratio",
         "CPU of the gateway per accepted webhook, against a bare aiohttp 200", "×", at_most=1.6),
    Goal("accept", "accept_rate_ratio",
         "accepted per second, against a transaction per request", "×", at_least=4),
    Goal("accept", "accept_p99_half_ms",
         "accept latency at half of saturation, p99", "ms", at_most=15),
    Goal("accept", "accept_p99_saturated_ms",
         "accept latency at saturation, p99", "ms", at_most=60),
    Goal("append", "append_event_ratio",
         "event + head + position per second, against pgbench with one row per transaction",
         "×", at_least=1.6),
    Goal("append", "append_eventsourcing_ratio",
         "event + head + position per second, against the eventsourcing library", "×",
         at_least=15),
    Goal("append", "append_whole_ratio",
         "whole appends per second, against pgbench calling the same function with one command",
         "×", at_least=5),
    Goal("end_to_end", "end_to_end_rate",
         "webhook to cart view and feed, sustained, one process", "carts/s", at_least=1500),
    Goal("end_to_end", "end_to_end_rate_two",
         "webhook to cart view and feed, sustained, loops apart", "carts/s", at_least=1500),
    Goal("end_to_end", "end_to_end_p50_ms",
         "webhook to feed at a steady rate, one process, p50", "ms", at_most=25),
    Goal("end_to_end", "end_to_end_p99_ms",
         "webhook to feed at a steady rate, one process, p99", "ms", at_most=100),
    Goal("end_to_end", "end_to_end_p50_two_ms",
         "webhook to feed at a steady rate, loops apart, p50", "ms", at_most=25),
    Goal("end_to_end", "end_to_end_p99_two_ms",
         "webhook to feed at a steady rate, loops apart, p99", "ms", at_most=100),
    Goal("claims", "claim_backlog_fresh",
         "claims that saw the last accepted change while hooks waited", "%", at_least=100),
    Goal("claims", "claim_backlog_p99_ms",
         "claim to answer while hooks wait in the inbox, p99", "ms", at_most=150),
    Goal("claims", "claim_busy_p99_ms",
         "claim to answer, many terminals, while webhooks come, p99", "ms", at_most=40),
    Goal("outbox", "outbox_drain_ratio",
         "outbox drained, ordered per document, against PgQueuer unordered", "×", at_least=2),
    Goal("journal_size", "journal_size_ratio",
         "time of the same work in a big journal, against a small one", "×", at_most=1.15),
    Goal("memory", "memory_ratio",
         "resident memory after many webhooks, against after few", "×", at_most=1.1),
    Goal("memory", "memory_mib",
         "resident memory of a gateway process after many webhooks", "MiB", at_most=150),
    Goal("history", "time_travel_p99_ms",
         "a cart of 500 events as it was at a version, p99", "ms", at_most=20),
    Goal("history", "timeline_p99_ms",
         "the timeline of a cart of 500 events, p99", "ms", at_most=20),
    Goal("rebuild", "rebuild_rate",
         "rebuild of all views from the journal", "events/s", at_least=20_000),
)
# fmt: on


def names_of(group: str) -> list[str]:
    """The figures a group answers, in the order of the report."""
    return [goal.name for goal in GOALS if goal.group == group]
