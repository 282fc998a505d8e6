"""Writes that land late, echoes before answers, answers that never come: quantities stay right."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from cartbridge_sandbox import Sandbox
from cartbridge_sandbox.misbehaviour import Misbehaviour
from cartbridge_sandbox.shop import Shop as SandboxShop
from cartbridge_sandbox.shop import ShopSettings

from cartbridge.sdk.contract import Remote
from tests.acceptance.world import Json, World, free_port, open_sandbox, until
from tests.faults.believer import Basket, Believer, listening
from tests.faults.experiment import Counts, Experiment, Span

pytestmark = pytest.mark.timeout(120)
SKUS = ("LAMP-OAK", "PLAID", "BOOK-LIGHT")
ROUNDS = 4
SECRET = "sandbox-secret-of-today-1"


class Side(Protocol):
    """Whatever keeps a cart in step with the shop's basket."""

    async def add(self, sku: str) -> None:
        """A till puts one more into the cart."""

    async def quantities(self) -> Basket:
        """What the cart holds."""

    async def saw(self, sku: str, quantity: Decimal) -> None:
        """Returns once so much of it, added on whichever side, is in the cart."""

    async def hurry(self) -> None:
        """What would be tried again later is tried now."""


@dataclass
class Shopper:
    """She edits her basket in the shop."""

    browser: httpx.AsyncClient
    ref: str = ""

    async def begin(self) -> None:
        """A basket with a lamp in it."""
        self.ref = str((await self.browser.post("/carts")).json()["ref"])
        await self.add(SKUS[0], 1)

    async def add(self, sku: str, quantity: int) -> None:
        """So much more of it."""
        told = {"sku": sku, "quantity": str(quantity)}
        answer = await self.browser.post(f"/carts/{self.ref}/lines", json=told)
        assert answer.is_success, answer.text

    async def basket(self) -> Basket:
        """What the shop shows her."""
        rows = (await self.browser.get(f"/carts/{self.ref}")).json()["rows"]
        return {row["sku"]: Decimal(row["qty"]) for row in rows}

    async def sees(self, sku: str, quantity: Decimal, side: Side) -> None:
        """Returns once the shop shows so much of it."""

        async def there() -> bool:
            await side.hurry()
            return (await self.basket()).get(sku, Decimal(0)) >= quantity

        await until(there)


@dataclass
class Case:
    """How the shop misbehaves, and whether she edits before a till's write lands or after."""

    name: str
    switches: Json
    after_it_landed: bool


CASES = (
    Case("late write, she edits before it", {"late_write": 1, "late_after": 0.25}, False),
    Case("late write, she edits after it", {"late_write": 1, "late_after": 0.25}, True),
    Case("echo before the answer", {"slow_answer": 0.3}, True),
    Case("echo and edit before a slow write", {"slow": 0.2, "slow_answer": 0.2}, False),
    Case("the answer is lost", {"lost_answer": 1}, True),
)


async def edits(case: Case, side: Side, her: Shopper, rounds: int, counts: Counts) -> Basket:
    """The till adds one, she adds two and one more, over and over; what that has to come to."""
    expected = {SKUS[0]: Decimal(1)}
    for number in range(rounds):
        sku = SKUS[number % len(SKUS)]
        expected[sku] = expected.get(sku, Decimal(0)) + 1
        await side.add(sku)
        if case.after_it_landed:
            await her.sees(sku, expected[sku], side)
        for more in (2, 1):
            expected[sku] += more
            await her.add(sku, more)
            if case.after_it_landed:
                await side.saw(sku, expected[sku])
        counts.sent += 3
        counts.acknowledged += 3
    return expected


def count(counts: Counts, expected: Basket, *found: Basket) -> None:
    """What is missing in one of the places was lost, what is too much was doubled."""
    for place in found:
        for sku in {*expected, *place}:
            more = int(place.get(sku, Decimal(0)) - expected.get(sku, Decimal(0)))
            counts.lost += max(0, -more)
            counts.doubled += max(0, more)


