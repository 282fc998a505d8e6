"""What the small Medusa shop has on its shelves, and what it keeps there for carts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


def key_of(row: Mapping[str, Any]) -> str:
    """The item key of a row, told without the connector's code."""
    if row.get("sku"):
        return f"sku:{row['sku']}"
    return f"gtin:{row['gtin'].zfill(14)}" if row.get("gtin") else f"title:{row['title']}"


@dataclass
class Reservation:
    """What a hold keeps of one article."""

    name: str
    key: str
    location: str
    until: datetime
    quantity: int


@dataclass
class Shelves:
    """Prices, stocked quantities and reservations, answered as the companion does."""

    prices: dict[str, str] = field(default_factory=dict)  # in euros, tax included
    stocked: dict[tuple[str, str], int] = field(default_factory=dict)
    reservations: list[Reservation] = field(default_factory=list)

    def answer(self, path: str, body: Json) -> Json:
        """One call of the companion's routes."""
        now = datetime.now(UTC)
        self.reservations = [one for one in self.reservations if one.until > now]
        match path:
            case "prices":
                asked = body["articles"] if body["currency"] == "EUR" else []
                return {"prices": [row for row in map(self._price, asked) if row]}
            case "stock":
                return {"stock": self._levels(body)}
            case "holds":
                return {"held": self._hold(body)}
        assert path == "holds/release"
        self.reservations = [one for one in self.reservations if one.name != body["name"]]
        return {}

    def _price(self, article: Json) -> Json | None:
        amount = self.prices.get(key_of(article))
        if amount is None:
            return None
        told = {"currency_code": "eur", "is_tax_inclusive": True, "tax_rate": "20"}
        return {**article, "amount": amount, **told, "promotion": None}

    def _levels(self, body: Json) -> list[Json]:
        return [
            {
                **article,
                "location": location,
                "quantity": str(self._free(key_of(article), location)),
                "held": self._held(key_of(article), location),
            }
            for article in body["articles"]
            for location in body["locations"]
            if (key_of(article), location) in self.stocked
        ]

    def _hold(self, body: Json) -> list[Json]:
        known = [one for one in self.reservations if one.name == body["name"]]
        until = datetime.fromisoformat(body["until"])
        for one in known:
            one.until = max(one.until, until)
        held = []
        for line in body["lines"]:
            key, location = key_of(line), body["location"]
            if not known:
                kept = min(line["quantity"], self._free(key, location))
                one = Reservation(body["name"], key, location, until, kept)
                self.reservations += [one] if kept else []
            article = {kind: line[kind] for kind in ("sku", "gtin") if kind in line}
            quantity = self._held(key, location).get(body["name"], "0")
            held.append({**article, "quantity": quantity})
        return held

    def _held(self, key: str, location: str) -> dict[str, str]:
        there = [one for one in self.reservations if (one.key, one.location) == (key, location)]
        return {one.name: str(one.quantity) for one in there}

    def _free(self, key: str, location: str) -> int:
        kept = sum(map(int, self._held(key, location).values()))
        return max(0, self.stocked.get((key, location), 0) - kept)
