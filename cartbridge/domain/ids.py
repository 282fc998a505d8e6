"""Ids: a prefix that tells what it is, and a UUIDv7 whose slot tells which shard it lives in."""

import re
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

SLOTS: Final = 4096  # the 12 bits `rand_a` of a UUIDv7
_FORM: Final = re.compile(r"[a-z]{3}_[0-9a-f]{32}")


def make_id(prefix: str, at: datetime, slot: int, entropy: bytes) -> str:
    """An id of that moment in that slot (0 to 4095), from 8 bytes of entropy the caller drew."""
    return named(prefix, make_uuid(at, slot, entropy))


def make_uuid(at: datetime, slot: int, entropy: bytes) -> uuid.UUID:
    """As `make_id`, without a prefix: what a row is called in the database."""
    if not 0 <= slot < SLOTS or len(entropy) != 8:
        raise ValueError("a slot is 0 to 4095 and the entropy 8 bytes")
    milliseconds = int(at.timestamp() * 1000)
    rest = int.from_bytes(entropy, "big") & ((1 << 62) - 1)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | slot << 64 | 0b10 << 62 | rest)


def slot_of(identifier: str) -> int:
    """The slot an id carries; the descendants of a document are made with it."""
    return (uuid_of(identifier).int >> 64) & 0xFFF


def shard_of_slot(slot: int, shards: int) -> int:
    """The shard of a slot: slots are dealt to shards in equal runs."""
    return slot * shards // SLOTS


@lru_cache(maxsize=8192)  # a call asks for the same few ids over and over
def uuid_of(identifier: str) -> uuid.UUID:
    """The bare UUID behind an id; ValueError if it is not one of ours."""
    if not _FORM.fullmatch(identifier):
        raise ValueError("not a CartBridge id: three letters, an underscore, 32 hex digits")
    return uuid.UUID(identifier[4:])


def named(prefix: str, value: uuid.UUID) -> str:
    """The id, with its prefix, of a UUID read from the database."""
    return f"{prefix}_{value.hex}"


def is_id(text: str, prefix: str) -> bool:
    """Whether a text that somebody sent has the form of an id of that prefix."""
    return text.startswith(prefix + "_") and _FORM.fullmatch(text) is not None


def made_at(identifier: str) -> datetime:
    """The moment an id was made, to the millisecond; of a message, when it was received."""
    return datetime.fromtimestamp((uuid_of(identifier).int >> 80) / 1000, UTC)
