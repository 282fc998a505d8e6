"""WooCommerce's signature: base64 of HMAC-SHA256 over the exact bytes, and nothing else signed."""

import base64
import hmac
import re
from collections.abc import Iterable
from typing import Final

from cartbridge.sdk.contract import Raw
from cartbridge.sdk.errors import Forged
from cartbridge.sdk.webhook import same

HEADER: Final = "x-wc-webhook-signature"
_PING: Final = re.compile(rb"webhook_id=[0-9]{1,10}")


def signature(secret: str, body: bytes) -> bytes:
    """The signature of a body, as WooCommerce writes it into its header."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256"))


def check(raw: Raw, secrets: Iterable[str]) -> None:
    """Forged unless one of the secrets signed these very bytes."""
    given = raw.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
    held = False
    for secret in secrets:
        held |= same(signature(secret, raw.body), given)
    if not held:
        raise Forged(f"{HEADER} does not hold: compare the webhook's secret with webhook_secrets")


def is_ping(raw: Raw) -> bool:
    """Whether it is the unsigned form by which WooCommerce tries a webhook's address."""
    return _PING.fullmatch(raw.body) is not None
