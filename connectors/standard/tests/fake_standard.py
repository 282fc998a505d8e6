"""A system that speaks the canonical webhook, as its documentation asks for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

import httpx

from cartbridge.sdk import webhook
from cartbridge.sdk.documents import Item, plain
from cartbridge.sdk.errors import Forged
from cartbridge.testing.platform import Platform

SECRETS: Final = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
)
ADDRESS: Final = "https://system.example"


@dataclass
class Row:
    """One article of a cart."""

    sku: str
    quantity: Decimal
    unit: str = "C62"


@dataclass
class Kept:
    """A cart there, and what it remembers of our last write."""

    id: str
    rows: list[Row]
    revision: int = 1
    changed: int = 0
    push: str | None = None
    refused: list[dict[str, str]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """The cart as `cart.snapshot` tells it."""
        lines = [
            {
                "item": {"sku": row.sku, "title": row.sku.title()},
                "quantity": {"value": plain(row.quantity), "unit": row.unit},
                "unit_price": 1000,
            }
            for row in self.rows
        ]
        return {
            "external_id": self.id,
            "revision": self.revision,
            "last_push": self.push,
            "refused": self.refused,
            "currency": "EUR",
            "tax_mode": "inclusive",
            "lines": lines,
        }


class FakeStandard(Platform):
    """Carts by their id; every call is signed, and answered as the README asks for."""

    articles: ClassVar[tuple[Item, ...]] = (
        Item(sku="PLAID", title="Plaid"),
        Item(sku="VASE", title="Vase"),
    )
    measured: ClassVar[Item | None] = Item(sku="CABLE-TX", title="Câble textile")

    def __init__(self) -> None:
        super().__init__()
        self._carts: dict[str, Kept] = {}
        self._answers: dict[str, dict[str, Any]] = {}
        self._most: dict[str, Decimal] = {}
        self._made = self._changes = 0

    def respond(self, request: httpx.Request) -> httpx.Response:
        signed = request.content if request.method == "POST" else request.url.query
        try:
            webhook.verify(request.headers, signed, SECRETS, datetime.now(UTC))
        except Forged:
            return httpx.Response(401, json={"error": "bad signature"})
        if request.url.path == "/changes":
            return httpx.Response(200, json=self._changed(request.url.params))
        data = json.loads(request.content)["data"]
        cart = self._carts.get(data["external_id"])
        if cart is None:
            return httpx.Response(404, json={})
        if request.url.path == "/read":
            return httpx.Response(200, json=cart.shown())
        return self._write(cart, data)

    def is_write(self, request: httpx.Request) -> bool:
        return request.url.path == "/write"

    def new_cart(self) -> str:
        self._made += 1
        cart = Kept(f"web-{self._made}", [Row("LAMP", Decimal(2)), Row("SHADE", Decimal(1))])
        self._carts[cart.id] = cart
        self._note(cart)
        return cart.id

    def edit(self, external_id: str) -> None:
        cart = self._carts[external_id]
        cart.rows[0].quantity += 1
        cart.revision += 1
        self._note(cart)

    def remove(self, external_id: str) -> None:
        del self._carts[external_id]

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        return {f"sku:{row.sku}": row.quantity for row in self._carts[external_id].rows}

    def refuse(self, key: str, accepted: Decimal) -> None:
        self._most[key] = accepted

    def _write(self, cart: Kept, data: dict[str, Any]) -> httpx.Response:
        if (first := self._answers.get(data["push_id"])) is not None:
            return httpx.Response(200, json=first)
        if data["base_revision"] != cart.revision:
            return httpx.Response(409, json=cart.shown())
        cart.rows, cart.refused = [], []
        for line in data["lines"]:
            wanted = Decimal(line["quantity"]["value"])
            accepted = min(wanted, self._most.get(line["line"], wanted))
            if accepted:
                cart.rows.append(Row(line["item"]["sku"], accepted, line["quantity"]["unit"]))
            if accepted != wanted:
                refusal = {"line": line["line"], "reason": "stock", "accepted": plain(accepted)}
                cart.refused.append(refusal)
        cart.push = data["push_id"]
        cart.revision += 1
        self._note(cart)
        self._answers[cart.push or ""] = cart.shown()
        return httpx.Response(200, json=cart.shown())

    def _changed(self, asked: Mapping[str, str]) -> dict[str, Any]:
        after, limit = int(asked.get("after", "0")), int(asked["limit"])
        later = [cart for cart in self._carts.values() if cart.changed > after]
        page = sorted(later, key=lambda cart: cart.changed)[:limit]
        place = page[-1].changed if page else after
        return {
            "carts": [cart.shown() for cart in page],
            "next": str(place),
            "more": len(later) > len(page),
        }

    def _note(self, cart: Kept) -> None:
        self._changes += 1
        cart.changed = self._changes
