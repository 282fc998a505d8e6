"""A till killed after any step of any call resumes with its own key, and acts once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cartbridge_sandbox.till import Refused, Step, Till

from tests.acceptance.world import BOOK, LAMP, Json, World, line

STEPS: list[Step] = ["saved", "sent", "answered"]


class PowerCutError(BaseException):
    """The till loses its current."""


def dying_after(step: Step) -> Callable[[Step], None]:
    def after(reached: Step) -> None:
        if reached == step:
            raise PowerCutError

    return after


class Counter:
    """One terminal with its file, which is switched on anew after each power cut."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.file = world, folder / "till.db"

    def till(self, after: Callable[[Step], None] = lambda step: None) -> Till:
        key = self.world.till().key
        return Till(self.world.gateway.public_url, self.file, key, after)

    async def cut(self, step: Step, call: str, *args: Any, **told: Any) -> list[Json]:
        """A call that the power cut ends, then the till's own resuming; its answers."""
        async with self.till(dying_after(step)) as till:
            with pytest.raises(PowerCutError):
                await getattr(till, call)(*args, **told)
        async with self.till() as till:
            resumed = await till.resume()
            assert till.waiting == []
            assert till.refused == []
        return [answer for _, status, answer in resumed if status < 400]

    async def does(self, call: str, *args: Any, **told: Any) -> Json:
        """The same call by a till that lives."""
        async with self.till() as till:
            answer: Json = await getattr(till, call)(*args, **told)
            return answer


@pytest.mark.parametrize("step", STEPS)
async def test_each_call_of_a_sale_takes_effect_once_wherever_the_till_dies(
    world: World, tmp_path: Path, step: Step
) -> None:
    counter = Counter(world, tmp_path)
    cart, offer = await world.offered(line(LAMP, 2), line(BOOK))

    await counter.cut(step, "claim", code=offer["code"])
    async with counter.till() as till:
        (claim,) = till.held
    assert (await world.cart(cart["id"]))["claim"]["terminal"] == world.till().id

    lamp = next(one for one in (await world.cart(cart["id"]))["lines"])["id"]
    sold = [{"line": lamp, "quantity": "2"}]
    await counter.cut(step, "complete", claim, "4711", sold)
    async with counter.till() as till:
        assert till.held == {}
    back = [{"gtin": LAMP["gtin"], "quantity": "1"}]
    await counter.cut(step, "returns", back, receipt_number="4711")
    bought = await world.cart(cart["id"])
    assert bought["sale"]["lines"][0]["returned"] == "1"

    await counter.cut(step, "void", "4711")

    facts = await world.events_of(cart["id"])
    for fact in ("claimed", "sold", "lines_returned", "sale_voided"):
        assert facts.count(f"cart.{fact}") == 1, fact


@pytest.mark.parametrize("step", STEPS)
async def test_each_call_of_a_cart_begun_in_the_store_takes_effect_once(
    world: World, tmp_path: Path, step: Step
) -> None:
    counter = Counter(world, tmp_path)
    article = [{"item": {"sku": "LAMP-OAK"}, "quantity": "1"}]

    await counter.cut(step, "begin_cart", article)
    found = (await world.operator.get("/v1/carts")).json()["items"]
    assert len(found) == 1
    cart = found[0]["id"]
    await counter.cut(step, "change_cart", cart, add=article, if_match=f'"{found[0]["version"]}"')
    await counter.cut(step, "send_home", cart)

    now = await world.cart(cart)
    assert [row["quantity"]["value"] for row in now["lines"]] == ["1", "1"]
    facts = await world.events_of(cart)
    assert facts.count("cart.started") == 1
    assert facts.count("cart.handover_offered") == 1


@pytest.mark.parametrize("step", STEPS)
async def test_a_released_cart_is_released_once_and_the_next_till_keeps_it(
    world: World, tmp_path: Path, step: Step
) -> None:
    counter = Counter(world, tmp_path)
    cart, offer = await world.offered()
    claim = (await counter.does("claim", code=offer["code"]))["claim"]
    async with counter.till(dying_after(step)) as till:
        with pytest.raises(PowerCutError):
            await till.release(claim)
    if step != "saved":  # the cart is free already: another till takes it meanwhile
        taken = await world.till(0, 1).claim(cart=cart["id"])
        assert taken.status_code == 201

    async with counter.till() as till:
        await till.resume()
        assert till.waiting == []

    present = await world.cart(cart["id"])
    holder = present["claim"] and present["claim"]["terminal"]
    assert holder == (None if step == "saved" else world.till(0, 1).id)
    assert (await world.events_of(cart["id"])).count("cart.claim_released") == 1


async def test_a_till_that_comes_back_too_late_is_told_and_its_sale_is_kept(
    world: World, tmp_path: Path
) -> None:
    counter = Counter(world, tmp_path)
    cart, offer = await world.offered()
    held = await counter.does("claim", code=offer["code"])
    lamp = held["cart"]["lines"][0]["id"]
    async with counter.till(dying_after("saved")) as till:
        with pytest.raises(PowerCutError):
            await till.complete(held["claim"], "4712", [{"line": lamp, "quantity": "1"}])
    await world.time_is_up(held)
    other = (await world.till(0, 1).claim(cart=cart["id"])).json()
    await world.till(0, 1).complete(other, "9001")

    async with counter.till() as till:
        ((_, status, answer),) = await till.resume()

    assert (status, answer["conflict"]) == (200, True)
    facts = await world.events_of(cart["id"])
    assert facts.count("cart.sold") == 1
    assert "cart.sale_reported_late" in facts
    with pytest.raises(Refused):
        await counter.does("void", "4712")
