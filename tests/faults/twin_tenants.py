"""Two retailers of one gateway whose every own name is the same: only their secrets differ."""

import base64
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from cartbridge.domain.store import Brand, Store, Terminal
from cartbridge.services.add_connection import add_connection
from tests.acceptance.world import BOOK, LAMP, Caller, Json, Shop, Till, World, line

CARTS: Final = ("cart-0", "cart-1", "cart-2", "cart-3", "cart-4")
LOYALTY: Final = "ML-204-881"
_IDS: Final = re.compile(r"(?:crt|lin|clm|hnd|con|msg|cus|out|sub|psh)_[0-9a-f]{32}")


@dataclass
class Retailer:
    """One of the two: its people, the ids it was given, and what only its answers may hold."""

    word: str  # in the name of everything it has, and nowhere else
    tenant: UUID
    shop: Shop
    till: Till
    operator: Caller
    connection: str
    offers: list[Json] = field(default_factory=list)
    claims: list[Json] = field(default_factory=list)
    carts: list[Json] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    @property
    def callers(self) -> dict[str, Caller]:
        """Who calls, by role."""
        return {"shop": self.shop, "pos": self.till, "ops": self.operator}

    @property
    def passes(self) -> list[str]:
        """The pages its shoppers keep."""
        return [urlsplit(offer["pass_url"]).path for offer in self.offers]

    def names(self) -> dict[str, list[str]]:
        """The ids of its own in each place of a path."""
        return {
            "cart": [cart["id"] for cart in self.carts],
            "customer": [cart["customer"]["id"] for cart in self.carts[:1]],
            "claim": [claim["claim"] for claim in self.claims],
            "handover": [offer["id"] for offer in self.offers],
            "reservation": [x[name] for x in self.offers for name in ("id", "short_code")],
            "connection": [self.connection],
            "message": self.messages,
        }

    async def learn(self) -> None:
        """Whatever it may read of its own is a secret to the other."""
        looks = [
            await self.operator.get("/v1/carts", limit="200"),
            await self.operator.get("/v1/events", limit="1000"),
            await self.till.get("/v1/pos/claims", of="store"),
        ]
        for offer in self.offers:
            self.secrets |= {offer["code"], offer["short_code"], offer["id"]}
            self.secrets.add(offer["pass_url"].rpartition("/")[2])
        for look in looks:
            assert look.status_code == 200, look.text
            self.secrets |= set(_IDS.findall(look.text))
        self.secrets |= {self.word, self.connection, *self.messages}


def leaks(text: str, strangers: Iterable[str], sent: str = "") -> list[str]:
    """What of another retailer stands in an answer, unless the caller had sent it."""
    return [secret for secret in strangers if secret in text and secret not in sent]


async def open_retailer(world: World, word: str) -> Retailer:
    """A retailer with one store, one till and one shop, under the names that every one has."""
    directory = world.gateway.directory
    tenant = (await directory.tenants.add(word.lower(), word)).uuid
    await directory.brands.add(tenant, Brand(id="brand", name=f"Maison {word}"))
    await directory.stores.add(tenant, Store(id="centre", brand="brand", name=f"Centre {word}"))
    terminal = Terminal(id="till-1", store="centre", name=f"Caisse {word}")
    await directory.terminals.add(tenant, terminal)
    settings: dict[str, Any] = {
        "webhook_secrets": ["whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()]
    }
    connection = await add_connection(world.gateway, tenant, "web", "standard", settings)
    link = world.gateway.connectors.link(connection)
    issue = directory.keys.issue
    _, shop_key = await issue(tenant, "shop", "s", connection=link.uuid)
    _, till_key = await issue(tenant, "pos", "t", store="centre", terminal="till-1")
    _, ops_key = await issue(tenant, "ops", "o")
    told = {
        "hook": connection.hook,
        "webhook_secret": settings["webhook_secrets"][0],
        "slug": "web",
        "id": connection.id,
    }
    return Retailer(
        word,
        tenant,
        Shop(world.client, shop_key, told=told),
        Till(world.client, till_key, id="till-1"),
        Caller(world.client, ops_key),
        connection.id,
    )


async def live(world: World, one: Retailer) -> None:
    """The same day for each: carts from the shop, sold at the till under the same numbers."""
    for item in (LAMP, BOOK):
        article = {"sku": item["sku"], "label": f"{item['title']} {one.word}"}
        put = await one.shop.call(
            "PUT", "/v1/items", {"items": [{**article, "gtins": [item["gtin"]]}]}
        )
        assert put.json()["accepted"] == 1, put.text
    person = {"email": f"lea@{one.word.lower()}.example", "loyalty_number": LOYALTY}
    for name in CARTS:
        rows = [line({**item, "title": f"{item['title']} {one.word}"}, 2) for item in (LAMP, BOOK)]
        hook = await one.shop.snapshot(name, *rows, customer=person)
        one.messages.append(hook.json()["message"])
    await world.settled()
    for number, name in enumerate(CARTS):
        cart = await one.shop.cart(name)
        assert cart is not None
        one.carts.append(cart)
        one.offers.append(await one.shop.offer(cart["id"]))
        if number > 0:
            one.claims.append((await one.till.claim(code=one.offers[-1]["code"])).json())
        if number > 2:
            part = [{"line": cart["lines"][0]["id"], "quantity": "1"}]
            sold = await one.till.complete(one.claims[-1], f"R-{number}", lines=part)
            assert sold.status_code == 200, sold.text
            one.carts.append(sold.json()["remainder"])
    await one.learn()
