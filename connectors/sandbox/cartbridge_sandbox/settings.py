"""What an operator sets up for one sandbox shop."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _reachable(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ValueError("give an https address (http only for this machine itself)")
    if not host or "@" in parts.netloc:
        raise ValueError("give an address with a host and without user name or password")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Settings(BaseModel):
    """Where the shop is, and the secrets that both sides sign with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # The first signs what we send; all are believed, so that a secret can be changed without a gap.
    webhook_secrets: Annotated[
        tuple[Annotated[SecretStr, Field(min_length=24)], ...], Field(min_length=1, max_length=5)
    ]
    shop_url: Annotated[str, Field(max_length=2000), AfterValidator(_reachable)]

    @property
    def secrets(self) -> tuple[str, ...]:
        """The signing secrets in plain, for signing and verifying alone."""
        return tuple(secret.get_secret_value() for secret in self.webhook_secrets)
