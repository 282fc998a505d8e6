"""The sandbox's own signature: hex HMAC-SHA256 of `timestamp.body`, in headers of its own."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

from cartbridge.sdk.errors import Forged
from cartbridge.sdk.webhook import TOLERANCE_SECONDS, same

TIMESTAMP = "x-sandbox-timestamp"
SIGNATURE = "x-sandbox-signature"


def sign(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers that make a body believable."""
    timestamp = str(int(now.timestamp()))
    return {TIMESTAMP: timestamp, SIGNATURE: _digest(secret, timestamp, body)}


def check(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime) -> None:
    """Raises Forged unless one of the secrets signed this body less than five minutes from now."""
    timestamp, sent = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Forged(f"{TIMESTAMP} is missing or no Unix time")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise Forged("the timestamp is more than five minutes away")
    given = sent.encode("utf-8", "surrogateescape")
    held = False
    for secret in secrets:
        held |= same(_digest(secret, timestamp, body).encode(), given)
    if not held:
        raise Forged("no signature matches")


def _digest(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