@dataclass
class Ours:
    """The gateway, with a till that changes the cart."""

    world: World
    cart: str

    async def add(self, sku: str) -> None:
        told = {"add": [{"item": {"sku": sku}, "quantity": "1"}]}
        answer = await self.world.till().call("PATCH", f"/v1/pos/carts/{self.cart}", told)
        assert answer.status_code == 200, answer.text

    async def quantities(self) -> Basket:
        held: dict[str, Decimal] = {}
        for row in (await self.world.cart(self.cart))["lines"]:
            sku = row["item"]["sku"]
            held[sku] = held.get(sku, Decimal(0)) + Decimal(row["quantity"]["value"])
        return held

    async def saw(self, sku: str, quantity: Decimal) -> None:
        async def there() -> bool:
            return (await self.quantities()).get(sku, Decimal(0)) >= quantity

        await until(there)

    async def hurry(self) -> None:
        await self.world.now()


async def begun(world: World, her: Shopper) -> Ours:
    """The gateway's cart of her new basket."""
    found: list[Json] = []

    async def there() -> bool:
        found[:] = [cart] if (cart := await world.other_shop.cart(her.ref)) else []
        return bool(found and found[0]["lines"])

    await her.begin()
    await until(there)
    return Ours(world, found[0]["id"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_quantities_are_right_in_both_places(
    world: World, tmp_path: Path, span: Span, experiment: Experiment, case: Case
) -> None:
    counts = experiment(case.name)
    async with (
        open_sandbox(world, tmp_path) as shop,
        httpx.AsyncClient(base_url=shop.url, trust_env=False, timeout=20) as browser,
    ):
        for _ in range(span(1, 8)):
            her = Shopper(browser)
            ours = await begun(world, her)
            shop.misbehave(Misbehaviour.model_validate(case.switches))
            expected = await edits(case, ours, her, ROUNDS, counts)
            shop.misbehave(Misbehaviour())
            await agreed(world, shop, her, ours)
            count(counts, expected, await her.basket(), await ours.quantities())
            facts = await world.events_of(ours.cart)
            counts.applied += facts.count("cart.twin_observed")
            assert (await world.cart(ours.cart))["twins"][0]["in_step"] is True
    assert (counts.lost, counts.doubled) == (0, 0)


async def agreed(world: World, shop: SandboxShop, her: Shopper, ours: Ours) -> None:
    """Returns once nothing is under way and both places show the same."""

    async def agree() -> bool:
        await world.quiet(shop)
        return await her.basket() == await ours.quantities()

    await until(agree, 30)


async def test_who_takes_an_acknowledgement_for_the_truth_doubles(
    tmp_path: Path, experiment: Experiment
) -> None:
    """The negative control: the same shop, the same edits, the same counting."""
    counts = experiment("echo before the answer", control=True)
    port = free_port()
    told: Any = {"webhook_secrets": [SECRET], "shop_url": f"http://127.0.0.1:{port}"}
    settings = Sandbox.manifest.settings.model_validate(told)
    async with (
        httpx.AsyncClient(timeout=10, trust_env=False) as client,
        httpx.AsyncClient(base_url=told["shop_url"], trust_env=False, timeout=20) as browser,
    ):
        believer, her = Believer(Remote(settings, client)), Shopper(browser)
        async with listening(believer.take) as hook:
            shop = SandboxShop(ShopSettings(tmp_path / "shop.db", SECRET, hook))
            await shop.start(port=port)
            try:
                await her.begin()
                believer.ref = her.ref
                await believer.saw(SKUS[0], Decimal(1))
                shop.misbehave(Misbehaviour(slow_answer=0.2))
                expected = await edits(CASES[2], believer, her, ROUNDS, counts)
                count(counts, expected, await her.basket(), await believer.quantities())
            finally:
                await shop.stop()

    assert counts.doubled > 0
