"""Hears what is logged or printed while something is tried."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout


class Heard:
    """What was said so far, in logs and on the terminal."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.printed = io.StringIO()

    @property
    def text(self) -> str:
        """All of it."""
        return self._stream.getvalue() + self.printed.getvalue()


@contextmanager
def heard() -> Iterator[Heard]:
    """Listens to every logger, down to debugging, and to what is printed."""
    heard, root = Heard(), logging.getLogger()
    before = root.level
    root.addHandler(heard.handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(heard.printed), redirect_stderr(heard.printed):
            yield heard
    finally:
        root.removeHandler(heard.handler)
        root.setLevel(before)


def said_by(error: BaseException | None) -> str:
    """Everything that a log or an operator could show of an error, its causes included."""
    told: list[BaseException] = []
    while error is not None and not any(error is one for one in told):
        told.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "".join(f"{one}\n{one!r}\n" for one in told)
