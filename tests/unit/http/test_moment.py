"""Moments as callers write them: understood in every offset, or refused with an example."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from cartbridge.http.moment import Moment

MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


@pytest.mark.parametrize("text", ["2026-11-20T10:00:00+01:00", "2026-11-20 09:00:00Z"])
def test_a_moment_is_the_same_in_every_offset(text: str) -> None:
    assert MOMENT.validate_python(text) == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (32782959, "such as 2026-11-20T10:00:00"),
        ("32782959", "such as 2026-11-20T10:00:00"),
        (True, "such as 2026-11-20T10:00:00"),
        ("2026-11-20T10:00:00", "timezone"),
        ("0001-01-01T00:00:00+14:00", "of the years 1 to 9999"),
        ("9999-12-31T23:59:59-12:00", "of the years 1 to 9999"),
    ],
)
def test_what_is_no_moment_is_refused_with_the_way_out(value: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        MOMENT.validate_python(value)
