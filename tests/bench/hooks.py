"""Webhooks of the demo shop as a platform sends them: a cart of three lines in 4 KiB, signed."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from cartbridge.sdk.webhook import sign

BODY_BYTES: Final = 4096
NUMBER_DIGITS: Final = 8
_PLACE: Final = "#" * NUMBER_DIGITS
_ARTICLES: Final = (
    ("LAMP-OAK", "3700123456780", "Lampe chêne", 4990),
    ("SHADE-LINEN", "3760123451017", "Abat-jour en lin", 2450),
    ("BULB-E27", "3760123451024", "Ampoule LED E27", 690),
)


@dataclass(frozen=True)
class Carts:
    """Carts of one series, told apart by their number; each body is exactly as long as asked."""

    series: str
    revision: int = 1
    quantity: int = 1
    size: int = BODY_BYTES

    def external_id(self, number: int) -> str:
        """What the shop calls the cart."""
        return f"{self.series}-{number:0{NUMBER_DIGITS}}"

    def halves(self) -> tuple[bytes, bytes]:
        """What stands before and after the cart's number in every body of the series."""
        text = self._text(0)
        text = self._text(max(0, self.size - len(text)))
        before, _, after = text.partition(_PLACE.encode())
        return before, after

    def body(self, number: int) -> bytes:
        """The body that tells of one cart."""
        before, after = self.halves()
        return before + f"{number:0{NUMBER_DIGITS}}".encode() + after

    def _text(self, padding: int) -> bytes:
        data: dict[str, Any] = {
            "external_id": f"{self.series}-{_PLACE}",
            "revision": self.revision,
            "updated_at": "2026-11-20T10:00:00Z",
            "currency": "EUR",
            "tax_mode": "inclusive",
            "locale": "fr-FR",
            "lines": [_line(number, self.quantity) for number in range(len(_ARTICLES))],
            "theme": "x" * padding,  # platforms send much that nobody reads
        }
        envelope = {"type": "cart.snapshot", "timestamp": "2026-11-20T10:00:00Z", "data": data}
        return json.dumps(envelope, ensure_ascii=False).encode()


def _line(number: int, quantity: int) -> dict[str, Any]:
    sku, gtin, title, price = _ARTICLES[number]
    return {
        "external_id": f"row-{number}",
        "item": {
            "sku": sku,
            "gtin": gtin,
            "title": title,
            "attributes": {"colour": "naturel", "size": "40 cm"},
            "product_url": f"https://shop.example/produits/{sku.lower()}",
        },
        "quantity": {"value": str(quantity), "unit": "C62"},
        "unit_price": price,
        "taxes": [{"rate": "0.20", "code": "S", "amount": price * quantity // 6}],
        "total": price * quantity,
    }


def head(url: str, headers: dict[str, str], length: int, method: str = "POST") -> bytes:
    """A request's first lines, up to the empty one."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


def signed(url: str, secret: str, message: str, body: bytes) -> bytes:
    """The first lines of a webhook whose signature is right for the next five minutes."""
    return head(url, sign(secret, message, datetime.now(UTC), body), len(body))
