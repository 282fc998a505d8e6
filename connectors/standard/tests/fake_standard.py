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
PRICES: Final = ("unit_price", "list_price", "taxes", "fees", "discounts", "total")
TERMS: Final = {
    "cart": (),
    "wishlist": ("name",),
    "quote": ("state", "number", "valid_until", "currency", "tax_mode"),
}


@dataclass
class Row:
    """One article of a cart, a wish list or a quote."""

    sku: str
    quantity: Decimal
    unit: str = "C62"
    prices: dict[str, Any] = field(default_factory=lambda: {"unit_price": 1000})

    def shown(self) -> dict[str, Any]:
        """The row as a snapshot tells it."""
        return {
            "item": {"sku": self.sku, "title": self.sku.title()},
            "quantity": {"value": plain(self.quantity), "unit": self.unit},
            **self.prices,
        }


@dataclass
class Kept:
    """A document there, what is told of it beside its rows, and our last write to it."""

    id: str
    kind: str
    rows: list[Row]
    told: dict[str, Any] = field(default_factory=dict)
    revision: int = 1
    changed: int = 0
    push: str | None = None
    refused: list[dict[str, str]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """The document as its snapshot tells it."""
        return {
            "external_id": self.id,
            "revision": self.revision,
            "last_push": self.push,
            "refused": self.refused,
            "currency": "EUR",
            "tax_mode": "inclusive",
            **self.told,
            "lines": [row.shown() for row in self.rows],
        }

    def changed_body(self) -> dict[str, Any]:
        """The document among what changed: a cart bare, others with their type."""
        if self.kind == "cart":
            return self.shown()
        return {"type": f"{self.kind}.snapshot", "data": self.shown()}


class FakeStandard(Platform):
    """Documents by their id; every call is signed, and answered as the README asks for."""

    articles: ClassVar[tuple[Item, ...]] = (
        Item(sku="PLAID", title="Plaid"),
        Item(sku="VASE", title="Vase"),
    )
    measured: ClassVar[Item | None] = Item(sku="CABLE-TX", title="Câble textile")

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, Kept] = {}
        self._threads: dict[str, dict[str, dict[str, Any]]] = {}
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
        asked = json.loads(request.content)
        kind, data = asked["type"].split(".")[0], asked["data"]
        if kind == "enquiry":
            return self._answer(data)
        kept = self._kept.get(data["external_id"])
        if kept is None or kept.kind != kind:
            return httpx.Response(404, json={})
        if request.url.path == "/read":
            return httpx.Response(200, json=kept.shown())
        return self._write(kept, data)

    def is_write(self, request: httpx.Request) -> bool:
        return request.url.path == "/write"

    def new_cart(self) -> str:
        return self._new("cart")

    def new_wishlist(self) -> str:
        return self._new("wishlist", {"name": "Noël", "kind": "gift", "state": "shared"})

    def new_quote(self) -> str:
        return self._new("quote", {"number": "D-1", "state": "requested", "tax_mode": "exclusive"})

    def new_enquiry(self) -> str:
        self._made += 1
        self._threads[f"enquiry-{self._made}"] = {}
        return f"enquiry-{self._made}"

    def edit(self, external_id: str) -> None:
        kept = self._kept[external_id]
        kept.rows[0].quantity += 1
        kept.revision += 1
        self._note(kept)

    def remove(self, external_id: str) -> None:
        self._kept.pop(external_id, None)
        self._threads.pop(external_id, None)

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        return {f"sku:{row.sku}": row.quantity for row in self._kept[external_id].rows}

    def thread(self, external_id: str) -> list[str]:
        return [message["text"] for message in self._threads[external_id].values()]

    def is_closed(self, external_id: str) -> bool:
        return any(message["closes"] for message in self._threads[external_id].values())

    def refuse(self, key: str, accepted: Decimal) -> None:
        self._most[key] = accepted

    def _new(self, kind: str, told: dict[str, Any] | None = None) -> str:
        self._made += 1
        rows = [Row("LAMP", Decimal(2)), Row("SHADE", Decimal(1))]
        kept = Kept(f"{kind}-{self._made}", kind, rows, told or {})
        self._kept[kept.id] = kept
        self._note(kept)
        return kept.id

    def _answer(self, data: dict[str, Any]) -> httpx.Response:
        thread = self._threads.get(data["external_id"])
        if thread is None:
            return httpx.Response(404, json={})
        thread.setdefault(data["id"], data)
        return httpx.Response(200, json={"external_id": data["external_id"]})

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
                row = Row(line["item"]["sku"], accepted, line["quantity"]["unit"])
                row.prices = {name: line[name] for name in PRICES if name in line} or row.prices
                cart.rows.append(row)
            if accepted != wanted:
                refusal = {"line": line["line"], "reason": "stock", "accepted": plain(accepted)}
                cart.refused.append(refusal)
        cart.told |= {name: data[name] for name in TERMS[cart.kind] if name in data}
        if data.get("archived"):
            cart.told["state"] = "archived"
        cart.push = data["push_id"]
        cart.revision += 1
        self._note(cart)
        self._answers[cart.push or ""] = cart.shown()
        return httpx.Response(200, json=cart.shown())

    def _changed(self, asked: Mapping[str, str]) -> dict[str, Any]:
        after, limit = int(asked.get("after", "0")), int(asked["limit"])
        later = [cart for cart in self._kept.values() if cart.changed > after]
        page = sorted(later, key=lambda cart: cart.changed)[:limit]
        place = page[-1].changed if page else after
        return {
            "carts": [cart.changed_body() for cart in page],
            "next": str(place),
            "more": len(later) > len(page),
        }

    def _note(self, cart: Kept) -> None:
        self._changes += 1
        cart.changed = self._changes
