"""The frame itself: what was counted is told whole, aligned, and damage is recognised."""

import pytest

from tests.faults.experiment import COUNTED, Counts, Span, table


def test_the_line_of_an_experiment_tells_every_count() -> None:
    counts = Counts("kill -9", seed=17, sent=1900, acknowledged=1887, extra={"kills": 5})

    told = str(counts).split()

    assert told[:5] == ["kill", "-9", "seed", "17", "sent"]
    for name in COUNTED:
        assert name in told
    assert told[-4:] == ["doubled", "0", "kills", "5"]


def test_the_table_is_aligned_and_marks_the_controls() -> None:
    rows = [Counts("one", acknowledged=10), Counts("a longer name", control=True, lost=123456)]

    heading, one, control = table(rows)

    assert control.startswith("control: a longer name")
    for name in ("lost", "doubled"):
        end = heading.index(name) + len(name)
        assert one[end - 1] != " "
        assert control[end - 1] != " "


@pytest.mark.parametrize(
    "counts",
    [Counts("none"), Counts("lost", acknowledged=1, lost=1), Counts("x2", sent=9, doubled=1)],
)
def test_damage_or_nothing_at_all_does_not_hold(counts: Counts) -> None:
    assert not counts.held


def test_what_was_acknowledged_and_is_there_once_holds() -> None:
    assert Counts("kept", sent=3, acknowledged=2, stored=3).held


def test_a_long_run_takes_the_long_span() -> None:
    assert (Span(long=False)(1, 60), Span(long=True)(1, 60)) == (1, 60)
