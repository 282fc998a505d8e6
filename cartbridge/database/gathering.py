"""Look-ups that are asked at the same moment are answered by one statement."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar

from cartbridge.database.connection import Database

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MOST: Final = 256  # questions in one statement


class Gathering(Generic[Question, Answer]):
    """Collects what tasks ask before the loop turns once, and asks the database once for all.

    A batch of parts is applied by as many tasks, each written as if it were alone; they come to
    the same look-up together, and their hundred round trips become one.
    """

    def __init__(
        self, answer_all: Callable[[list[Question]], Awaitable[list[Answer]]], most: int = MOST
    ) -> None:
        self._answer_all = answer_all
        self._most = most
        self._asked: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Answer:
        """The answer; an error of the statement reaches everybody whose question rode in it."""
        loop = asyncio.get_running_loop()
        if not self._asked:
            loop.call_soon(self._send)
        waiting: asyncio.Future[Answer] = loop.create_future()
        self._asked.append((question, waiting))
        return await waiting

    def _send(self) -> None:
        asked, self._asked = self._asked, []
        for start in range(0, len(asked), self._most):
            task = asyncio.create_task(self._answer(asked[start : start + self._most]))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _answer(self, asked: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._answer_all([question for question, _ in asked])
        except BaseException as error:
            for _, waiting in asked:
                if not waiting.done():
                    waiting.set_exception(_told(error))
            if not isinstance(error, Exception):
                raise
        else:
            for (_, waiting), answer in zip(asked, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)


def _told(error: BaseException) -> BaseException:
    """A statement that was cancelled with the process is no cancellation of who asked."""
    if isinstance(error, asyncio.CancelledError):
        return ConnectionAbortedError("the look-up was cancelled")
    return error


def rows(database: Database, query: str, *more: Any) -> Callable[[list[Any]], Awaitable[list[Any]]]:
    """Asks a query that takes the questions as columns; it answers a row for each, in order."""

    async def answer_all(asked: list[Any]) -> list[Any]:
        async with database.connection() as connection:
            told: list[Any] = await connection.fetch(query, *_columns(asked), *more)
        return told

    return answer_all


def values(database: Database, query: str) -> Callable[[list[Any]], Awaitable[list[Any]]]:
    """As `rows`, of a query that answers one array with a value for each question."""

    async def answer_all(asked: list[Any]) -> list[Any]:
        async with database.connection() as connection:
            told: list[Any] = await connection.fetchval(query, *_columns(asked))
        return told

    return answer_all


def _columns(asked: list[Any]) -> list[list[Any]]:
    return [list(column) for column in zip(*asked, strict=True)]
