"""What an operator sets up for one platform that is read by a mapping file."""

import base64
import json
import re
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from cartbridge.sdk.documents import Channel, CurrencyCode
from cartbridge_declarative.mapping import Mapping, parse
from cartbridge_declarative.sections import Signature

SHORTEST: Final = 16
_IN_A_PATH: Final = re.compile(r"[A-Za-z0-9_\-]+")


def _as_text(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict) else value


def _checked(text: str) -> str:
    parse(text)
    return text


def _long_enough(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if len(text) < SHORTEST or not text.isascii() or not text.isprintable():
        raise ValueError(f"a secret has at least {SHORTEST} plain letters and digits")
    return secret


Secret = Annotated[SecretStr, Field(max_length=500), AfterValidator(_long_enough)]


class Settings(BaseModel):
    """The mapping, the secrets by which the platform is known, and what its bodies leave unsaid."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # The text of the file, TOML or JSON; or, in settings that are JSON themselves, what it holds.
    mapping: Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]
    # All are believed, so that a secret can be changed without a gap.
    secrets: Annotated[tuple[Secret, ...], Field(min_length=1, max_length=5)]
    fetch_token: SecretStr | None = None  # goes into the header that [fetch] names
    currency: CurrencyCode = "EUR"  # where a body does not say
    channel: Channel = "web"

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        signature, fetch = self.rules.signature, self.rules.fetch
        for secret in self.secrets:
            text = secret.get_secret_value()
            if signature.scheme == "path" and not _IN_A_PATH.fullmatch(text):
                raise ValueError("secrets: in an address stand letters, digits, - and _ alone")
            try:
                key(text, signature)
            except ValueError:
                raise ValueError(
                    f"secrets: not {signature.key_form}, as the mapping says it is"
                ) from None
        wants_token = fetch is not None and fetch.header is not None
        if wants_token != (self.fetch_token is not None):
            raise ValueError("fetch_token and the mapping's fetch.header go together: give both")
        return self

    @property
    def rules(self) -> Mapping:
        """The mapping, parsed once."""
        return parse(self.mapping)

    @property
    def plain_secrets(self) -> tuple[str, ...]:
        """The secrets in plain, for verifying alone."""
        return tuple(secret.get_secret_value() for secret in self.secrets)


def key(secret: str, signature: Signature) -> bytes:
    """The bytes a platform signs with; ValueError if the secret is not written as it says."""
    if signature.key_form == "hex":
        return bytes.fromhex(secret)
    if signature.key_form == "base64":
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()
