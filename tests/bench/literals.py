"""A call of the product, caught on its way to PostgreSQL and written as a script for pgbench."""

import re
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

_PARAMETER: Final = re.compile(r"\$(\d+)(::[a-z_]+\[\])?")


class _Caught(Exception):
    """The statement and its arguments, instead of an answer."""

    def __init__(self, statement: str, arguments: tuple[Any, ...]) -> None:
        super().__init__("caught")
        self.statement = statement
        self.arguments = arguments


class _Catcher:
    """In place of a connection: whatever is asked of it is caught."""

    def __getattr__(self, method: str) -> Callable[..., Awaitable[Any]]:
        async def caught(statement: str, *arguments: Any, **_: Any) -> Any:
            raise _Caught(statement, arguments)

        return caught


async def script_of(
    call: Callable[[Any], Awaitable[Any]], constant: frozenset[uuid.UUID], chance: str
) -> str:
    """The statement that `call` makes with the connection it is given, arguments written out.

    Every UUID in it is another one each time, drawn from pgbench's variable `chance`, except those
    that are `constant`; one that stands in several places stays one.
    """
    caught = await _caught(call)
    names: dict[uuid.UUID, int] = {}

    def written(match: re.Match[str]) -> str:
        value = caught.arguments[int(match[1]) - 1]
        return _Writing(names, constant, chance).literal(value) + (match[2] or "")

    return _PARAMETER.sub(written, caught.statement).replace("\n", " ") + ";"


async def _caught(call: Callable[[Any], Awaitable[Any]]) -> _Caught:
    try:
        await call(_Catcher())
    except _Caught as caught:
        return caught
    raise ValueError("the call did not come to the database")


@dataclass(frozen=True)
class _Writing:
    """Values as literals; UUIDs under the number they were first seen with."""

    names: dict[uuid.UUID, int]
    constant: frozenset[uuid.UUID]
    chance: str

    def literal(self, value: Any) -> str:
        match value:
            case list() if not value:
                return "'{}'"
            case list():
                return f"array[{self._parts(value)}]"
            case tuple():
                return f"row({self._parts(value)})"
            case uuid.UUID():
                return self._uuid(value)
            case _:
                return _scalar(value)

    def _parts(self, values: Iterable[Any]) -> str:
        return ", ".join(self.literal(one) for one in values)

    def _uuid(self, value: uuid.UUID) -> str:
        if value in self.constant:
            return f"'{value}'::uuid"
        number = self.names.setdefault(value, len(self.names))
        return f"md5(:{self.chance}::text || '{number}')::uuid"


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool() | int() | float():
            return str(value).lower()
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case date():  # a moment is one, too
            return f"'{value.isoformat()}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"
