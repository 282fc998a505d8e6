"""Splits a model into what may lie in plain and what is personal, and seals the personal part."""

import hashlib
import os
from functools import cache
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import to_json

from cartbridge.database.vault import KEY_BYTES, NONCE_BYTES
from cartbridge.domain.model import Strict

_ID_BYTES: Final = 8


class Erased:
    """What stands for personal data whose key was destroyed; nobody can read it again."""

    def __repr__(self) -> str:
        return "ERASED"


ERASED: Final = Erased()


class SealBroken(Exception):
    """Sealed bytes do not fit their place or were changed: run `cartbridge verify`."""


class DataKey:
    """The key of one root document and its descendants."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)
        self._id = hashlib.sha256(b"cartbridge data key id" + secret).digest()[:_ID_BYTES]
        self.secret: Final = secret

    def __repr__(self) -> str:
        return f"DataKey({self._id.hex()})"

    @classmethod
    def draw(cls) -> "DataKey":
        """A new random key."""
        return cls(os.urandom(KEY_BYTES))

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """The ciphertext, marked with the key's id; `aad` ties it to its place."""
        nonce = os.urandom(NONCE_BYTES)
        return self._id + nonce + self._cipher.encrypt(nonce, plain, self._id + aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes | Erased:
        """The plain bytes, or ERASED when an earlier key of this document sealed them."""
        key_id, nonce = sealed[:_ID_BYTES], sealed[_ID_BYTES : _ID_BYTES + NONCE_BYTES]
        if key_id != self._id:
            return ERASED
        try:
            return self._cipher.decrypt(nonce, sealed[_ID_BYTES + NONCE_BYTES :], key_id + aad)
        except InvalidTag:
            raise SealBroken("sealed personal data was changed: run `cartbridge verify`") from None


def place(tenant: UUID, root: UUID, purpose: str) -> bytes:
    """What ties sealed bytes to one tenant, one key and one purpose, so that no row can swap."""
    return tenant.bytes + root.bytes + purpose.encode()


def unseal(key: DataKey | None, sealed: bytes | None, aad: bytes) -> bytes | Erased | None:
    """The personal part: None if there was none, ERASED if its key is gone."""
    if sealed is None:
        return None
    return ERASED if key is None else key.open(sealed, aad)


def split(model: Strict) -> tuple[bytes, bytes | None]:
    """The model as JSON without its personal fields, and those that hold something as JSON."""
    if not model.personal:
        return to_json(model), None
    body = to_json(model, exclude=set(model.personal))
    blank = _blank(type(model))
    filled = {name for name, empty in blank.items() if getattr(model, name) != empty}
    return body, to_json(model, include=filled) if filled else None


@cache
def _blank(model: type[Strict]) -> dict[str, Any]:
    """What the personal fields of such a model hold while nobody told anything."""
    fields = model.model_fields
    return {name: fields[name].get_default(call_default_factory=True) for name in model.personal}


def join(body: bytes, personal: bytes | Erased | None) -> bytes:
    """The JSON that `split` took apart; erased fields stay absent."""
    if personal is None or isinstance(personal, Erased):
        return body
    return personal if body == b"{}" else body[:-1] + b"," + personal[1:]
