"""The stand-in for the database: tables in memory, and what calls to them go through.

It exists for the simulation alone. What it promises is what the database promises:
`test_contract.py` runs the same checks on both.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID

from cartbridge.database.changes import Change

SHARDS: Final = 16
Given = ParamSpec("Given")
Answer = TypeVar("Answer")
AnyPart = TypeVar("AnyPart", bound="Part")


@dataclass
class Bell:
    """Wakes whoever waits for the tables to change."""

    _rung: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Something changed."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seconds: float | None) -> None:
        """Return when it rings, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return


@dataclass
class Store:
    """Everything that survives the death of a process. `forgets` names promises it breaks."""

    now: Callable[[], datetime]
    dice: random.Random
    forgets: frozenset[str] = frozenset()
    watch: Callable[[Change], None] = lambda change: None  # sees each change before it is stored
    bell: Bell = field(default_factory=Bell)
    tables: dict[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> dict[Any, Any]:
        """The table of that name, empty at first."""
        table: dict[Any, Any] = self.tables.setdefault(name, {})
        return table


class Session:
    """What the calls of one process go through; here they take no time and never fail."""

    async def before(self) -> None:
        """The call is on its way to the tables."""

    async def after(self) -> None:
        """It took effect; the answer is on its way back."""

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do it when there is time, if the process lives that long."""
        raise NotImplementedError("only a simulated process puts work off")


class Part:
    """Some of the tables, as one process sees them."""

    def __init__(self, store: Store, session: Session) -> None:
        self.store, self.session = store, session


def statement(
    method: Callable[Concatenate[AnyPart, Given], Answer],
) -> Callable[Concatenate[AnyPart, Given], Coroutine[Any, Any, Answer]]:
    """Makes a method a call to the database: it happens whole, at one moment, or not at all."""

    async def call(part: AnyPart, /, *args: Given.args, **kwargs: Given.kwargs) -> Answer:
        await part.session.before()
        answer = method(part, *args, **kwargs)
        await part.session.after()
        return answer

    return call


def drawn(dice: random.Random) -> UUID:
    """A random id of these dice."""
    return UUID(bytes=dice.randbytes(16))
