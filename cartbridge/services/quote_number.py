"""The number by which people know a quote that no platform has numbered."""

import hashlib
from datetime import datetime
from typing import Final

# No letter that is taken for a digit, or for another letter, when it is read out.
_SIGNS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def number_for(name: str, at: datetime) -> str:
    """The same for the same quote: its year, and eight signs (40 bits), such as 26-7K3F-9QXM."""
    drawn = int.from_bytes(hashlib.sha256(f"number {name}".encode()).digest()[:5], "big")
    signs = "".join(_SIGNS[drawn >> shift & 31] for shift in range(35, -1, -5))
    return f"{at:%y}-{signs[:4]}-{signs[4:]}"
