"""A simulated shop: a cart per shopper with its revision, conditional writes, hooks until taken."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cartbridge.sdk import webhook
from cartbridge.sdk.contract import Raw
from cartbridge.services.receive_webhook import receive_webhook
from tests.simulation.estate import PRICES, PROMOTION, PUBLIC_URL, secret_of
from tests.simulation.network import NoAnswer

if TYPE_CHECKING:
    from tests.simulation.world import World

Answered = tuple[int, bytes]
_PAUSES: Final = (0.5, 2, 5, 10, 30)  # before a hook is sent again


@dataclass
class Basket:
    """The cart of one shopper, as her shop keeps it."""

    id: str
    owner: str
    rows: dict[str, int] = field(default_factory=dict)
    revision: int = 0
    last_push: str | None = None
    ordered: str | None = None
    written: dict[str, bytes] = field(default_factory=dict)  # push id → its first result


class Shop:
    """One shop and everything in it; each change and its hook are one step."""

    def __init__(self, world: "World", slug: str) -> None:
        self.world, self.slug = world, slug
        self.baskets: dict[str, Basket] = {}
        self.prices = dict(PRICES)
        self.taken: list[str] = []  # messages that the gateway acknowledged
        self._told: dict[str, list[asyncio.Event]] = {}  # basket → whether each hook was taken
        self._messages = 0

    def open(self, owner: str) -> Basket:
        """A new cart, empty and not told to anybody."""
        basket = Basket(f"{self.slug}-{len(self.baskets) + 1}", owner)
        self.baskets[basket.id] = basket
        return basket

    def edit(self, basket: Basket, sku: str, by: int) -> None:
        """The shopper takes more, or fewer, of an article."""
        self._show(basket, {**basket.rows, sku: basket.rows.get(sku, 0) + by})

    def order(self, basket: Basket) -> dict[str, int]:
        """She buys all of it, online; what she bought."""
        basket.ordered = f"S-{basket.id}"
        basket.revision += 1
        ending = {
            "external_id": basket.id,
            "revision": basket.revision,
            "at": self.world.now().isoformat(),
            "order_number": basket.ordered,
            "lines": self._lines(basket),
        }
        self.world.note(f"{self.slug}: {basket.id} is ordered")
        self._tell(basket, "cart.ordered", ending)
        return dict(basket.rows)

    def midnight(self) -> None:
        """The promotion begins: every open cart that is dearer or cheaper is told anew."""
        self.prices = dict(PROMOTION)
        for basket in self.baskets.values():
            if basket.rows and basket.ordered is None:
                self._show(basket, basket.rows)

    def answer(self, headers: dict[str, str], body: bytes) -> Answered:
        """What the shop answers the gateway: a read, or a write on condition."""
        signed = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        webhook.verify(headers, body, [secret_of(self.slug)], signed)
        asked = json.loads(body)
        basket = self.baskets[asked["data"]["external_id"]]
        if asked["type"] == "cart.read":
            return 200, self._encoded(basket)
        return self._write(basket, asked["data"])

    def _write(self, basket: Basket, wanted: dict[str, Any]) -> Answered:
        push = wanted["push_id"]
        if push in basket.written:
            return 200, basket.written[push]
        if basket.ordered is not None:
            return 410, b"{}"
        careful = "revision" not in self.world.forgets
        if careful and wanted["base_revision"] != basket.revision:
            return 409, self._encoded(basket)
        rows = {row["item"]["sku"]: int(row["quantity"]["value"]) for row in wanted["lines"]}
        basket.last_push = push
        self._show(basket, rows)
        basket.written[push] = self._encoded(basket)
        return 200, basket.written[push]

    def _show(self, basket: Basket, rows: dict[str, int]) -> None:
        basket.rows = {sku: amount for sku, amount in sorted(rows.items()) if amount}
        basket.revision += 1
        self.world.note(f"{self.slug}: {basket.id} r{basket.revision} {basket.rows}")
        self._tell(basket, "cart.snapshot", self._shown(basket))

    def _shown(self, basket: Basket) -> dict[str, Any]:
        return {
            "external_id": basket.id,
            "revision": basket.revision,
            "last_push": basket.last_push,
            "updated_at": self.world.now().isoformat(),
            "currency": "EUR",
            "tax_mode": "inclusive",
            "lines": self._lines(basket),
        }

    def _encoded(self, basket: Basket) -> bytes:
        return json.dumps(self._shown(basket)).encode()

    def _lines(self, basket: Basket) -> list[dict[str, Any]]:
        return [
            {
                "item": {"sku": sku, "title": sku},
                "quantity": amount,
                "unit_price": self.prices[sku],
                "total": self.prices[sku] * amount,
            }
            for sku, amount in basket.rows.items()
        ]

    # --- its hooks ---------------------------------------------------------------------------

    def _tell(self, basket: Basket, kind: str, data: dict[str, Any]) -> None:
        self._messages += 1
        told = {"type": kind, "timestamp": self.world.now().isoformat(), "data": data}
        name = f"msg-{self.slug}-{self._messages}"
        hooks = self._told.setdefault(basket.id, [])
        # What ends a cart is told after everything before it; snapshots overtake each other.
        earlier = list(hooks) if kind != "cart.snapshot" else []
        hooks.append(asyncio.Event())
        self.world.spawn(self._post(name, json.dumps(told).encode(), earlier, hooks[-1]))

    async def _post(
        self, name: str, body: bytes, earlier: list[asyncio.Event], taken: asyncio.Event
    ) -> None:
        """Sends the hook until it is taken, and sometimes once more."""
        for before in earlier:
            await before.wait()
        tries = 0
        while not await self._send(name, body):
            await asyncio.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
            tries += 1
        taken.set()
        if self.world.network.chance(0.1):
            await asyncio.sleep(self.world.dice.uniform(0, 60))
            await self._send(name, body)

    async def _send(self, name: str, body: bytes) -> bool:
        headers = webhook.sign(secret_of(self.slug), name, self.world.now(), body)
        hook = f"hook-{self.slug}"
        raw = Raw("POST", f"{PUBLIC_URL}/v1/hooks/{hook}", headers, body)
        try:
            receipt = await self.world.network.call(
                lambda gateway: receive_webhook(gateway, hook, raw)
            )
        except NoAnswer:
            return False
        assert receipt.message is not None, "a hook that is no ping has a message"
        self.taken.append(receipt.message)
        return True
