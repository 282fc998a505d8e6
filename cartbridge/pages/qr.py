"""QR codes, small enough to be read off a scratched phone where capitals and digits suffice."""

import io
import re
from typing import Final

import segno

QUIET_ZONE: Final = 4  # modules, ISO/IEC 18004

_ALPHANUMERIC: Final = re.compile(r"^[0-9A-Z $%*+\-./:]+$")


def svg(text: str) -> str:
    """The QR code of a text as an SVG that scales; capitals and digits alone make it smallest."""
    out = io.BytesIO()
    _code(text).save(
        out,
        kind="svg",
        border=QUIET_ZONE,
        xmldecl=False,
        omitsize=True,
        light="#fff",
        svgclass=None,
        lineclass=None,
    )
    return out.getvalue().decode()


def png(text: str, scale: int = 8) -> bytes:
    """The same QR code as a PNG, `scale` pixels per module."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", border=QUIET_ZONE, scale=scale)
    return out.getvalue()


def version(text: str) -> int:
    """How large the code of a text is: 1 to 40, the smaller the easier to read."""
    return int(_code(text).version)


def _code(text: str) -> segno.QRCode:
    mode = "alphanumeric" if _ALPHANUMERIC.match(text) else "byte"
    return segno.make_qr(text, error="m", mode=mode, boost_error=False)
