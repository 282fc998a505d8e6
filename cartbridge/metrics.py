"""What the gateway counts of itself: every metric is named, explained and bounded here."""

import asyncio
import os
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    values,
)

# Set for processes that share a port: where they count together, and which of them this one is.
# The library reads the first itself. A process that is started again goes on with the counts of
# the one whose place it takes, so that no count ever falls.
FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
PLACE_VARIABLE: Final = "CARTBRIDGE_METRICS_PLACE"
FOLDER: Final = os.environ.get(FOLDER_VARIABLE)
PLACE: Final = os.environ.get(PLACE_VARIABLE, "0")
if FOLDER is not None:
    values.ValueClass = values.MultiProcessValue(lambda: PLACE)  # type: ignore[no-untyped-call]
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY: Final = CollectorRegistry(auto_describe=True)
_FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SLOW: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800)
_SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_PAUSE: Final = 0.25  # seconds for which a tally gathers


class Amounts(Histogram):
    """A histogram that takes many observations in one go."""

    def take(self, counts: Sequence[int], total: float) -> None:
        """Counts so many in each bucket, the one without a bound last, and their sum."""
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(total)

    @property
    def bounds(self) -> tuple[float, ...]:
        """The upper bounds of the buckets."""
        return tuple(self._upper_bounds)


class Tally:
    """Observations of a path where each microsecond counts, by one label.

    They are gathered for a quarter of a second and then counted together: counters that processes
    share cost several times as much each.
    """

    def __init__(self, amounts: Amounts, labels: Iterable[str] = ()) -> None:
        self._amounts = amounts
        self._bounds = amounts.bounds
        self._seen: list[tuple[str, float]] = []
        self._due = 0.0
        for label in labels:  # told as 0 from the start
            amounts.labels(label)

    def since(self, began: float, label: str) -> None:
        """Counts how long something took since `began` (perf_counter)."""
        now = perf_counter()
        self._seen.append((label, now - began))
        if now >= self._due:
            self._settle_soon(now)

    def add(self, amount: float, label: str) -> None:
        """Counts an amount."""
        now = perf_counter()
        self._seen.append((label, amount))
        if now >= self._due:
            self._settle_soon(now)

    def _settle_soon(self, now: float) -> None:
        self._due = now + _PAUSE
        asyncio.get_running_loop().call_later(_PAUSE, self.settle)

    def settle(self) -> None:
        """Counts what was gathered."""
        seen, self._seen = self._seen, []
        gathered: dict[str, tuple[list[int], list[float]]] = {}
        for label, amount in seen:
            counts, amounts = gathered.setdefault(label, ([0] * len(self._bounds), []))
            counts[bisect_left(self._bounds, amount)] += 1
            amounts.append(amount)
        for label, (counts, amounts) in gathered.items():
            self._amounts.labels(label).take(counts, sum(amounts))


def _amounts(name: str, text: str, label: str, buckets: tuple[float, ...]) -> Amounts:
    return Amounts(f"cartbridge_{name}", text, [label], buckets=buckets, registry=REGISTRY)


# accepted: stored for good. duplicate: it had come before. answered: a ping or handshake.
# refused: forged, too large, too slow. overloaded: 503, the platform sends it again.
HOOKS: Final = Tally(
    _amounts(
        "hook_seconds",
        "Webhooks by outcome, and how long each took until it was answered.",
        "outcome",
        _FAST,
    ),
    ("accepted", "duplicate", "answered", "refused", "overloaded", "failed"),
)
CALLS: Final = Tally(
    _amounts(
        "request_seconds",
        "Calls of the API and of pages by route, and how long each took.",
        "route",
        _FAST,
    )
)
STATUSES: Final = Counter(
    "cartbridge_requests",
    "Calls of the API and of pages by route and status.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
# writer: commands into the journal. inbox: deliveries.
APPENDS: Final = Tally(
    _amounts(
        "append_seconds",
        "Batches stored in one call, by who stores, and how long each took.",
        "by",
        _FAST,
    ),
    ("writer", "inbox"),
)
BATCHES: Final = Tally(
    _amounts(
        "append_commands",
        "How many commands or deliveries rode in one batch, by who stores.",
        "by",
        _SIZES,
    ),
    ("writer", "inbox"),
)
# retried: tried again later. The others are as the inbox tells them.
PARTS: Final = Tally(
    _amounts(
        "part_seconds",
        "Parts of messages by outcome, and how long after the message was accepted.",
        "outcome",
        _SLOW,
    ),
    ("applied", "echo", "stale", "ignored", "held", "quarantined", "retried"),
)
# done: taken by the other side. retry: tried again later. dead: given up.
DELIVERIES: Final = Tally(
    _amounts(
        "delivery_seconds",
        "Tries to bring a message out by outcome, and how long each took.",
        "outcome",
        _SLOW,
    ),
    ("done", "retry", "dead"),
)
TALLIES: Final = (HOOKS, CALLS, APPENDS, BATCHES, PARTS, DELIVERIES)

GAUGES: Final[Mapping[str, tuple[str, str]]] = {
    "inbox_new": ("inbox_new_messages", "Messages that no sorter has read yet."),
    "inbox_new_seconds": ("inbox_new_oldest_seconds", "Age of the oldest of them."),
    "parts_waiting": ("parts_waiting", "Parts of messages that are still to be applied."),
    "parts_overdue_seconds": (
        "parts_overdue_seconds",
        "For how long the part that is due the longest has been due.",
    ),
    "messages_quarantined": ("messages_quarantined", "Messages put aside for an operator."),
    "parts_quarantined": ("parts_quarantined", "Parts of messages put aside for an operator."),
    "outbox_waiting": ("outbox_waiting", "Messages that are still to go out."),
    "outbox_overdue_seconds": (
        "outbox_overdue_seconds",
        "For how long the message that is due the longest has been due; paused ones apart.",
    ),
    "dead_letters": ("dead_letters", "Messages that were given up."),
    "circuits_open": ("circuits_open", "Connections that are left alone because they fail."),
    "circuits_paused": ("circuits_paused", "Connections whose outbox an operator paused."),
}
PROCESS_GAUGES: Final[Mapping[str, str]] = {
    "process_resident_bytes": "Resident memory by process.",
    "process_open_files": "Open file descriptors by process.",
}


def note_process(environment: Mapping[str, str], pid: int) -> None:
    """Says in the shared folder that a process, started in that environment, has its place now."""
    path = Path(environment[FOLDER_VARIABLE]) / f"{environment[PLACE_VARIABLE]}.pid"
    path.write_text(str(pid), "ascii")


def process_ids() -> dict[str, int]:
    """The processes that count together, by place."""
    if FOLDER is None:
        return {PLACE: os.getpid()}
    return {path.stem: int(path.read_text("ascii")) for path in sorted(Path(FOLDER).glob("*.pid"))}
