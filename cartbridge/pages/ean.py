"""EAN-13 bar codes that a till's own scanner reads off paper or a screen."""

import re
from typing import Final

from barcode import EAN13

from cartbridge.domain.items import is_in_store, to_ean13

# 3 dots of a 203 dpi receipt printer: every bar is printed equally wide. GS1 wants at least 0.33.
MODULE_MM: Final = 0.375
LEFT_QUIET: Final = 11  # modules, GS1 General Specifications 5.2.3.4
RIGHT_QUIET: Final = 7
BARS: Final = 95
WIDTH: Final = LEFT_QUIET + BARS + RIGHT_QUIET
WIDTH_MM: Final = WIDTH * MODULE_MM

_BAR_HEIGHT: Final = 56  # modules: 21 mm
_GUARD_HEIGHT: Final = 61
_HEIGHT: Final = 67
_BASELINE: Final = 65
# First digit in the quiet zone, then two groups of six under their halves: x, width in modules.
_GROUPS: Final = ((slice(0, 1), 1, 7), (slice(1, 7), 15, 40), (slice(7, 13), 62, 40))


def digits(gtin: str) -> str | None:
    """The 13 digits a till may scan for this GTIN; None where the number would mislead it.

    A case code names several articles; an in-store number may hold a weight or a price, and holds
    in one store or brand only.
    """
    restricted = is_in_store(gtin) or (len(gtin) == 8 and gtin[0] in "02")  # RCN-8 starts 0 or 2
    return None if restricted else to_ean13(gtin)


def svg(gtin: str) -> str | None:
    """The EAN-13 bar code of a GTIN, its digits beneath; None where `digits` knows none."""
    ean = digits(gtin)
    if ean is None:
        return None
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_HEIGHT}"'
        f' width="{WIDTH_MM:g}mm" height="{_HEIGHT * MODULE_MM:g}mm">'
        f'<rect width="{WIDTH}" height="{_HEIGHT}" fill="#fff"/>'
        f'<path shape-rendering="crispEdges" fill="#000" d="{_bars(ean)}"/>'
        f'<g font-family="monospace" font-size="9" fill="#000">{_digits(ean)}</g></svg>'
    )


def _bars(ean: str) -> str:
    modules = EAN13(ean, guardbar=True).build()[0]
    return "".join(
        f"M{LEFT_QUIET + run.start()} 0h{len(run.group())}v{_height(run.group())}"
        f"h-{len(run.group())}z"
        for run in re.finditer(r"1+|G+", modules)
    )


def _height(run: str) -> int:
    return _GUARD_HEIGHT if run[0] == "G" else _BAR_HEIGHT


def _digits(ean: str) -> str:
    return "".join(
        f'<text x="{x}" y="{_BASELINE}" textLength="{width}">{ean[group]}</text>'
        for group, x, width in _GROUPS
    )
