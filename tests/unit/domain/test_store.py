"""A store knows when it closes next, in its own time zone, and whose price wins in it."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import ValidationError

from cartbridge.domain.store import Brand, Store, Terminal

LYON = Store(id="lyon-2", brand="maison-lumiere", name="Lyon 2", closing_time=time(19, 30))


@pytest.mark.parametrize(
    ("now", "closing"),
    [
        (datetime(2026, 11, 20, 10, tzinfo=UTC), datetime(2026, 11, 20, 18, 30, tzinfo=UTC)),
        (datetime(2026, 11, 20, 18, 30, tzinfo=UTC), datetime(2026, 11, 21, 18, 30, tzinfo=UTC)),
        (datetime(2026, 11, 20, 23, 30, tzinfo=UTC), datetime(2026, 11, 21, 18, 30, tzinfo=UTC)),
        (datetime(2026, 7, 14, 10, tzinfo=UTC), datetime(2026, 7, 14, 17, 30, tzinfo=UTC)),
        # The night the clocks go forward and the night they go back.
        (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 3, 29, 17, 30, tzinfo=UTC)),
        (datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 18, 30, tzinfo=UTC)),
    ],
)
def test_the_next_closing(now: datetime, closing: datetime) -> None:
    assert LYON.next_closing(now) == closing


NIGHTS = {  # when it closes by its own clock → the closings around the nights its clocks change
    time(0, 30): ("2026-03-28T23:30", "2026-10-24T22:30"),
    time(2, 30): ("2026-03-29T01:30", "2026-10-25T00:30"),  # skipped: after it; twice: the first
    time(3, 0): ("2026-03-29T01:00", "2026-10-25T02:00"),
}


@pytest.mark.parametrize("at", list(NIGHTS))
@pytest.mark.parametrize("night", [0, 1])
def test_a_store_that_closes_after_midnight_closes_once_in_every_night(
    at: time, night: int
) -> None:
    bar = LYON.model_copy(update={"closing_time": at})
    closing = datetime.fromisoformat(NIGHTS[at][night]).replace(tzinfo=UTC)
    moment = timedelta(microseconds=1)
    assert bar.next_closing(closing - moment) == closing
    assert bar.last_closing(closing) == closing
    assert bar.last_closing(closing + timedelta(hours=20)) == closing
    assert bar.next_closing(closing) == bar.next_closing(closing + timedelta(hours=20))


@for_all(
    st.timedeltas(timedelta(0), timedelta(days=730)),
    st.times(),
    st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_one_closing_follows_the_other_without_a_gap(since: timedelta, at: time, zone: str) -> None:
    store = LYON.model_copy(update={"closing_time": at, "time_zone": zone})
    now = datetime(2026, 1, 1, tzinfo=UTC) + since
    last, coming = store.last_closing(now), store.next_closing(now)
    assert last <= now < coming
    assert store.next_closing(last) == coming
    assert timedelta(hours=22) <= coming - last <= timedelta(hours=26)


@for_all(st.timedeltas(timedelta(0), timedelta(days=366)))
def test_it_is_always_ahead_and_at_most_a_long_day(since: timedelta) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + since
    ahead = LYON.next_closing(now) - now
    assert 0 < ahead.total_seconds() <= 25 * 3600


@pytest.mark.parametrize("slug", ["Lyon", "-lyon", "lyon_2", "", "a" * 64])
def test_an_id_is_short_lower_case_and_fit_for_a_url(slug: str) -> None:
    for model, rest in (
        (Brand, {"name": "x"}),
        (Store, {"name": "x", "brand": "b"}),
        (Terminal, {"name": "x", "store": "s"}),
    ):
        with pytest.raises(ValidationError):
            model.model_validate({"id": slug, **rest})


def test_a_field_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="colour"):
        Store.model_validate({"id": "a", "brand": "b", "name": "c", "colour": "red"})
