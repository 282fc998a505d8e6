"""Ids tell what they name, when it was made, and in which shard it lives."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from cartbridge.domain.ids import (
    SLOTS,
    is_id,
    made_at,
    make_id,
    named,
    shard_of_slot,
    slot_of,
    uuid_of,
)

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), timedelta(days=20_000)).map(lambda since: NOW + since)
slots = st.integers(0, SLOTS - 1)
entropy = st.binary(min_size=8, max_size=8)


@for_all(moments, slots, entropy)
def test_an_id_is_a_uuid_version_7_that_carries_its_slot(
    at: datetime, slot: int, drawn: bytes
) -> None:
    made = make_id("crt", at, slot, drawn)
    number = uuid_of(made)
    assert (number.version, number.variant) == (7, "specified in RFC 4122")
    assert slot_of(made) == slot
    assert is_id(made, "crt")
    assert named("crt", number) == made
    assert timedelta(0) <= at - made_at(made) < timedelta(milliseconds=1)


@for_all(moments, slots, slots, entropy, entropy)
def test_ids_are_in_the_order_of_their_milliseconds(
    at: datetime, one: int, other: int, first: bytes, second: bytes
) -> None:
    earlier = make_id("crt", at, one, first)
    later = make_id("crt", at + timedelta(milliseconds=2), other, second)
    assert earlier < later


@for_all(st.integers(1, 256), slots)
def test_every_slot_has_a_shard(shards: int, slot: int) -> None:
    assert 0 <= shard_of_slot(slot, shards) < shards
    assert shard_of_slot(slot, shards) <= shard_of_slot(SLOTS - 1, shards) == shards - 1


def test_sixteen_shards_get_equal_runs_of_slots() -> None:
    dealt = [shard_of_slot(slot, 16) for slot in range(SLOTS)]
    assert [dealt.count(shard) for shard in range(16)] == [256] * 16


@pytest.mark.parametrize(("slot", "drawn"), [(-1, b"8 bytes!"), (SLOTS, b"8 bytes!"), (0, b"few")])
def test_an_id_needs_a_slot_and_eight_bytes(slot: int, drawn: bytes) -> None:
    with pytest.raises(ValueError, match="slot"):
        make_id("crt", NOW, slot, drawn)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "crt_",
        "crt_" + "g" * 32,
        "crt_" + "a" * 31,
        "crt_" + "a" * 33,
        "CRT_" + "a" * 32,
        "crt-" + "a" * 32,
        " crt_" + "a" * 32,
    ],
)
def test_what_is_no_id_of_ours(text: str) -> None:
    assert not is_id(text, "crt")
    with pytest.raises(ValueError, match="not a CartBridge id"):
        uuid_of(text)


def test_an_id_of_something_else_is_no_id_of_a_cart() -> None:
    assert not is_id(make_id("cus", NOW, 0, b"8 bytes!"), "crt")
