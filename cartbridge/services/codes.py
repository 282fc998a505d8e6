"""Codes and passes: drawn from secrets of the gateway, read from whatever a scanner types."""

import hashlib
import re
from typing import Final

from cartbridge.database.vault import Vault

# Sixteen letters that sit on the same keys of AZERTY, QWERTY and QWERTZ: no digit, no vowel.
ALPHABET: Final = "BCDFGHJKLNPRSTVX"
LENGTH: Final = 32
_AZERTY_DIGITS: Final = str.maketrans("&é\"'(-è_çà", "1234567890")


def letters(secret: bytes) -> str:
    """16 bytes as 32 letters."""
    return "".join(ALPHABET[byte >> 4] + ALPHABET[byte & 15] for byte in secret[:16])


def digits(secret: bytes) -> str:
    """A short code: 8 digits."""
    return f"{int.from_bytes(secret[:8], 'big') % 10**8:08d}"


def scanned(text: str) -> str | None:
    """The code in what a scanner typed: the last 32 of our letters, whatever stood before."""
    ours = [letter for letter in text.upper() if letter in ALPHABET]
    return "".join(ours[-LENGTH:]) if len(ours) >= LENGTH else None


def typed(text: str) -> str | None:
    """The 8 digits a person keyed in, spaces and an unshifted AZERTY row forgiven."""
    plain = re.sub(r"[\s.]", "", text)
    if not plain.isdigit():
        plain = plain.translate(_AZERTY_DIGITS)
    return plain if re.fullmatch(r"\d{8}", plain) else None


def hashed(code: str) -> bytes:
    """What the database keeps of a code or a pass."""
    return hashlib.sha256(code.encode()).digest()


def pass_of(vault: Vault, cart: str) -> str:
    """The pass of a cart and all that come from it: long-lived, shows it, opens no till."""
    return letters(vault.keyed_hash("pass", cart))
