"""Texts that others made, brought into what PostgreSQL can keep: UTF-8 without NUL."""

from typing import Final

_REASON: Final = 500


def is_storable(text: str) -> bool:
    """Whether a text can be kept as it is."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def as_reason(text: str) -> str:
    """A reason that can always be kept, whatever an error's text held; 500 characters at most."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:_REASON]
