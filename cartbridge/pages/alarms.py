"""What an alarm says to an operator: what it means, and what to do."""

from typing import NamedTuple

from cartbridge.domain.alarm.state import Alarm
from cartbridge.pages.names import Names
from cartbridge.pages.words import Param, Words


class Said(NamedTuple):
    """An alarm in words: what is so, and what to do about it."""

    title: str
    to_do: str


def say(alarm: Alarm, names: Names, locale: str | None) -> Said:
    """The alarm in words, with the name of its connection or store."""
    words = Words.for_locale(locale)
    told: dict[str, Param] = {"connection": names.connection(alarm.subject)}
    told["store"] = names.store(alarm.subject)
    told["count"] = alarm.details.number or 0  # of those kinds that are counted
    if alarm.details.why is not None:
        told["why"] = alarm.details.why
    key = f"alarms.{alarm.kind}"
    return Said(words.text(f"{key}.title", **told), words.text(f"{key}.to_do", **told))
