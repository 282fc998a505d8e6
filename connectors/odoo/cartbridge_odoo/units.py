"""Odoo's units of measure, in French and English, as UN/ECE Rec 20 codes."""

from typing import Final

from cartbridge.sdk.documents import SoldBy

_CODES: Final = {
    **dict.fromkeys(("units", "unit", "unit(s)", "unité", "unités", "unité(s)", ""), "C62"),
    "kg": "KGM",
    "g": "GRM",
    "m": "MTR",
    "cm": "CMT",
    "mm": "MMT",
    "m²": "MTK",
    "m³": "MTQ",
    "l": "LTR",
}
_SOLD_BY: Final[dict[str, SoldBy]] = {
    **dict.fromkeys(("KGM", "GRM"), "weight"),
    **dict.fromkeys(("MTR", "CMT", "MMT"), "length"),
    "MTK": "area",
    **dict.fromkeys(("MTQ", "LTR"), "volume"),
}


def unit_of(name: str) -> str | None:
    """The code of a unit by the name Odoo shows; None if it is not one of those known here."""
    return _CODES.get(name.strip().lower())


def sold_by(code: str) -> SoldBy:
    """Whether what is counted so is sold by the piece, weight, length, area or volume."""
    return _SOLD_BY.get(code, "piece")
