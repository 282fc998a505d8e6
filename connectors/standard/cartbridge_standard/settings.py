"""What an operator sets up for one connection that speaks the canonical webhook."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    model_validator,
)

from cartbridge.sdk.documents import Channel, CurrencyCode
from cartbridge.sdk.webhook import secret_bytes


def _signing(secret: SecretStr) -> SecretStr:
    if not 24 <= len(secret_bytes(secret.get_secret_value())) <= 64:
        raise ValueError("a webhook secret holds 24 to 64 random bytes in base64 after whsec_")
    return secret


def _is_plain_loopback(scheme: str, host: str) -> bool:
    if scheme != "http":
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reachable(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or _is_plain_loopback(parts.scheme, host)):
        raise ValueError("give an https address (http only for this machine itself)")
    if "@" in parts.netloc:
        raise ValueError("put no user name or password into the address: calls are signed")
    return url


Secret = Annotated[SecretStr, AfterValidator(_signing)]
Url = Annotated[str, Field(max_length=2000), AfterValidator(_reachable)]


class Settings(BaseModel):
    """How one connection signs, where it can be read and written, and what it leaves unsaid."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # The first signs what we send; all are believed, so that a secret can be changed without a gap.
    webhook_secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=5)]
    write_url: Url | None = None  # None: the connection is read-only
    # What write_url takes beside carts.
    writes_wishlists: StrictBool = False
    writes_quotes: StrictBool = False
    answers_enquiries: StrictBool = False
    read_url: Url | None = None  # None: it is known by its webhooks alone
    changes_url: Url | None = None  # None: a lost webhook is found only by reading carts again
    currency: CurrencyCode = "EUR"  # where a body does not say
    channel: Channel = "web"  # where a body does not say

    @model_validator(mode="after")
    def _addressed(self) -> "Settings":
        beside = ("writes_wishlists", "writes_quotes", "answers_enquiries")
        asked = [name for name in beside if getattr(self, name)]
        if asked and self.write_url is None:
            raise ValueError(f"{asked[0]} needs a write_url")
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """The signing secrets in plain, for signing and verifying alone."""
        return tuple(secret.get_secret_value() for secret in self.webhook_secrets)
