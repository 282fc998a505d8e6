"""The invented platform of the sound connector, and the suite that proves it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import httpx
from pydantic import BaseModel

from cartbridge.sdk.contract import Connector, Raw, Reply
from cartbridge.sdk.documents import Item, plain
from cartbridge.testing.connector import NOW, ConnectorContract, shown
from cartbridge.testing.levels import Level
from cartbridge.testing.platform import Platform
from tests.unit.contract.sound import FIRST_KEY, Sound, mac

HOOK = "https://gateway.example/v1/hooks/hk"


@dataclass
class Kept:
    """A cart or an order there."""

    id: str
    rows: dict[str, Decimal]
    kind: str = "cart"
    name: str | None = None
    state: str = "open"
    totals: dict[str, int] = field(default_factory=dict)
    rev: int = 1
    push: str | None = None
    refused: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    place: int = 0
    frozen: bool = False
    sold: bool = False

    def shown(self) -> dict[str, Any]:
        return {
            "cart": self.id,
            "kind": self.kind,
            "name": self.name,
            "state": self.state,
            "rev": self.rev,
            "push": self.push,
            "refused": [
                {"sku": sku, "want": plain(want), "got": plain(got)}
                for sku, (want, got) in self.refused.items()
            ],
            "rows": [
                {"sku": sku, "qty": plain(qty), **self.amounts(sku, qty)}
                for sku, qty in self.rows.items()
                if qty
            ],
        }

    def amounts(self, sku: str, qty: Decimal) -> dict[str, int]:
        total = self.totals.get(sku, int(qty * 1200))
        return {"total": total, "tax": round(total / 6)}


@dataclass
class Hold:
    """Goods kept there until a time."""

    store: str
    until: datetime
    rows: dict[str, Decimal]

    @property
    def keeps(self) -> bool:
        return self.until > datetime.now(UTC)


class SoundPlatform(Platform):
    articles: ClassVar[tuple[Item, ...]] = (
        Item(sku="PLAID", title="Plaid"),
        Item(sku="VASE", title="Vase"),
    )
    measured: ClassVar[Item | None] = Item(sku="CABLE", title="Cable")
    stores: ClassVar[tuple[str, ...]] = ("s1", "s2")
    credentials: ClassVar[Mapping[str, str]] = {"key": FIRST_KEY}

    def __init__(self) -> None:
        super().__init__()
        self.carts: dict[str, Kept] = {}
        self.orders: dict[str, Kept] = {}
        self.enquiries: dict[str, dict[str, Any]] = {}
        self.most: dict[str, Decimal] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.keys = [FIRST_KEY]
        self.on = True
        self.made = self.places = 0
        self.costs: dict[str, int] = {}
        self.left: dict[tuple[str, str], Decimal] = {}
        self.holds: dict[str, Hold] = {}
        self.cards: dict[str, dict[str, Any]] = {}

    def respond(self, request: httpx.Request) -> httpx.Response:
        if request.headers["x-key"] != self.keys[-1]:
            return httpx.Response(401)
        body = json.loads(request.content or b"null")
        match request.method, *request.url.path.split("/")[1:]:
            case "GET", "changes":
                return httpx.Response(200, json=self.changed(int(request.url.params["after"])))
            case "GET", "hook":
                return httpx.Response(200, json={"on": self.on})
            case "POST", "hook":
                self.on = True
            case "POST", "token":
                self.keys.append(f"key-{len(self.keys)}-of-sound")
                return httpx.Response(200, json={"key": self.keys[-1]})
            case _, "carts", *_:
                return self.of_cart(request, body)
            case "POST", "enquiries", enquiry if enquiry in self.enquiries:
                self.enquiries[enquiry].setdefault(body["name"], body)
            case _, "enquiries", _:
                return httpx.Response(404)
            case _, "orders", *_:
                return self.of_order(request, body)
            case _:
                return self.of_both_sides(request, body)
        return httpx.Response(200, json={})

    def of_both_sides(self, request: httpx.Request, body: Any) -> httpx.Response:
        rows: list[Any] = []
        match request.method, *request.url.path.split("/")[1:]:
            case "POST", "prices" if body["currency"] == "EUR":
                rows = [[sku, self.costs[sku]] for sku in body["skus"] if sku in self.costs]
            case "POST", "stock":
                places = [(sku, store) for sku in body["skus"] for store in body["stores"]]
                rows = [self.counted(*place) for place in places if place in self.left]
            case _, "holds", name:
                return self.of_hold(request.method, name, body)
            case "GET", "cards", number:
                card = self.cards.get(number)
                return httpx.Response(200 if card else 404, json=card)
        return httpx.Response(200, json={"rows": rows})

    def of_cart(self, request: httpx.Request, body: Any) -> httpx.Response:
        _, _, cart_id, *what = request.url.path.split("/")
        cart = self.carts.get(cart_id)
        if cart is None:
            return httpx.Response(404)
        if request.method == "PUT":
            return self.written(cart, body)
        if what:
            cart.frozen = what == ["freeze"]
        return httpx.Response(200, json=cart.shown())

    def written(self, cart: Kept, body: Any) -> httpx.Response:
        if body["push"] in self.answers:
            return httpx.Response(200, json=self.answers[body["push"]])
        if body["rev"] not in (cart.rev, "any"):
            return httpx.Response(409, json=cart.shown())
        self.fill(cart, body["rows"])
        cart.push, cart.totals = body["push"], body.get("totals", {})
        cart.name, cart.state = body.get("name"), body.get("state", "open")
        self.moved(cart)
        self.answers[body["push"]] = cart.shown()
        return httpx.Response(200, json=cart.shown())

    def fill(self, cart: Kept, rows: Mapping[str, str]) -> None:
        wanted = {sku: Decimal(qty) for sku, qty in rows.items()}
        cart.rows = {sku: min(qty, self.most.get(sku, qty)) for sku, qty in wanted.items()}
        cart.refused = {
            sku: (qty, cart.rows[sku]) for sku, qty in wanted.items() if qty != cart.rows[sku]
        }

    def of_order(self, request: httpx.Request, body: Any) -> httpx.Response:
        if request.method == "POST":
            order = self.orders.get(body["name"])
            if order is None:
                order = Kept(f"o_{body['name']}", {})
                self.fill(order, body["rows"])
                self.orders[body["name"]] = order
            return httpx.Response(200, json=order.shown())
        name = request.url.path.rsplit("/", 1)[-1].removeprefix("o_")
        if name in self.orders and self.orders[name].sold:
            return httpx.Response(409)
        return httpx.Response(404 if self.orders.pop(name, None) is None else 200, json={})

    def counted(self, sku: str, store: str) -> list[Any]:
        held = {
            name: hold.rows[sku]
            for name, hold in self.holds.items()
            if hold.keeps and hold.store == store and hold.rows.get(sku)
        }
        free = self.left[sku, store] - sum(held.values(), Decimal(0))
        return [sku, store, plain(free), {name: plain(kept) for name, kept in held.items()}]

    def of_hold(self, method: str, name: str, body: Any) -> httpx.Response:
        if method == "DELETE":
            return httpx.Response(200 if self.holds.pop(name, None) else 404, json={})
        until = datetime.fromisoformat(body["until"])
        if name not in self.holds:
            rows = {}
            for sku, wanted in body["rows"].items():
                free = Decimal(self.counted(sku, body["store"])[2])
                rows[sku] = min(Decimal(wanted), free)
            self.holds[name] = Hold(body["store"], until, rows)
        kept = self.holds[name].rows
        return httpx.Response(200, json={"rows": [[sku, plain(qty)] for sku, qty in kept.items()]})

    def reprice(self, item: Item, price: int) -> None:
        self.costs[str(item.sku)] = price

    def put_in_stock(self, item: Item, store: str, quantity: Decimal) -> None:
        self.left[str(item.sku), store] = quantity

    def issue_card(self, number: str, tier: str, points: int) -> None:
        self.cards[number] = {"tier": tier, "points": points}

    def is_write(self, request: httpx.Request) -> bool:
        return super().is_write(request) and request.url.path not in ("/prices", "/stock")

    def changed(self, after: int) -> dict[str, Any]:
        later = [cart for cart in self.carts.values() if cart.place > after]
        later = sorted(later, key=lambda cart: cart.place)[:2]
        place = later[-1].place if later else after
        return {"carts": [cart.shown() for cart in later], "place": place}

    def moved(self, cart: Kept) -> None:
        cart.rev += 1
        self.places += 1
        cart.place = self.places

    def new_cart(self) -> str:
        return self.new("cart")

    def new_wishlist(self) -> str:
        return self.new("wishlist")

    def new_quote(self) -> str:
        return self.new("quote")

    def new_enquiry(self) -> str:
        self.made += 1
        self.enquiries[f"e{self.made}"] = {}
        return f"e{self.made}"

    def thread(self, external_id: str) -> list[str]:
        return [message["text"] for message in self.enquiries[external_id].values()]

    def is_closed(self, external_id: str) -> bool:
        return any(message["closes"] for message in self.enquiries[external_id].values())

    def new(self, kind: str) -> str:
        self.made += 1
        cart = Kept(f"c{self.made}", {"LAMP": Decimal(2), "SHADE": Decimal(1)}, kind)
        self.carts[cart.id] = cart
        self.moved(cart)
        return cart.id

    def edit(self, external_id: str) -> None:
        cart = self.carts[external_id]
        cart.rows[next(iter(cart.rows))] += 1
        self.moved(cart)

    def remove(self, external_id: str) -> None:
        self.carts.pop(external_id, None)
        self.enquiries.pop(external_id, None)

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        found = {**self.carts, **{order.id: order for order in self.orders.values()}}
        return {sku: qty for sku, qty in found[external_id].rows.items() if qty}

    def refuse(self, key: str, accepted: Decimal) -> None:
        self.most[key] = accepted

    def is_frozen(self, external_id: str) -> bool:
        return self.carts[external_id].frozen

    def stop_hook(self, hook_url: str) -> None:
        self.on = False

    def placed(self) -> list[str]:
        return [order.id for order in self.orders.values()]

    def sell(self, external_id: str) -> None:
        self.orders[external_id.removeprefix("o_")].sold = True


BODY: dict[str, Any] = {
    **Kept("c1", {"LAMP": Decimal(2), "CABLE": Decimal("1.5")}, push="psh_0").shown(),
    "refused": [{"sku": "LAMP", "want": "3", "got": "2"}],
    "note": "for Anna",
    "colour": "red",
}
QUOTE: dict[str, Any] = Kept("q1", {"LAMP": Decimal(3)}, "quote", "D-1", "issued").shown()
WISHES: dict[str, Any] = Kept("w1", {"LAMP": Decimal(1)}, "wishlist", "Anna's").shown()


class Suite(ConnectorContract):
    connector: ClassVar[Connector] = Sound()
    secrets = ("secret-of-today", "secret-of-tomorrow")
    fake = SoundPlatform
    sells_by_measure = True
    claimed: ClassVar[Level | None] = "gold"

    def settings(self, *secrets: str) -> BaseModel:
        return self.connector.manifest.settings.model_validate({"webhook_secrets": secrets})

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        sent = str(int(at.timestamp()))
        headers = {"X-Time": sent, "X-Signature": mac(secret, sent, body)}
        return Raw("POST", HOOK, headers, body)

    def handshakes(self) -> list[tuple[Raw, Reply]]:
        return [(Raw("POST", HOOK, {}, b"ping"), Reply(200, b"pong", "text/plain"))]

    def payloads(self) -> dict[str, Any]:
        return {
            "cart": self.payload(BODY, report=["note"], total=4200, tax=700),
            "quote": self.payload(QUOTE, report=[], total=3600, tax=600),
            "wishes": self.payload(WISHES, report=[], total=1200, tax=200),
        }

    def payload(self, body: dict[str, Any], **told: Any) -> dict[str, Any]:
        raw = self.signed(json.dumps(body).encode(), self.secrets[0], NOW, "")
        seen = [shown(one) for one in Sound().read(raw, None).observations]
        named = [{"external_id": body["cart"], "kind": body["kind"]}]
        return {"body": body, "named": named, "observations": seen, **told}

    def documents(self) -> dict[str, Any]:
        document = Kept("c2", {"LAMP": Decimal(1)}).shown()
        seen = [shown(one) for one in Sound().read(document, None).observations]
        return {"fetched": {"document": document, "observations": seen, "report": []}}

    def aside(self) -> dict[str, str]:
        return {"colour": "nobody sells by it"}

    @classmethod
    def promises(cls) -> list[str]:
        return [name for name in dir(cls) if name.startswith("test_")]


def proving(connector: Connector, kind: type[Suite] = Suite) -> Suite:
    """The suite of a connector that was spoilt."""
    suite = kind()
    suite.connector = connector  # type: ignore[misc] # one suite per faulty connector
    return suite
