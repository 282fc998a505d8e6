"""The master key: it wraps every other key, and what is derived from it never lies anywhere."""

import base64
import binascii
import hmac
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_EPOCH_BYTES: Final = 2


class MasterKeyError(Exception):
    """The master key is missing, malformed or the wrong one; the text says what to do."""


class Vault:
    """Wraps keys and secrets with AES-256-GCM under the newest epoch of the master key.

    What is derived comes from the oldest epoch for good: hashes by which rows are found must not
    change when the master key is rotated, so the oldest key is never thrown away.
    """

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys:
            raise MasterKeyError("there is no master key: set CARTBRIDGE_MASTER_KEY")
        for epoch, key in keys.items():
            if not 0 < epoch < 2**16 or len(key) != KEY_BYTES:
                raise MasterKeyError(f"master key of epoch {epoch}: it must be 32 bytes long")
        self._ciphers = {epoch: AESGCM(key) for epoch, key in keys.items()}
        self._oldest = keys[min(keys)]
        self.epoch = max(keys)

    def __repr__(self) -> str:
        return f"Vault(epochs={sorted(self._ciphers)})"

    @classmethod
    def of(cls, key: bytes) -> "Vault":
        """A vault with one master key of 32 bytes, as epoch 1."""
        return cls({1: key})

    def wrap(self, secret: bytes, aad: bytes = b"") -> bytes:
        """The secret, encrypted under the newest epoch; `aad` says what it is for."""
        nonce = os.urandom(NONCE_BYTES)
        head = self.epoch.to_bytes(_EPOCH_BYTES, "big")
        return head + nonce + self._ciphers[self.epoch].encrypt(nonce, secret, head + aad)

    def unwrap(self, wrapped: bytes, aad: bytes = b"") -> bytes:
        """The secret again; MasterKeyError if its epoch is not here or it was tampered with."""
        head, rest = wrapped[:_EPOCH_BYTES], wrapped[_EPOCH_BYTES:]
        cipher = self._ciphers.get(self.epoch_of(wrapped))
        if cipher is None:
            raise MasterKeyError(
                f"the master key of epoch {self.epoch_of(wrapped)} is missing: add it back to "
                "CARTBRIDGE_MASTER_KEY as <epoch>:<key>"
            )
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + aad)
        except InvalidTag:
            raise MasterKeyError(
                "this master key does not open what is stored: it is another installation's, "
                "or the row was changed (run `cartbridge verify`)"
            ) from None

    @staticmethod
    def epoch_of(wrapped: bytes) -> int:
        """The epoch of the master key that wrapped it."""
        return int.from_bytes(wrapped[:_EPOCH_BYTES], "big")

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, the same as long as the oldest epoch lives."""
        info = b"cartbridge " + purpose.encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._oldest)

    def keyed_hash(self, purpose: str, text: str) -> bytes:
        """A hash of 32 bytes that nobody can compute, or guess back, without the master key."""
        return hmac.digest(self.derive(purpose), text.encode(), "sha256")


def parse_master_keys(text: str) -> dict[int, bytes]:
    """Read CARTBRIDGE_MASTER_KEY: one base64 key, or several as `1:…,2:…` (the last one wraps)."""
    keys: dict[int, bytes] = {}
    for number, part in enumerate(text.strip().split(","), start=1):
        epoch, colon, encoded = part.strip().rpartition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
            keys[int(epoch) if colon else number] = key
        except (ValueError, binascii.Error):
            key = b""
        if len(key) != KEY_BYTES:
            raise MasterKeyError(
                "CARTBRIDGE_MASTER_KEY must be 32 random bytes in base64; make one with: "
                "openssl rand -base64 32"
            )
    return keys


def open_vault(setting: str | None, path: Path) -> Vault:
    """The vault of CARTBRIDGE_MASTER_KEY, else of the file, which is made if it is not there."""
    return Vault(parse_master_keys(setting) if setting else _keys_of(path))


def load_or_create_master_key(path: Path) -> bytes:
    """The newest key in that file; its owner's alone (0600), made at the first start."""
    keys = _keys_of(path)
    return keys[max(keys)]


def _keys_of(path: Path) -> dict[int, bytes]:
    if not path.exists():
        _create(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise MasterKeyError(f"{path} can be read by others: chmod 600 {path}")
    return parse_master_keys(path.read_text(encoding="ascii"))


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces the key of a process that was quicker.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
