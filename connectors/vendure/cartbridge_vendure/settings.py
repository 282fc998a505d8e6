"""What an operator sets up for one Vendure shop."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from cartbridge.sdk.webhook import secret_bytes


def _signing(secret: SecretStr) -> SecretStr:
    if len(secret_bytes(secret.get_secret_value())) < 24:
        raise ValueError("a webhook secret holds at least 24 random bytes after whsec_")
    return secret


def _shop(url: str) -> str:
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("give the shop's https address (http only for this machine itself)")
    if not parts.hostname or "@" in parts.netloc:
        raise ValueError("give an address with a host and without user name or password")
    if parts.query or parts.fragment:
        raise ValueError("give an address without ? or #: the companion's paths are put behind it")
    return url.rstrip("/")


class Settings(BaseModel):
    """Where the shop's server is, and the secrets that it and the gateway sign with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # The first signs what we send; all are believed, so that a secret can be changed without a gap.
    webhook_secrets: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_signing)], ...],
        Field(min_length=1, max_length=5),
    ]
    shop_url: Annotated[str, Field(max_length=2000), AfterValidator(_shop)]
    customers: bool = False  # whether the shop's accounts are told, not only the carts' owners

    @property
    def secrets(self) -> tuple[str, ...]:
        """The signing secrets in plain, for signing and verifying alone."""
        return tuple(secret.get_secret_value() for secret in self.webhook_secrets)
