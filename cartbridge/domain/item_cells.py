"""Reads one cell of an item list: what people and spreadsheets write, in English or French."""

import re
import unicodedata
from decimal import Decimal
from typing import Final

from cartbridge.domain.items import SoldBy, check_digit, is_gtin
from cartbridge.domain.money import minor_digits, to_minor
from cartbridge.domain.quantity import plain


class CellError(ValueError):
    """A cell that cannot be taken: a stable reason, what is wrong, how to mend it."""

    def __init__(self, reason: str, detail: str, mend: str) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.mend = reason, detail, mend


def plain_words(text: str) -> str:
    """A text without accents, case, punctuation or double spaces, for comparing."""
    bare = unicodedata.normalize("NFKD", text)
    letters = "".join(c for c in bare if not unicodedata.combining(c)).casefold()
    return " ".join(re.sub(r"[_\-’'./]", " ", letters).split())


def _words(table: dict[str, str]) -> dict[str, str]:
    return {word: code for code, words in table.items() for word in words.split(", ")}


# UN/ECE Rec 20 as far as shops sell by it. "ml" is left out: it is a millilitre to one shop
# and a "mètre linéaire" to the next.
_UNITS: Final = _words(
    {
        "C62": "c62, h87, piece, pieces, pce, pcs, unite, unites, unit, each, ea, u",
        "PR": "pr, pair, paire",
        "SET": "set, lot",
        "KGM": "kgm, kg, kilo, kilogram, kilogramme",
        "GRM": "grm, g, gram, gramme",
        "MTR": "mtr, m, metre, metres, meter, metre lineaire",
        "CMT": "cmt, cm, centimetre",
        "MMT": "mmt, mm, millimetre",
        "MTK": "mtk, m2, metre carre, square metre",
        "MTQ": "mtq, m3, metre cube, cubic metre",
        "LTR": "ltr, l, litre, liter",
        "CLT": "clt, cl, centilitre",
        "MLT": "mlt, millilitre",
    }
)
_SOLD_BY: Final[dict[str, SoldBy]] = {
    **dict.fromkeys(("piece", "la piece", "a la piece", "unit", "unite", "each"), "piece"),
    **dict.fromkeys(("weight", "poids", "au poids", "kg", "weighed"), "weight"),
    **dict.fromkeys(("length", "longueur", "metre", "au metre", "a la coupe", "cut"), "length"),
    **dict.fromkeys(("area", "surface", "au metre carre", "m2"), "area"),
    **dict.fromkeys(("volume", "au litre", "litre"), "volume"),
}
_MEASURES: Final[dict[str, SoldBy]] = {
    **dict.fromkeys(("C62", "PR", "SET"), "piece"),
    **dict.fromkeys(("KGM", "GRM"), "weight"),
    **dict.fromkeys(("MTR", "CMT", "MMT"), "length"),
    "MTK": "area",
    **dict.fromkeys(("MTQ", "LTR", "CLT", "MLT"), "volume"),
}
_SCOPES: Final = {"store": "store", "magasin": "store", "brand": "brand", "enseigne": "brand"} | {
    "marque": "brand"
}
_EXPONENT: Final = re.compile(r"^\d([.,]\d+)?E\+?\d+$", re.IGNORECASE)
_SPACES: Final = re.compile(r"[\s\u00a0\u202f']")
_AS_TEXT: Final = "format the column as text in the spreadsheet and export it again"


def read_gtins(cell: str) -> tuple[str, ...]:
    """The GTINs of a cell, several being parted by a bar, a comma or a semicolon."""
    if _EXPONENT.match(cell):
        return (_read_gtin(cell),)
    parts = [part.strip() for part in re.split(r"[|,;\n]", cell)]
    return tuple(dict.fromkeys(_read_gtin(part) for part in parts if part))


def _read_gtin(text: str) -> str:
    if _EXPONENT.match(text):
        raise CellError(
            "gtin_rounded",
            f"{text} is a GTIN that a spreadsheet turned into a rounded number",
            f"its digits are lost in this file: {_AS_TEXT}",
        )
    digits = _SPACES.sub("", text)
    digits = re.sub(r"[.,]0+$", "", digits)
    if not re.fullmatch(r"[0-9]+", digits):
        raise CellError("gtin_not_digits", f"{text} is not a GTIN", "keep its digits only")
    if len(digits) not in (8, 12, 13, 14):
        raise _wrong_length(digits)
    if not is_gtin(digits):
        raise _wrong_check_digit(digits)
    return digits


