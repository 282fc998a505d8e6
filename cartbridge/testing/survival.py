"""Promises about input: whatever comes, nothing breaks, nothing is worked at without end."""

import re
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from types import FrameType
from typing import Any, Final

import pytest

from cartbridge.sdk import payload
from cartbridge.sdk.errors import Unreadable
from cartbridge.testing.hostile import (
    BODIES,
    WRONG,
    Path,
    as_json,
    at,
    encoded,
    lists_of_rows,
    misfits,
    paths,
    put,
    with_hostile_value,
    with_unknown,
)
from cartbridge.testing.levels import promise
from cartbridge.testing.suite import Suite

SUBJECT: Final = "hostile input"
ROWS: Final = 200
OUTER: Final = 2  # names at this depth tell what kind of body it is
LONGEST_ERROR: Final = 2000  # an operator reads it


class Survival(Suite):
    """Whatever comes signed is read, or refused by name."""

    @promise("bronze", SUBJECT)
    def test_tolerates_unknown_fields(self) -> None:
        """A platform may send more than it did: the observations stay the same."""
        for name, value in self._objects():
            more = self._read(name, encoded(with_unknown(value)))
            assert more.observations == self._read(name).observations, name

    @promise("bronze", SUBJECT)
    def test_survives_hostile_bodies(self) -> None:
        """Whatever signed bytes come, they are read, or quarantined as unreadable."""
        bodies = {self._kind(name): (name, body) for name, body in self.recorded().items()}
        for name, body in bodies.values():
            for hostile in (*BODIES, body[: len(body) // 2], body + body):
                self._survives(name, hostile)

    @promise("bronze", SUBJECT)
    def test_survives_hostile_values(self) -> None:
        """Any value of a recorded body may be missing, or be of any other kind."""
        for name, value, path in self._places():
            if self._is_looked_at(name, value, path):
                for hostile in with_hostile_value(value, path):
                    self._survives(name, hostile)

    @promise("bronze", SUBJECT)
    def test_refuses_by_name(self) -> None:
        """What cannot be understood is told with the field that is wrong, or that is missing."""
        for name, value, path in self._places():
            for misfit in misfits(value, path):
                for error in self._survives(name, misfit):
                    assert _says_where(error, path, value), f"{name}: at {path} it says: {error}"

    @promise("bronze", SUBJECT)
    def test_survives_hostile_documents(self) -> None:
        """What was fetched may be spoilt as well: it is read, or refused."""
        settings = self.in_use()
        for told in self.documents().values():
            document = told["document"]
            for path in paths(document):
                for wrong in (*WRONG, True, "\0", Decimal("1e19"), [{}]):
                    try:
                        read = self.connector.read(put(document, path, wrong), settings)
                    except Unreadable as error:
                        _fit_to_show(error)
                    else:
                        read.model_dump_json()

    @promise("bronze", SUBJECT)
    def test_refuses_more_than_any_cart_holds(self) -> None:
        """A body of more values than two thousand lines have is refused, not worked through."""
        for name, value in self._kinds():
            hook = self.hook(name, encoded({**value, "zz_new": [1] * payload.MAX_VALUES}))
            settings = self.in_use()
            for look in (self.connector.identify, self.connector.read):
                with pytest.raises(Unreadable):
                    look(hook, settings)

    @promise("bronze", SUBJECT)
    def test_works_no_harder_than_a_cart_is_long(self) -> None:
        """Twice as many rows are twice as much work, not four times."""
        for name, value in self._kinds():
            for path in lists_of_rows(value):
                row = at(value, path)[0]
                # The first is not weighed: whatever is made once is made then.
                _, work, more = (
                    self._work(name, put(value, path, [row] * rows))
                    for rows in (ROWS // 2, ROWS, ROWS * 2)
                )
                assert more <= 3 * work, f"{name}: {work} calls became {more}"

    def _objects(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, body in self.recorded().items():
            if (value := as_json(body)) is not None:
                yield name, value

    def _kinds(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """One body for each kind of what bodies say."""
        return {self._kind(name): (name, value) for name, value in self._objects()}.values()

    def _kind(self, name: str) -> tuple[type, ...]:
        return tuple(type(seen) for seen in self._read(name).observations)

    def _places(self) -> Iterator[tuple[str, dict[str, Any], Path]]:
        """Where recorded bodies can be spoilt: once where several say the same in one form."""
        known: set[object] = set()
        for name, value in self._objects():
            said = self._kind(name)
            form = frozenset(path for path in paths(value) if len(path) <= OUTER)
            for path in paths(value):
                if (said, form, path) not in known:
                    known.add((said, form, path))
                    yield name, value, path

    def _is_looked_at(self, name: str, value: Any, path: Path) -> bool:
        """Whether anything else in its place changes what is made of the body."""
        told = self._meaning(self.hook(name, encoded(value)))
        for misfit in misfits(value, path):
            try:
                if self._meaning(self.hook(name, misfit)) != told:
                    return True
            except Unreadable:
                return True
        return False

    def _survives(self, name: str, body: bytes) -> list[str]:
        """What is said of a body that is refused; nothing else may be raised."""
        hook, said = self.hook(name, body), []
        settings = self.in_use()
        self.connector.answer(hook, settings)
        try:
            for mention in self.connector.identify(hook, settings):
                encoded(vars(mention))
        except Unreadable as error:
            said.append(_fit_to_show(error))
        try:
            self.connector.read(hook, settings).model_dump_json()
        except Unreadable as error:
            said.append(_fit_to_show(error))
        return said

    def _work(self, name: str, value: Any) -> int:
        hook, calls = self.hook(name, encoded(value)), 0

        def count(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            self._understand(hook)
        except Unreadable:
            pass
        finally:
            sys.setprofile(before)
        return calls


def _fit_to_show(error: Unreadable) -> str:
    text = str(error)
    assert text.isprintable(), "an operator reads this"
    assert len(text) < LONGEST_ERROR, "an operator reads this"
    return text


def _says_where(text: str, path: Path, value: Any) -> bool:
    """Whether a text names the place that was spoilt, or begins with a field of that body."""
    wrong = [name for name in path if isinstance(name, str)][-1]
    first = re.split(r"[:\s]", text, maxsplit=1)[0]
    return wrong in text or not _names(value).isdisjoint(re.split(r"[.\[\]]+", first))


def _names(value: Any) -> frozenset[str]:
    if isinstance(value, dict):
        return frozenset(value).union(*map(_names, value.values()))
    return frozenset().union(*map(_names, value)) if isinstance(value, list) else frozenset()
