"""Bodies are read exactly, or refused as unreadable: nothing else."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartbridge.sdk import payload
from cartbridge.sdk.errors import Unreadable


def test_numbers_are_exact() -> None:
    body = b'{"a": 0.1, "b": 1.10, "c": -7, "d": 9007199254740993}'
    assert payload.loads(body) == {
        "a": Decimal("0.1"),
        "b": Decimal("1.10"),
        "c": -7,
        "d": 9007199254740993,
    }


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"[]", b'"x"', b"{", b"\xff", b"\xef\xbb\xbf{}", b'{"a": NaN}'),
        *(b'{"a": Infinity}', b'{"a": 1e400}', b'{"a": 1e-400}', b'{"a": %s}' % (b"9" * 21)),
        *(b'{"a": 1, "a": 1}', b'{"a": {"b": 1, "b": 2}}', b"{'a': 1}", b'{"a": "\x00"}'),
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b"[" * 100_000,
        b']]]]"' + b"[" * 5000,
    ],
)
def test_what_no_shop_means_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        payload.loads(body)


def test_64_levels_are_enough_for_anybody() -> None:
    deep = b'{"a":' * 64 + b"1" + b"}" * 64
    assert payload.loads(deep)["a"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_unreadable(body: bytes) -> None:
    try:
        value = payload.loads(body)
    except Unreadable:
        return
    assert isinstance(value, dict)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(), st.integers(-(10**15), 10**15) | st.text() | st.booleans()))
def test_what_a_platform_writes_is_what_is_read(value: dict[str, object]) -> None:
    assert payload.loads(json.dumps(value).encode()) == value
