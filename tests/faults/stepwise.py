"""Runs one call and cuts its power at the k-th place where it waits."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from typing import Any, Generic, Literal, TypeVar

Result = TypeVar("Result")
When = Literal["before", "after"]


class Stepwise(Awaitable[Result], Generic[Result]):
    """A coroutine whose task ends at the k-th place where it waits; 0 lets it come to its end.

    `before`: what it waits for is dropped, too. `after`: that was done, and nobody learns of it.
    """

    def __init__(self, work: Coroutine[Any, Any, Result], at: int, when: When = "before") -> None:
        self._work, self._at, self._when = work, at, when
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, Result]:
        """Hands on what the coroutine waits for, and counts."""
        step: Callable[[], Any] = partial(self._work.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration as done:
                result: Result = done.value
                return result
            self.waits += 1
            here = self.waits == self._at
            if here and self._when == "before":
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                told = yield awaited
                if here:
                    raise asyncio.CancelledError
                step = partial(self._work.send, told)
            except BaseException as error:
                step = partial(self._work.throw, error)


async def cut_at(work: Coroutine[Any, Any, Result], at: int, when: When) -> tuple[bool, int]:
    """Runs it in a task of its own: whether it was cut, and at how many places it waited."""
    steps = Stepwise(work, at, when)

    async def run() -> Result:
        return await steps

    task = asyncio.create_task(run())
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return task.cancelled(), steps.waits
