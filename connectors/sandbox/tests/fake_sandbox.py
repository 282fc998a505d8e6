"""The sandbox's own shop, called without a network."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

import httpx
from cartbridge_sandbox import signing
from cartbridge_sandbox.baskets import Baskets
from cartbridge_sandbox.catalogue import ARTICLES
from cartbridge_sandbox.database import Database
from cartbridge_sandbox.misbehaviour import Dice, Misbehaviour
from cartbridge_sandbox.refusals import ShopRefuses
from cartbridge_sandbox.shelves import Shelf, Shelves, called
from cartbridge_sandbox.writes import (
    Answer,
    ChangedCall,
    FreezeCall,
    GatewayDesk,
    ReadCall,
    WriteCall,
)

from cartbridge.sdk.documents import Item, plain
from cartbridge.sdk.errors import Forged
from cartbridge.testing.platform import Platform

SECRETS: Final = ("sandbox-secret-of-today-1", "sandbox-secret-of-tomorrow")


def _item(sku: str) -> Item:
    return Item(sku=sku, title=ARTICLES[sku].fr)


class FakeSandbox(Platform):
    """The shop's own desk for the gateway, over a file of its own."""

    articles: ClassVar[tuple[Item, ...]] = (_item("CANDLE-FIG"), _item("VASE-BLUE"))
    measured: ClassVar[Item | None] = _item("CABLE-TX")
    stores: ClassVar[tuple[str, ...]] = ("lyon", "paris")

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._database = Database(Path(self._folder.name) / "shop.db")
        self._desk = GatewayDesk(self._database)
        self._baskets = Baskets(self._database)
        self._shelves = Shelves(self._database)
        self._dice = Dice(Misbehaviour())

    def respond(self, request: httpx.Request) -> httpx.Response:
        try:
            signing.check(request.headers, request.content, SECRETS, datetime.now(UTC))
        except Forged:
            return httpx.Response(401, json={"code": "forged"})
        try:
            status, answer = self._called(request.url.path.rsplit("/", 1)[-1], request.content)
        except ShopRefuses as refusal:
            return httpx.Response(refusal.status, json={"code": refusal.code})
        return httpx.Response(status, json=answer)

    def is_write(self, request: httpx.Request) -> bool:
        return not request.url.path.endswith(("/read", "/changed", "/hook", "/prices", "/stock"))

    def new_cart(self) -> str:
        ref = self._baskets.create().ref
        self._baskets.add(ref, "PLAID", Decimal(2))
        self._baskets.add(ref, "LAMP-OAK", Decimal(1))
        return ref

    def edit(self, external_id: str) -> None:
        first = next(iter(self._baskets.get(external_id).rows))
        self._baskets.add(external_id, first, Decimal(1))

    def remove(self, external_id: str) -> None:
        self._baskets.drop(external_id)

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        return self._baskets.get(external_id).rows

    def refuse(self, key: str, accepted: Decimal) -> None:
        left = self._database.left_over(key)
        assert left is not None, "only what is counted can run out"
        self._database.sell(key, left - accepted)

    def is_frozen(self, external_id: str) -> bool:
        return self._baskets.get(external_id).where_frozen(datetime.now(UTC)) is not None

    def stop_hook(self, hook_url: str) -> None:
        self._dice.reset(Misbehaviour(hook_off=True))

    def reprice(self, item: Item, price: int) -> None:
        self._shelves.fill(Shelf(prices={str(item.sku): price}))

    def put_in_stock(self, item: Item, store: str, quantity: Decimal) -> None:
        self._shelves.fill(Shelf(stock={store: {str(item.sku): plain(quantity)}}))

    def close(self) -> None:
        super().close()
        self._database.close()
        self._folder.cleanup()

    def _called(self, what: str, body: bytes) -> Answer:
        told = called(self._shelves, what, body)
        if told is not None:
            return told
        match what:
            case "write":
                return self._desk.write(WriteCall.model_validate_json(body), frozenset())
            case "read":
                return self._desk.read(ReadCall.model_validate_json(body))
            case "changed":
                return self._desk.changed(ChangedCall.model_validate_json(body))
            case "freeze":
                return self._desk.freeze(FreezeCall.model_validate_json(body))
            case "thaw":
                return self._desk.thaw(ReadCall.model_validate_json(body))
            case "rearm":
                self._dice.hook_on()
        return 200, {"on": not self._dice.switches.hook_off}
