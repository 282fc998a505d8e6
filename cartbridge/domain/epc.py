"""Reading the article number off an RFID tag (GS1 EPC Tag Data Standard 1.13, SGTIN-96)."""

import re
from typing import Final

from cartbridge.domain.items import check_digit

_HEADER: Final = 0x30
_BITS: Final = 96
_SERIAL_BITS: Final = 38
# By partition value: bits and digits of the company prefix; the reference has the rest of both.
_PARTITIONS: Final = ((40, 12), (37, 11), (34, 10), (30, 9), (27, 8), (24, 7), (20, 6))
_PREFIX_AND_REFERENCE_BITS: Final = 44
_PREFIX_AND_REFERENCE_DIGITS: Final = 13

_TAG: Final = re.compile(r"[0-9A-Fa-f]{24}")
_URI: Final = re.compile(
    r"urn:epc:(?:id:sgtin:|tag:sgtin-96:[0-7]\.)"
    r"(?P<prefix>[0-9]{6,12})\.(?P<reference>[0-9]{1,7})\.(?P<serial>[^.\s]{1,60})",
    re.ASCII | re.IGNORECASE,
)


def gtin_of_epc(epc: str) -> str:
    """The GTIN-14 of a tag: 24 hexadecimal digits, or a `urn:epc:` URI of an SGTIN.

    ValueError says what is wrong with it; the serial number is not looked at.
    """
    text = epc.strip()
    if _TAG.fullmatch(text):
        prefix, reference = _read_tag(int(text, 16))
    elif uri := _URI.fullmatch(text):
        prefix, reference = uri["prefix"], uri["reference"]
    else:
        raise ValueError("not an EPC: give 24 hexadecimal digits or urn:epc:id:sgtin:…")
    if len(prefix) + len(reference) != _PREFIX_AND_REFERENCE_DIGITS:
        raise ValueError("not an SGTIN: company prefix and item reference have 13 digits together")
    digits = reference[0] + prefix + reference[1:]
    return f"{digits}{check_digit(digits)}"


def _read_tag(tag: int) -> tuple[str, str]:
    """Company prefix and item reference, its first digit the indicator."""
    if tag >> (_BITS - 8) != _HEADER:
        raise ValueError("not an SGTIN-96: such a tag begins with 30")
    partition = tag >> (_BITS - 14) & 0b111
    if partition >= len(_PARTITIONS):
        raise ValueError("not an SGTIN-96: there is no partition 7")
    bits, digits = _PARTITIONS[partition]
    both = tag >> _SERIAL_BITS & (1 << _PREFIX_AND_REFERENCE_BITS) - 1
    rest = _PREFIX_AND_REFERENCE_BITS - bits
    prefix, reference = both >> rest, both & (1 << rest) - 1
    reference_digits = _PREFIX_AND_REFERENCE_DIGITS - digits
    if prefix >= 10**digits or reference >= 10**reference_digits:
        raise ValueError("not an SGTIN-96: its numbers have more digits than its partition allows")
    return f"{prefix:0{digits}}", f"{reference:0{reference_digits}}"
