"""Signatures: Standard Webhooks 1.0.2, both ways, and the constant-time check all others use."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from cartbridge.sdk.errors import Forged

TOLERANCE_SECONDS: Final = 300
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def same(one: bytes, other: bytes) -> bool:
    """Whether two signatures are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one, other)


@lru_cache(maxsize=1024)
def secret_bytes(secret: str) -> bytes:
    """The key behind a `whsec_…` secret; ValueError if it is not one."""
    if not secret.startswith("whsec_"):
        raise ValueError("a webhook secret begins with whsec_ and goes on in base64")
    try:
        return binascii.a2b_base64(secret.removeprefix("whsec_"), strict_mode=True)
    except ValueError as error:  # binascii.Error is one
        raise ValueError("a webhook secret goes on in base64 after whsec_") from error


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `v1,…` signature of one message."""
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    digest = hmac.digest(secret_bytes(secret), signed, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def sign(secret: str, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers that make a body believable to its receiver."""
    timestamp = int(now.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }


def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime) -> str:
    """The message id, if one of the secrets signed this body less than five minutes from now."""
    try:
        message_id = headers["webhook-id"]
        sent = headers["webhook-signature"]
        told = headers["webhook-timestamp"]
    except KeyError as error:
        raise Forged("webhook-id, webhook-timestamp or webhook-signature is missing") from error
    if not _SECONDS.fullmatch(told):
        raise Forged("webhook-timestamp is not a number of seconds")
    timestamp = int(told)
    if abs(now.timestamp() - timestamp) > TOLERANCE_SECONDS:
        raise Forged("the timestamp is more than five minutes away")
    given = [part.encode("utf-8", "surrogateescape") for part in sent.split(" ")][:10]
    held = False
    for secret in secrets:
        wanted = signature(secret, message_id, timestamp, body).encode()
        for part in given:
            held |= same(wanted, part)
    if not held:
        raise Forged("no signature matches")
    return message_id
