"""What an operator sets up for one Medusa shop."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from cartbridge.sdk.webhook import secret_bytes


def _signing(secret: SecretStr) -> SecretStr:
    if len(secret_bytes(secret.get_secret_value())) < 24:
        raise ValueError("a webhook secret holds at least 24 random bytes after whsec_")
    return secret


def _api_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not text.startswith("sk_") or not text.isascii() or not text.isprintable() or ":" in text:
        raise ValueError("give a secret API key of the shop: it begins with sk_")
    return key


def _address(url: str) -> str:
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("give an https address (http only for this machine itself)")
    if not parts.hostname or "@" in parts.netloc:
        raise ValueError("give an address with a host and without user name or password")
    if parts.query or parts.fragment:
        raise ValueError("give an address without ? or #: ours is put behind it")
    return url


def _server(url: str) -> str:
    return _address(url).rstrip("/")


def _product(url: str) -> str:
    if "{handle}" not in url:
        raise ValueError("write {handle} where the product's handle goes")
    _address(url.replace("{handle}", "x"))
    return url


Url = Annotated[str, Field(max_length=2000)]


class Settings(BaseModel):
    """Where the shop's server and storefront are, and what both sides prove themselves with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: Annotated[Url, AfterValidator(_server)]  # the Medusa server, not the storefront
    api_key: Annotated[SecretStr, AfterValidator(_api_key)]
    # The companion signs with the first; all are believed, so that one can change without a gap.
    webhook_secrets: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_signing)], ...],
        Field(min_length=1, max_length=5),
    ]
    storefront_url: Annotated[Url, AfterValidator(_address)]  # the page with the cart
    product_url: Annotated[Url, AfterValidator(_product)] | None = None
    customers: bool = False  # whether the shop's accounts are told, not only the carts' owners

    @property
    def secrets(self) -> tuple[str, ...]:
        """The signing secrets in plain, for verifying alone."""
        return tuple(secret.get_secret_value() for secret in self.webhook_secrets)
