"""The mapping report while it is being written: what a body lost on its way, and why."""

import re
from typing import Final, Literal

from cartbridge.sdk.observations import Lost

MAX_ENTRIES: Final = 100
What = Literal["dropped", "defaulted", "rounded", "unresolved"]
# A name that is none could be anything a sender put there, an address even.
_NAME: Final = re.compile(r"[A-Za-z0-9_\-.\[\]]{1,200}")
_NUMBER: Final = re.compile(r"\[[0-9]+\]")
_UNREAD: Final = "no expression of the mapping reads it: map it, or list it under ignored"


class Report:
    """Collects what was dropped or assumed; rows that are alike are told once, and counted."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str, str], tuple[Lost, int]] = {}
        self._beyond = 0

    def add(self, field: str, what: What, why: str) -> None:
        """Notes what happened to one field."""
        key = (_NUMBER.sub("[]", field), what, why)
        known = self._entries.get(key)
        if known is not None:
            self._entries[key] = (known[0], known[1] + 1)
        elif len(self._entries) < MAX_ENTRIES:
            self._entries[key] = (Lost(field=field, what=what, why=why), 0)
        else:
            self._beyond += 1

    def unread(self, field: str) -> None:
        """Notes a field that no expression of the mapping reads."""
        if _NAME.fullmatch(field):
            self.add(field, "dropped", _UNREAD)
        else:
            self._beyond += 1

    @property
    def entries(self) -> tuple[Lost, ...]:
        """The report as it stands."""
        told = [_counted(lost, more) for lost, more in self._entries.values()]
        if self._beyond:
            told.append(Lost(field="…", what="dropped", why=f"{self._beyond} more fields"))
        return tuple(told)


def _counted(lost: Lost, more: int) -> Lost:
    if not more:
        return lost
    return lost.model_copy(update={"why": f"{lost.why} (and in {more} more rows)"})
