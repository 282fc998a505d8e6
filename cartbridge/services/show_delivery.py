"""What a platform sent, as people may see it: readable, with the secrets in its headers blotted."""

import base64
import re
from dataclasses import dataclass, field
from typing import Final

from cartbridge.database.inbox import Delivery

BLOTTED: Final = "…"
_SECRET: Final = re.compile(r"auth|cookie|token|secret|password|api-?key", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A delivery as it is shown: its body as text where it is text, else in base64."""

    method: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    text: str | None = field(default=None, repr=False)
    base64: str | None = field(default=None, repr=False)


def show_delivery(delivery: Delivery) -> Shown:
    """A delivery as people may see it; a header that may carry a secret is named and blotted."""
    headers = tuple(
        (name, BLOTTED if _SECRET.search(name) else _readable(value))
        for name, value in delivery.headers
    )
    try:
        text = delivery.body.decode("utf-8")
    except UnicodeDecodeError:
        packed = base64.b64encode(delivery.body).decode("ascii")
        return Shown(delivery.method, headers, base64=packed)
    return Shown(delivery.method, headers, text=text)


def _readable(value: str) -> str:
    """A header value may hold bytes that are no text."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
