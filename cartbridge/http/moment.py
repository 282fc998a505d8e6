"""A moment as callers write it: date and time with its offset from UTC."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

_WRITTEN: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")


def _in_words(value: Any) -> Any:
    """A bare number would be taken for seconds, and a mistake for a moment of 1970."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _WRITTEN.match(value):
        raise ValueError("not a date and time, such as 2026-11-20T10:00:00+01:00")
    return value


def _in_range(value: AwareDatetime) -> AwareDatetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("not a moment of the years 1 to 9999 in UTC") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_in_words), AfterValidator(_in_range)]
