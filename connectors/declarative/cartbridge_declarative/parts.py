"""A part of a body while it is read: what an expression finds in it, or which place is wrong."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from cartbridge.sdk.errors import Unreadable
from cartbridge_declarative.amounts import Amounts, rounded
from cartbridge_declarative.coverage import Coverage, paths_of, uncovered
from cartbridge_declarative.expressions import Expression, NotOne
from cartbridge_declarative.report import Report, What
from cartbridge_declarative.sections import TimeForm
from cartbridge_declarative.values import is_told, moment_of, text_of

MAX_DOCUMENTS: Final = 500
MAX_LINES: Final = 2000
MAX_DISCOUNTS: Final = 50
_SHOWN: Final = 80  # letters of an expression that an error repeats
_LONGEST: Final = 300  # of a place
_NAME: Final = re.compile(r"[A-Za-z0-9_\-]{1,60}")

T = TypeVar("T")
Places = Mapping[int, str]


@dataclass(frozen=True)
class Part:
    """The body, a document, a row or a reduction: `section` of the mapping says how to read it.

    `place` is where it stands in the body, by which errors and the report name it.
    """

    value: Any = field(repr=False)
    section: str
    report: Report = field(repr=False)
    places: Places = field(repr=False)
    place: str = ""
    made_of: str = ""  # where a row was looked for that stands nowhere, but was made

    def find(
        self, name: str, expression: Expression | None, convert: Callable[[Any], T]
    ) -> T | None:
        """What the expression finds, converted; Unreadable names the place, never the content."""
        if expression is None:
            return None
        try:
            return convert(expression.of(self.value))
        except NotOne as error:
            raise self.wrong(name, expression, str(error)) from None

    def wrong(self, name: str, expression: Expression | None, why: str) -> Unreadable:
        """The error that names an entry of the mapping, and the place where it looked."""
        entry = (name if "." in name else f"{self.section}.{name}") + self.made_of
        paths = [] if expression is None else paths_of(expression)
        if len(paths) == 1:
            return Unreadable(f"{self._at(paths[0])} ({entry}): {why}")
        shown = "" if expression is None else " ".join(expression.text.split())[:_SHOWN]
        entry += f", read by {shown}" if shown and shown.isprintable() else ""
        return Unreadable(f"{self.place or 'body'} ({entry}): {why}")

    def lost(self, name: str, expression: Expression | None, what: What, why: str) -> None:
        """Notes what became of an entry of the mapping, at each place where it looked."""
        looked = paths_of(expression) if expression is not None else []
        for place in map(self._at, looked) if looked else [f"{self.section}.{name}"]:
            self.report.add(place, what, why)

    def tells(self, expression: Expression | None) -> bool:
        """Whether an entry of the mapping finds anything here."""
        return bool(self.find("…", expression, is_told))

    def text(self, name: str, expression: Expression | None, longest: int = 500) -> str | None:
        """The text found there."""
        return self.find(name, expression, lambda found: text_of(found, longest))

    def moment(self, name: str, expression: Expression | None, form: TimeForm) -> datetime | None:
        """The moment found there."""

        def read(found: Any) -> datetime | None:
            return None if found in (None, "") else moment_of(found, form)

        return self.find(name, expression, read)

    def amount(self, name: str, expression: Expression | None, amounts: Amounts) -> int | None:
        """The amount found there in minor units; what had to be rounded is reported."""
        exact = self.find(name, expression, amounts.exact)
        if exact is None:
            return None
        if exact != rounded(exact):
            self.lost(name, expression, "rounded", "half up, to the minor unit")
        return rounded(exact)

    def rows(self, expression: Expression, section: str, most: int) -> list["Part"]:
        """The objects found there; nothing found are no rows."""

        def read(found: Any) -> list[Any]:
            if found is None:
                return []
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise NotOne("a list of objects is expected")
            if len(found) > most:
                raise NotOne(f"at most {most} are read")
            return found

        found = self.find(f"{section}.each", expression, read) or []
        made_of = f", made of {', '.join(map(self._at, paths_of(expression)))}"[:_LONGEST]
        return [
            Part(one, section, self.report, self.places, self.places[id(one)])
            if id(one) in self.places
            else Part(one, section, self.report, self.places, f"{section}[{number}]", made_of)
            for number, one in enumerate(found)
        ]

    def tell_unread(self, read: Coverage | None) -> None:
        """Notes the fields of this part that the mapping does not read."""
        for name in uncovered(self.value, read, f"{self.place}." if self.place else ""):
            self.report.unread(name)

    def _at(self, path: tuple[str, ...]) -> str:
        names = [name if name.isprintable() else "*" for name in path]
        return ".".join([self.place, *names] if self.place else names) or "body"


def places_of(value: Any, at: str = "") -> dict[int, str]:
    """Where each object of a body stands; the body itself stands nowhere."""
    return dict(_places(value, at))


def _places(value: Any, at: str) -> Iterator[tuple[int, str]]:
    if isinstance(value, dict):
        yield id(value), at
        for name, member in value.items():
            if isinstance(member, dict | list):
                known = name if _NAME.fullmatch(name) else "*"
                yield from _places(member, f"{at}.{known}"[-_LONGEST:].lstrip("."))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            if isinstance(member, dict | list):
                yield from _places(member, f"{at}[{number}]")
