"""What an operator sets up for one WooCommerce shop."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from cartbridge.sdk.documents import CurrencyCode


def _signing(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if len(text) < 16 or not text.isascii() or not text.isprintable():
        raise ValueError("a webhook secret holds at least 16 letters, digits and signs")
    if any(sign in text for sign in "&<>\"' "):
        raise ValueError("WooCommerce changes & < > and quotes in a secret: leave them out")
    return secret


def _shop(url: str) -> str:
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError(
            "give the shop's https address: WooCommerce takes REST keys over https alone"
            " (http only for a trial on this machine itself)"
        )
    if not parts.hostname or "@" in parts.netloc:
        raise ValueError("give an address with a host and without user name or password")
    if parts.query or parts.fragment:
        raise ValueError("give an address without ? or #: the paths of the API are put behind it")
    return url.rstrip("/")


def _key(prefix: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if not text.startswith(prefix) or not text.isascii() or not text.isprintable():
            raise ValueError(f"it begins with {prefix}: copy it from the REST key's own page")
        return secret

    return AfterValidator(check)


class Settings(BaseModel):
    """Where the shop is, its key and secrets, whether it has our plugin, and what else it tells."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # The first is given to webhooks that we make; all are believed, so that one can be changed.
    webhook_secrets: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_signing)], ...],
        Field(min_length=1, max_length=5),
    ]
    shop_url: Annotated[str, Field(max_length=2000), AfterValidator(_shop)]
    consumer_key: Annotated[SecretStr, _key("ck_")]
    consumer_secret: Annotated[SecretStr, _key("cs_")]
    companion: bool = False  # whether the shop runs the plugin that tells and takes carts
    customers: bool = False  # whether accounts are told when they are made and changed
    # The store, by its id on this connection, that holds the shop's one stock; None: no store does.
    stock_store: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    # The price list that the shop's prices are; WooCommerce's webhooks do not tell the currency.
    price_list: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _list_in_a_currency(self) -> "Settings":
        if self.price_list is not None and self.currency is None:
            raise ValueError("price_list: tell the currency, too")
        return self

    @property
    def follows_products(self) -> bool:
        """Whether it is told what changes at the shop's articles."""
        return self.stock_store is not None or self.price_list is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The webhook secrets in plain, for verifying and for making webhooks alone."""
        return tuple(secret.get_secret_value() for secret in self.webhook_secrets)
