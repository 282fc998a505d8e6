"""The turnstile: places are bounded, nobody keeps one, and who is turned away is told when."""

import asyncio

import pytest

from cartbridge.http.turnstile import Turnstile
from cartbridge.services.problems import Problem


async def test_who_comes_beyond_the_places_is_turned_away_after_a_moment() -> None:
    turnstile = Turnstile(2, seconds=0.02)
    for _ in range(2):
        await turnstile.enter(1)

    with pytest.raises(Problem) as refused:
        await turnstile.enter(1)

    assert (refused.value.code, refused.value.status) == ("unavailable", 503)
    assert refused.value.retry_after is not None


async def test_a_place_goes_to_whoever_waits_the_longest() -> None:
    turnstile = Turnstile(1, seconds=5)
    await turnstile.enter(1)
    order: list[int] = []

    async def visit(number: int) -> None:
        await turnstile.enter(1)
        order.append(number)
        turnstile.leave()

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(visit(number))
        await asyncio.sleep(0)
        turnstile.leave()

    assert order == list(range(20))


async def test_no_place_is_lost_when_turns_come_as_they_are_given_up() -> None:
    turnstile = Turnstile(3, seconds=0.005)

    async def visit(number: int) -> bool:
        try:
            await turnstile.enter(1)
        except Problem:
            return False
        await asyncio.sleep(0.001 * (number % 9))
        turnstile.leave()
        return True

    entered = await asyncio.gather(*(visit(number) for number in range(400)))

    assert 3 <= sum(entered) < 400
    for _ in range(3):  # all places are there, and not one more
        await turnstile.enter(1)
    with pytest.raises(Problem):
        await turnstile.enter(1)


async def test_what_waits_is_bounded_in_bytes() -> None:
    turnstile = Turnstile(1, seconds=60, bytes_in_line=100)
    await turnstile.enter(1000)
    waiting = asyncio.create_task(turnstile.enter(80))
    await asyncio.sleep(0)

    with pytest.raises(Problem):
        await turnstile.enter(30)

    turnstile.leave()
    await waiting
