"""How much is done: the whole benchmark, a minute of it to try, or seconds to see that it works."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Scale:
    """Counts, rates and times of every figure."""

    name: str
    repeats: int  # alternated repetitions, of which the median counts
    seconds: int  # of one timed run
    connections: int  # that call at the same time
    callers: int  # that append at the same time
    appends: int
    carts: int  # sent at once, end to end
    carts_per_second: int
    steady_seconds: int
    waiting_hooks: int
    backlog_claims: int
    terminals: int
    claims_per_second: int
    hooks_per_second: int
    busy_seconds: int
    messages: int  # in the outbox
    lanes: int
    events_small: int
    events_big: int
    hooks_few: int
    hooks_many: int
    cart_events: int
    looks: int  # into the past of one cart
    rebuilt_events: int


FULL: Final = Scale(
    name="full",
    repeats=3,
    seconds=4,
    connections=64,
    callers=128,
    appends=30_000,
    carts=6_000,
    carts_per_second=300,
    steady_seconds=15,
    waiting_hooks=100_000,
    backlog_claims=200,
    terminals=200,
    claims_per_second=300,
    hooks_per_second=500,
    busy_seconds=8,
    messages=20_000,
    lanes=500,
    events_small=10_000,
    events_big=10_000_000,
    hooks_few=10_000,
    hooks_many=1_000_000,
    cart_events=500,
    looks=300,
    rebuilt_events=100_000,
)

SHORT: Final = Scale(
    name="short",
    repeats=1,
    seconds=2,
    connections=64,
    callers=128,
    appends=8_000,
    carts=1_000,
    carts_per_second=100,
    steady_seconds=3,
    waiting_hooks=3_000,
    backlog_claims=20,
    terminals=50,
    claims_per_second=50,
    hooks_per_second=100,
    busy_seconds=3,
    messages=3_000,
    lanes=200,
    events_small=10_000,
    events_big=200_000,
    hooks_few=2_000,
    hooks_many=6_000,
    cart_events=500,
    looks=100,
    rebuilt_events=5_000,
)

TINY: Final = Scale(
    name="tiny",
    repeats=1,
    seconds=1,
    connections=4,
    callers=8,
    appends=100,
    carts=10,
    carts_per_second=10,
    steady_seconds=1,
    waiting_hooks=20,
    backlog_claims=2,
    terminals=2,
    claims_per_second=4,
    hooks_per_second=4,
    busy_seconds=1,
    messages=40,
    lanes=8,
    events_small=200,
    events_big=400,
    hooks_few=20,
    hooks_many=40,
    cart_events=20,
    looks=3,
    rebuilt_events=200,
)
