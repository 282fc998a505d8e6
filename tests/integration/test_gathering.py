"""What many tasks ask at the same moment is one statement, and each gets its own answer."""

import asyncio

import pytest

from cartbridge.database.gathering import Gathering


class Asked:
    """Doubles numbers, and remembers in which company each was asked."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.broken = False

    async def all(self, numbers: list[int]) -> list[int]:
        self.batches.append(numbers)
        await asyncio.sleep(0)
        if self.broken:
            raise ConnectionError("cut")
        return [number * 2 for number in numbers]


async def test_questions_of_one_moment_ride_together() -> None:
    asked = Asked()
    gathering = Gathering(asked.all)
    assert await asyncio.gather(*(gathering.ask(n) for n in range(5))) == [0, 2, 4, 6, 8]
    assert await gathering.ask(9) == 18
    assert asked.batches == [[0, 1, 2, 3, 4], [9]]


async def test_no_statement_grows_without_bounds() -> None:
    asked = Asked()
    gathering = Gathering(asked.all, most=2)
    assert await asyncio.gather(*(gathering.ask(n) for n in range(5))) == [0, 2, 4, 6, 8]
    assert sorted(asked.batches) == [[0, 1], [2, 3], [4]]


async def test_a_statement_that_fails_is_told_to_all_who_rode_in_it() -> None:
    asked = Asked()
    asked.broken = True
    gathering = Gathering(asked.all)
    told = await asyncio.gather(*(gathering.ask(n) for n in range(3)), return_exceptions=True)
    assert [type(error) for error in told] == [ConnectionError] * 3
    asked.broken = False
    assert await gathering.ask(4) == 8


async def test_who_gives_up_does_not_take_the_others_along() -> None:
    gathering = Gathering(Asked().all)
    impatient, patient = (asyncio.create_task(gathering.ask(n)) for n in (1, 2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == 4
    with pytest.raises(asyncio.CancelledError):
        await impatient
