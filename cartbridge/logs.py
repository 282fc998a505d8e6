"""Logging: one line per fact, as text for people or JSON for machines; never a secret."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

import structlog

from cartbridge.settings import Settings

# What a line may tell beside its name. A key stands here once somebody made sure that its value is
# neither secret nor personal: an id of ours, a number, a name of ours, a reason in our own words.
KNOWN: Final = frozenset(
    {
        # what a line belongs to
        *("request", "message", "document", "connection", "subscription", "store", "terminal"),
        # what happened
        *("again_at", "attempt", "by", "conduct", "errand", "error", "key", "loop", "method"),
        *("ordinal", "reason", "released", "retry_after", "route", "seen", "status", "unknown"),
        *("unreadable", "why"),
        # alarms and reconciliation
        *("kind", "more", "number", "repaired", "subject"),
        # processes and the database
        *("data_dir", "exit_code", "found", "migration", "pid", "run_as", "seconds", "signal"),
        *("used", "wanted"),
        # lines of libraries
        *("at", "library", "said"),
    }
)
_ALWAYS: Final = frozenset({"event", "level", "timestamp", "exception"})
_NAME: Final = re.compile(r"[a-z_]+\.[a-z_]+")
_LONGEST: Final = 500
_FRAMES: Final = 12  # of the deepest calls of an exception
_FILLED: Final = re.compile(r"[<{\[('\"=@\d]")  # where a library's own words may end
Line = MutableMapping[str, Any]


class UnknownKey(Exception):
    """A line tells something nobody has vouched for; the text says what to do."""


class Guard:
    """Lets through only the keys that are known; what is left out is named, not told.

    `strict`, for tests, refuses the line instead: UnknownKey.
    """

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict

    def __call__(self, _logger: Any, _method: str, line: Line) -> Line:
        """The line without what is not known."""
        unknown = sorted(line.keys() - KNOWN - _ALWAYS)
        name = str(line.get("event", ""))
        if not _NAME.fullmatch(name):
            unknown.append("event")
            line["event"] = "line.unnamed"
        if unknown and self._strict:
            raise UnknownKey(
                f"{', '.join(unknown)} in the line {name!r}: once it is sure that it is neither "
                "secret nor personal, add it to KNOWN in cartbridge/logs.py"
            )
        for key in unknown:
            if key != "event":
                del line[key]
        if unknown:
            line["dropped"] = unknown
        for key, value in line.items():
            if isinstance(value, str) and key != "exception":
                line[key] = value[:_LONGEST]
        return line


def tell_exception(_logger: Any, _method: str, line: Line) -> Line:
    """Where an exception came from and of what type; its text may quote anything, so it is not."""
    given = line.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()[1]
    elif isinstance(given, tuple):
        given = given[1]
    if isinstance(given, BaseException):
        line["exception"] = "\n".join(_told(given))
    return line


def _told(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _told(cause)
        yield "then"
    for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]:
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
    yield type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _told(inner)


class Libraries(logging.Handler):
    """Lines of libraries: where they come from, and their own words if nothing was filled in."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tells the line as one of ours."""
        words = (
            str(record.msg).partition("\n")[0] if record.args or record.name == "asyncio" else ""
        )
        log = structlog.get_logger(record.name)
        log.log(
            record.levelno,
            "library.said",
            library=record.name,
            said=_FILLED.split(words, maxsplit=1)[0].rstrip(" :"),
            at=f"{record.filename}:{record.lineno}",
            exc_info=record.exc_info or None,
        )


def configure_logs(settings: Settings, *, strict: bool = False) -> None:
    """Sets the form and level of all log lines; they go to standard error, beside any answer.

    `strict` refuses lines with unknown keys instead of leaving those out.
    """
    level = getattr(logging, settings.log_level.upper())
    logging.basicConfig(level=logging.WARNING, handlers=[Libraries()])
    renderer: Any = structlog.dev.ConsoleRenderer(colors=False)
    if settings.log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tell_exception,
            Guard(strict=strict),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
