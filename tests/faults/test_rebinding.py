"""A name that is public when it is looked at and our own machine when it is called."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import httpcore
import httpx
import pytest

from cartbridge.sdk.addresses import Reach
from cartbridge.sdk.client import make_client
from cartbridge.sdk.errors import ConnectorError
from tests.faults.experiment import Experiment, Span
from tests.unit.sdk.canary import Canary, listening

SEED = 31
PUBLIC = "93.184.216.34"
INSIDE = ("127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.7", "169.254.169.254", "fd00::1")


class Rebinding:
    """A name server that answers another address each time it is asked, by a seed."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.asked = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Public first, then anything."""
        self.asked += 1
        if self.asked % 2:
            return [PUBLIC]
        addresses = [self._dice.choice((*INSIDE, PUBLIC)) for _ in range(self._dice.randint(1, 3))]
        self._dice.shuffle(addresses)
        return addresses


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to; those of the internet answer nothing here."""
    seen: list[str] = []
    connect: Callable[..., Any] = httpcore.AnyIOBackend.connect_tcp

    async def note(self: Any, host: str, port: int, **more: Any) -> Any:
        seen.append(host)
        if host == PUBLIC:
            raise httpcore.ConnectError("nobody there")
        return await connect(self, host, port, **more)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", note)
    return seen


def reach_of(canary: Canary) -> Reach:
    """Public addresses, on the canary's port too: nothing but the address may save it."""
    return Reach(ports=frozenset({canary.port}))


async def test_only_the_address_that_was_checked_is_called(
    dialled: list[str], experiment: Experiment, span: Span
) -> None:
    counts = experiment("rebinding: a checked name that moves inside", SEED)
    names = Rebinding(random.Random(SEED))  # noqa: S311 - chance, not secrecy
    async with (
        listening() as canary,
        make_client(reach_of(canary), resolve=names.resolve) as client,
    ):
        for _ in range(span(200, 5000)):
            counts.sent += 1
            await client.check(f"https://shop.example:{canary.port}/hook")
            counts.acknowledged += 1
            with pytest.raises((httpx.ConnectError, ConnectorError)):
                await client.post(f"http://shop.example:{canary.port}/hook", content=b"{}")
    counts.doubled = canary.connects
    counts.extra = {"connects": canary.connects, "dialled": len(dialled)}
    assert counts.held
    assert set(dialled) == {PUBLIC}


async def test_a_name_that_is_resolved_again_leads_inside(
    experiment: Experiment, span: Span
) -> None:
    """The control: checked, and then connected to by name, as most clients would."""
    counts = experiment("rebinding: checked once, resolved twice", SEED, control=True)
    names = Rebinding(random.Random(SEED))  # noqa: S311 - chance, not secrecy
    async with listening() as canary, httpx.AsyncClient(trust_env=False, timeout=0.5) as client:
        reach = reach_of(canary)
        for _ in range(span(40, 400)):
            counts.sent += 1
            for address in await names.resolve("shop.example", canary.port):
                reach.check(address, canary.port)
            counts.acknowledged += 1
            found = await names.resolve("shop.example", canary.port)
            if found[0] == "127.0.0.1":
                await client.post(f"http://{found[0]}:{canary.port}/hook", content=b"{}")
    counts.doubled = canary.connects
    assert not counts.held
