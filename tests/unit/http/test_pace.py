"""How fast callers without a key may go on."""

from cartbridge.http.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_so_many_a_second() -> None:
    clock = Clock()
    pace = Pace(3, 2, clock)

    assert [pace.keeps("her") for _ in range(4)] == [True, True, True, False]
    assert pace.keeps("another")
    clock.now = 0.5
    assert [pace.keeps("her") for _ in range(2)] == [True, False]
    clock.now = 1000.0
    assert [pace.keeps("her") for _ in range(4)] == [True, True, True, False]


def test_who_was_unheard_for_longest_is_forgotten_first() -> None:
    pace = Pace(1, 0, Clock(), entries=2)
    for caller in ("a", "b", "a", "c"):
        pace.keeps(caller)

    assert not pace.keeps("a")
    assert pace.keeps("b")
