"""Log lines: what nobody vouched for is left out by name, and no exception's text is told."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from cartbridge.logs import Libraries, UnknownKey, configure_logs
from cartbridge.settings import Settings

EMAIL = "canary@example.test"


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged as JSON in production."""
    before = structlog.get_config()
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs(Settings(log_format="json", log_level="debug"))
    yield stream
    structlog.configure(**before)


def last(stream: io.StringIO) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return found


def test_an_unknown_key_is_named_and_not_told(logged: io.StringIO) -> None:
    structlog.get_logger().info("customer.seen", email=EMAIL, why="asked")

    assert last(logged)["dropped"] == ["email"]
    assert last(logged)["why"] == "asked"
    assert EMAIL not in logged.getvalue()


def test_a_line_is_called_by_a_name_and_not_by_a_sentence(logged: io.StringIO) -> None:
    structlog.get_logger().info(f"saw {EMAIL}")

    assert (last(logged)["event"], last(logged)["dropped"]) == ("line.unnamed", ["event"])
    assert EMAIL not in logged.getvalue()


def test_a_long_reason_is_cut(logged: io.StringIO) -> None:
    structlog.get_logger().info("some.thing", why="x" * 5000)

    assert len(last(logged)["why"]) == 500


def test_an_exception_tells_where_and_what_type_but_not_what_it_said(logged: io.StringIO) -> None:
    def deep() -> None:
        raise ValueError(EMAIL)

    try:
        try:
            deep()
        except ValueError as error:
            raise ExceptionGroup(EMAIL, [KeyError(EMAIL)]) from error
    except ExceptionGroup:
        structlog.get_logger().exception("some.thing")

    told = last(logged)["exception"]
    for name in ("in deep", "ValueError", "then", "ExceptionGroup", "KeyError", "test_logs.py:"):
        assert name in told
    assert EMAIL not in told


@pytest.mark.parametrize(
    ("name", "words", "filled", "said"),
    [
        ("aiohttp.server", "Error handling request from %s", (EMAIL,), "Error handling request"),
        ("asyncio", f"Task exception was never retrieved\n{EMAIL}", (), "Task exception was never"),
        ("some.library", f"saw {EMAIL}", (), ""),
    ],
)
def test_a_library_s_line_is_told_without_what_was_filled_in(
    logged: io.StringIO, name: str, words: str, filled: tuple[str, ...], said: str
) -> None:
    Libraries().handle(logging.LogRecord(name, logging.ERROR, "/lib/x.py", 7, words, filled, None))

    assert last(logged)["event"] == "library.said"
    assert (last(logged)["library"], last(logged)["at"]) == (name, "x.py:7")
    assert last(logged)["said"].startswith(said)
    assert EMAIL not in logged.getvalue()


def test_in_tests_an_unknown_key_is_refused_and_the_way_is_told(logged: io.StringIO) -> None:
    configure_logs(Settings(log_format="json"), strict=True)

    with pytest.raises(UnknownKey, match=r"email in the line 'customer.seen'.*KNOWN"):
        structlog.get_logger().info("customer.seen", email=EMAIL)
    assert EMAIL not in logged.getvalue()
