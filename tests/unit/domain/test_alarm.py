"""An alarm is raised once, told again when its details change, and cleared for good."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from cartbridge.domain.alarm import commands as c
from cartbridge.domain.alarm import events as e
from cartbridge.domain.alarm.decide import TOLD_AGAIN_AFTER, decide
from cartbridge.domain.alarm.evolve import evolve
from cartbridge.domain.alarm.lifecycle import FINAL, TRANSITIONS, State, following
from cartbridge.domain.alarm.state import Alarm, AlarmKind, Details

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
EVENTS = {kind.model_fields["type"].default for kind in get_args(get_args(e.AlarmEvent)[0])}


def raising(number: int = 3, kind: AlarmKind = "dead_letters") -> c.RaiseAlarm:
    return c.RaiseAlarm(kind, "web-fr", NOW - timedelta(minutes=5), Details(number=number))


def after(*steps: tuple[c.Command, datetime]) -> tuple[Alarm, Sequence[str]]:
    """The alarm once all of this was asked of it, and what was told on the way."""
    alarm, told = Alarm(id="alm_" + "0" * 32), []
    for command, now in steps:
        for fact in decide(alarm, command, now):
            alarm = evolve(alarm, fact, now)
            told.append(fact.type)
    return alarm, told


def test_it_is_raised_with_what_it_tells_of() -> None:
    alarm, told = after((raising(), NOW))
    assert told == ["alarm.raised"]
    assert (alarm.state, alarm.kind, alarm.subject) == (State.RAISED, "dead_letters", "web-fr")
    assert (alarm.since, alarm.details.number) == (NOW - timedelta(minutes=5), 3)


def test_raising_it_again_changes_nothing() -> None:
    later = NOW + timedelta(days=2)
    alarm, told = after((raising(), NOW), (raising(), NOW), (raising(), later))
    assert told == ["alarm.raised"]
    assert alarm.version == 1


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (TOLD_AGAIN_AFTER - timedelta(seconds=1), ["alarm.raised"]),
        (TOLD_AGAIN_AFTER, ["alarm.raised", "alarm.updated"]),
    ],
)
def test_other_details_are_told_once_an_hour(wait: timedelta, told: list[str]) -> None:
    alarm, facts = after((raising(3), NOW), (raising(4), NOW + wait))
    assert facts == told
    assert alarm.details.number == (4 if "alarm.updated" in told else 3)


def test_it_is_cleared_once_and_stays_over() -> None:
    alarm, told = after((raising(), NOW), *[(c.ClearAlarm(), NOW)] * 2, (raising(9), NOW))
    assert told == ["alarm.raised", "alarm.cleared"]
    assert (alarm.state, alarm.cleared_at, alarm.version) == (State.CLEARED, NOW, 2)


def test_what_was_never_raised_cannot_be_cleared() -> None:
    assert after((c.ClearAlarm(), NOW))[1] == []


def test_the_table_uses_every_event_and_reaches_every_state() -> None:
    assert {name for row in TRANSITIONS.values() for name in row} == EVENTS
    assert {State.NONE, *(x for row in TRANSITIONS.values() for x in row.values())} == set(State)
    assert {state for state, row in TRANSITIONS.items() if not row} == FINAL
    assert following(State.RAISED, "alarm.of_a_newer_release") is State.RAISED


@pytest.mark.parametrize("kind", get_args(AlarmKind))
def test_every_event_is_read_back_as_it_was_stored(kind: AlarmKind) -> None:
    facts = decide(Alarm(id="alm_" + "0" * 32), raising(kind=kind), NOW)
    assert [e.parse(fact.model_dump(mode="json")) for fact in facts] == list(facts)
