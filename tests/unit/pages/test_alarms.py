"""Every alarm says in both languages what is so and what to do."""

import re
from typing import get_args

import pytest

from cartbridge.domain.alarm.state import Alarm, AlarmKind, Details
from cartbridge.pages.alarms import say
from cartbridge.pages.names import Names
from cartbridge.pages.words import LANGUAGES

NAMES = Names(stores={"lyon-2": "Lyon Part-Dieu"})


def alarm(kind: AlarmKind, subject: str = "web-fr", **details: object) -> Alarm:
    known = Details.model_validate(details)
    return Alarm(id="alm_" + "0" * 32, kind=kind, subject=subject, details=known)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(AlarmKind))
def test_it_can_always_be_said(kind: AlarmKind, language: str) -> None:
    for number, why in ((None, None), (3, "status 401")):
        said = say(alarm(kind, number=number, why=why), NAMES, language)
        for text in said:
            assert len(text) > 20
            assert not re.search(r"[\[\]{}]", text)


def test_it_counts_names_and_gives_the_reason() -> None:
    assert say(alarm("dead_letters", number=1), NAMES, "en").title == (
        "1 message to web-fr was given up"
    )
    assert say(alarm("quarantine", number=2), NAMES, "en").title.startswith("2 messages of web-fr")
    assert "Lyon Part-Dieu" in say(alarm("outcome_unknown", "lyon-2"), NAMES, "fr").title
    told = say(alarm("token_refresh_failed", why="status 401"), NAMES, "en").to_do
    assert told.startswith("It says: status 401. ")