def _wrong_length(digits: str) -> CellError:
    detail = f"{digits} has {len(digits)} digits; a GTIN has 8, 12, 13 or 14"
    for length in (8, 13):
        full = digits.zfill(length)
        if length - 3 <= len(digits) < length and is_gtin(full):
            return CellError(
                "gtin_length", detail, f"perhaps {full} lost its leading zeros: {_AS_TEXT}"
            )
    return CellError("gtin_length", detail, "look at the bar code and write all of its digits")


def _wrong_check_digit(digits: str) -> CellError:
    right = check_digit(digits[:-1])
    if digits.endswith("00000"):
        mend = f"its zeros look like a spreadsheet's rounding: {_AS_TEXT}"
    else:
        mend = f"compare it with the bar code; with these digits the last one would be {right}"
    return CellError("gtin_check_digit", f"{digits} has a wrong check digit", mend)


def read_scope(cell: str) -> str:
    """Where in-store numbers hold, written like `store:lyon-2` or `enseigne:maison`."""
    kind, _, name = cell.partition(":")
    scope = _SCOPES.get(plain_words(kind))
    if scope is None or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name.strip()):
        raise CellError(
            "bad_scope",
            f"{cell} names neither a store nor a brand",
            "write it like store:lyon-2 or brand:maison-lumiere",
        )
    return f"{scope}:{name.strip()}"


def read_unit(cell: str) -> str:
    """The UN/ECE Rec 20 unit that a word or code means; an empty cell is the piece."""
    unit = _UNITS.get(plain_words(cell)) if cell else "C62"
    if unit is None:
        raise CellError(
            "unknown_unit",
            f"{cell} is not a unit this list knows",
            f"write one of {', '.join(sorted(_MEASURES))} (UN/ECE Rec 20)",
        )
    return unit


def read_sold_by(cell: str, unit: str) -> SoldBy:
    """How the article is sold; an empty cell means as its unit says."""
    if not cell:
        return _MEASURES[unit]
    sold_by = _SOLD_BY.get(plain_words(cell))
    if sold_by is None:
        raise CellError(
            "unknown_sold_by",
            f"{cell} does not say how the article is sold",
            "write piece, weight, length, area or volume",
        )
    if sold_by != _MEASURES[unit]:
        raise CellError(
            "unit_mismatch",
            f"an article sold by {sold_by} is not counted in {unit}",
            "correct the unit or how it is sold",
        )
    return sold_by


def _read_number(cell: str, reason: str, mend: str) -> Decimal:
    """A number whose last comma or point is the decimal mark; the other one parts thousands."""
    text = re.sub(r"[\s\u00a0\u202f€$£%]", "", cell)
    mark = max(",.", key=text.rfind)
    whole, _, decimals = text.rpartition(mark) if mark in text else (text, "", "")
    thousands = "," if mark == "." else "."
    if re.fullmatch(rf"\d{{1,3}}(\{thousands}\d{{3}})+", whole, re.ASCII):
        whole = whole.replace(thousands, "")
    if not re.fullmatch(r"\d{1,13}", whole, re.ASCII) or not re.fullmatch(
        r"\d{0,9}", decimals, re.ASCII
    ):
        raise CellError(reason, f"{cell} is not a number", mend)
    return Decimal(f"{whole}.{decimals or 0}")


def read_price(cell: str, currency: str) -> int:
    """A price in minor units, written 49.90 or 49,90; never negative, never rounded."""
    digits = minor_digits(currency)
    mend = f"write it like {f'1234.{5:0{digits}}' if digits else '1234'}, without a thousands mark"
    value = _read_number(cell, "bad_price", mend)
    if digits != 3 and re.fullmatch(r"\D*\d{1,3}[.,]\d{3}\D*", cell):
        raise CellError("bad_price", f"{cell} could be thousands or decimals", mend)
    if value != value.quantize(Decimal(1).scaleb(-digits)) or value > 10**9:
        raise CellError("bad_price", f"{cell} is not a price in {currency}", mend)
    return to_minor(value, currency)


def read_tax_rate(cell: str) -> str:
    """A tax rate as a decimal fraction: 20, 20 % and 0.20 are all "0.2"."""
    mend = "write it in percent with its sign, like 5.5 %"
    value = _read_number(cell, "bad_tax_rate", mend)
    if "%" in cell or value > 1:
        value = value / 100
    elif value == 1:
        raise CellError("bad_tax_rate", f"{cell} could be 1 % or 100 %", mend)
    if value >= 1 or value != value.quantize(Decimal("0.000001")):
        raise CellError("bad_tax_rate", f"{cell} is not a tax rate", mend)
    return plain(value)


def read_address(cell: str) -> str:
    """A web address of a picture or a product page."""
    if not re.fullmatch(r"https?://[^\s/]+\S*", cell) or len(cell) > 2000:
        raise CellError(
            "bad_address", f"{cell[:80]} is not a web address", "write it whole, with https://"
        )
    return cell
