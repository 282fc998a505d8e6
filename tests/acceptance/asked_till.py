"""A till system that says what things cost and what stores have, and the connector for it."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from pydantic import BaseModel, SecretStr

from cartbridge.sdk import payload, webhook
from cartbridge.sdk.both_sides import LoyaltyShown, PriceNow, PricesOf, StockNow
from cartbridge.sdk.contract import Connector, Delivery, Manifest, Named, Raw, Remote
from cartbridge.sdk.documents import Item, Line, Projection, project_by
from cartbridge.sdk.errors import Forged, Retry
from cartbridge.sdk.observations import PriceSeen, Read, StockSeen


@dataclass
class PriceSystem:
    """What the tills ring up and what stores have now, by SKU."""

    prices: dict[str, int] = field(default_factory=dict)
    stock: dict[tuple[str, str], Decimal] = field(default_factory=dict)  # SKU and store
    refused_codes: set[str] = field(default_factory=set)
    cards: dict[str, LoyaltyShown] = field(default_factory=dict)
    silent: bool = False  # it never answers
    broken: bool = False  # its connector has a fault
    down: bool = False
    asked: list[PricesOf] = field(default_factory=list)

    async def reached(self) -> None:
        """Whatever is wrong with it happens here."""
        if self.silent:
            await asyncio.Event().wait()
        if self.broken:
            raise ZeroDivisionError("a fault of the connector's own")
        if self.down:
            raise Retry("cannot connect")


SYSTEM: Final = PriceSystem()


class AskedSettings(BaseModel):
    """The secret at the end of its hook's address."""

    path_secret: SecretStr = SecretStr("told-by-nobody")


class AskedTill(Connector):
    """Answers while a cashier waits, and tells by hook what changed."""

    manifest: ClassVar[Manifest] = Manifest(
        name="asked-till",
        title="A till that is asked",
        kind="pos",
        capabilities=frozenset({"prices", "stock", "loyalty"}),
        versions="the one beside it",
        settings=AskedSettings,
    )

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        told = raw.url.rsplit("/", 1)[-1].encode()
        if not webhook.same(told, settings.path_secret.get_secret_value().encode()):
            raise Forged("the address does not end in the secret")
        return Delivery()

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        told = payload.loads(hook.body)
        dedup = hashlib.sha256(hook.body).hexdigest()
        return [Named(str(told["id"]), kind="item", dedup=dedup)]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        told = payload.loads(document.body) if isinstance(document, Raw) else dict(document)
        item = Item(sku=told["sku"], title=told["sku"])
        rows = [
            StockSeen.model_validate({"external_id": told["id"], "item": item, **row})
            for row in told.get("stock", ())
        ]
        prices = [
            PriceSeen.model_validate({"external_id": told["id"], "item": item, **row})
            for row in told.get("prices", ())
        ]
        return Read(observations=(*rows, *prices))

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        return project_by(lines, lambda line: line.item.sku)

    def takes_code(self, code: str, settings: Any) -> bool | None:
        return False if code in SYSTEM.refused_codes else None

    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        await SYSTEM.reached()
        SYSTEM.asked.append(of)
        return [
            PriceNow(key=item.key, unit_price=SYSTEM.prices[item.sku], currency=of.currency)
            for item in items
            if item.sku in SYSTEM.prices
        ]

    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        await SYSTEM.reached()
        places = [(item, store) for item in items for store in stores if item.sku]
        return [
            StockNow(key=item.key, store=store, quantity=SYSTEM.stock[str(item.sku), store])
            for item, store in places
            if (str(item.sku), store) in SYSTEM.stock
        ]

    async def loyalty(self, number: str, remote: Remote) -> LoyaltyShown | None:
        await SYSTEM.reached()
        return SYSTEM.cards.get(number)
