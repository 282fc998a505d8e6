"""The promise that nothing is lost in silence: every field is carried, reported or set aside."""

import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Final

from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import Read
from cartbridge.testing.hostile import Path, as_json, at, encoded, paths, put, without
from cartbridge.testing.levels import promise
from cartbridge.testing.suite import Suite

SUBJECT: Final = "mapping report"
Look = Callable[[Any], Any]  # what is made of a body


class Reporting(Suite):
    """What the platform told is found again, or it is said where it went."""

    def aside(self) -> dict[str, str]:
        """The file payloads/aside.toml: fields left aside on purpose, each with the reason why.

        A name is a path with `[]` for any row, and `*` for anything: `data.lines[].image_*`.
        """
        file = self.payload_folder / "aside.toml"
        return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}

    @promise("silver", SUBJECT)
    def test_loses_nothing_in_silence(self) -> None:
        """Each field changes what is read, or is reported as lost, or is set aside with a reason.

        Found out by changing it: a field whose every change reads the same was not looked at.
        """
        carried: dict[str, bool] = {}
        for body, look, report in self._bodies():
            told = look(body)
            for path in paths(body, every_row=True):
                if not isinstance(at(body, path), dict | list) or not at(body, path):
                    place = _place(path)
                    known = carried.get(place, False) or _is_reported(path, report)
                    carried[place] = known or _matters(body, path, look, told)
        aside = self.aside()
        lost = {place for place, known in carried.items() if not known}
        excused = {place for place in lost if any(fnmatchcase(place, _glob(one)) for one in aside)}
        assert not lost - excused, (
            "these are neither read, nor in the mapping report, nor in payloads/aside.toml: "
            + ", ".join(sorted(lost - excused))
        )
        idle = {one for one in aside if not any(fnmatchcase(place, _glob(one)) for place in lost)}
        assert not idle, f"payloads/aside.toml names what is read or never comes: {sorted(idle)}"
        assert all(why.strip() for why in aside.values()), "aside.toml: give each its reason"

    def _bodies(self) -> Iterator[tuple[Any, Look, Read]]:
        for name, body in self.recorded().items():
            if (value := as_json(body)) is not None:
                yield value, self._look_at(name), self._read(name)
        settings = self.in_use()
        for told in self.documents().values():
            read = self.connector.read(told["document"], settings)
            yield told["document"], self._read_document, read

    def _look_at(self, name: str) -> Look:
        return lambda value: self._meaning(self.hook(name, encoded(value)))

    def _read_document(self, document: Any) -> Any:
        return self.connector.read(document, self.in_use())


def _place(path: Path) -> str:
    """A path as aside.toml writes it: any row is `[]`."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _glob(pattern: str) -> str:
    return pattern.replace("[]", "[[]]")


def _is_reported(path: Path, report: Read) -> bool:
    """Whether the mapping report names that place, or something it is part of."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    told = [lost.field for lost in report.report]
    return any(f"{place.lstrip('.')}.".startswith((f"{one}.", f"{one}[")) for one in told)


def _matters(body: Any, path: Path, look: Look, told: Any) -> bool:
    """Whether any change at that place changes what is made of the body."""
    others = [without(body, path), *(put(body, path, new) for new in _changed(at(body, path)))]
    for other in others:
        try:
            if look(other) != told:
                return True
        except Unreadable:
            return True
    return False


def _changed(value: Any) -> tuple[Any, ...]:
    """Other values in the place of that one."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | float | Decimal):
        return (value + 1, 0)
    if isinstance(value, str):
        return (value + "x", "")
    return ("x", 1, True, ["x"], [{"x": 1}], {"x": 1})
