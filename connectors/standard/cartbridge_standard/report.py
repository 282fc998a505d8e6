"""The mapping report while it is being written: what a body lost on its way, and why."""

from typing import Final, Literal

from cartbridge.sdk.observations import Lost

MAX_ENTRIES: Final = 100


class Report:
    """Collects what was dropped or assumed; a long report ends in a count."""

    def __init__(self) -> None:
        self._entries: list[Lost] = []
        self._beyond = 0

    def add(
        self, field: str, what: Literal["dropped", "defaulted", "rounded", "unresolved"], why: str
    ) -> None:
        """Notes what happened to one field."""
        if len(self._entries) < MAX_ENTRIES:
            self._entries.append(Lost(field=field, what=what, why=why))
        else:
            self._beyond += 1

    @property
    def entries(self) -> tuple[Lost, ...]:
        """The report as it stands."""
        if not self._beyond:
            return tuple(self._entries)
        more = Lost(field="…", what="dropped", why=f"{self._beyond} more entries like these")
        return (*self._entries, more)
