"""The words people read, in French and English, and how amounts and times are written."""

import re
import tomllib
from collections.abc import Mapping
from copy import copy
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent, get_decimal_symbol
from babel.units import format_unit

from cartbridge.domain.money import minor_digits, to_major
from cartbridge.domain.quantity import Quantity, plain

Param = str | int | Decimal
Rules = tuple[tuple[re.Pattern[str], str], ...]  # how a language is typeset
LANGUAGES: Final = ("en", "fr")

_DEFAULT: Final = {"en": "en_GB", "fr": "fr_FR"}  # whose dates and numbers a bare language means
_FORMS: Final = {"one", "other"}
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{(\w+)\}")
# UN/ECE Rec 20 units that Unicode's CLDR knows how to write.
_UNITS: Final = {
    "MTR": "length-meter",
    "CMT": "length-centimeter",
    "MMT": "length-millimeter",
    "KGM": "mass-kilogram",
    "GRM": "mass-gram",
    "LTR": "volume-liter",
    "CLT": "volume-centiliter",
    "MLT": "volume-milliliter",
    "MTK": "area-square-meter",
    "MTQ": "volume-cubic-meter",
}
_APOSTROPHE: Final = (re.compile(r"(?<=\w)'(?=\w)"), "’")
# French puts a space that does not break before double punctuation and inside its quotes.
_FRENCH: Final = (
    _APOSTROPHE,
    (re.compile(r" ([;?!])"), "\u202f\\1"),
    (re.compile(r" ([:»])"), "\u00a0\\1"),
    (re.compile(r"([«°]) "), "\\1\u00a0"),
)


class Words:
    """One language as one country writes it: texts by key, money, quantities, dates and times."""

    def __init__(self, language: str, locale: Locale) -> None:
        self.language = language
        self.tag = str(locale).replace("_", "-")
        self._locale = locale
        self._texts = texts_of(language)

    @classmethod
    def for_locale(cls, tag: str | None) -> "Words":
        """The words of a language tag such as fr-FR; English where the language is not ours."""
        language, _, country = (tag or "").replace("_", "-").partition("-")
        language = language.lower()
        if language not in LANGUAGES:
            language, country = "en", ""
        return _words(language, country.upper())

    def text(self, key: str, **params: Param) -> str:
        """The text of that key; `count` chooses singular or plural, a [part] needs its values."""
        template = self._texts[key]
        if not isinstance(template, str):
            template = template[self._form(params["count"])]
        known = _OPTIONAL.sub(lambda part: _kept(part.group(1), params), template)
        return _SLOT.sub(lambda slot: self._shown(params[slot.group(1)]), known)

    def has(self, key: str) -> bool:
        """Whether there is a text of that key."""
        return key in self._texts

    def money(self, amount: int, currency: str) -> str:
        """An amount in minor units as people write it: 49,90 €."""
        return _money(amount, currency, self._locale)

    def number(self, value: int | Decimal) -> str:
        """A number as people write it: 2,5."""
        return _number(str(value), self._locale)

    def cell(self, value: Decimal) -> str:
        """A number as that country's spreadsheets read it: no grouping, 49,90."""
        return format(value, "f").replace(".", get_decimal_symbol(self._locale))

    def quantity(self, quantity: Quantity) -> str:
        """How much: 2 for pieces, 2,5 m for what is cut."""
        value = Decimal(plain(quantity.value))
        if quantity.unit == "C62":
            return self.number(value)
        unit = _UNITS.get(quantity.unit)
        if unit is None:
            return f"{self.number(value)} {quantity.unit}"
        return format_unit(value, unit, "short", format="#,##0.######", locale=self._locale)

    def percent(self, rate: Decimal) -> str:
        """A rate as people write it: 5,5 % for 0.055."""
        return format_percent(rate, locale=self._locale, decimal_quantization=False)

    def date(self, at: datetime, time_zone: str) -> str:
        """The day of a moment in that time zone: 21 novembre 2026."""
        return _date(at.astimezone(ZoneInfo(time_zone)).date(), self._locale)

    def time(self, at: datetime, time_zone: str) -> str:
        """The hour and minute of a moment in that time zone: 14:02."""
        moment = at.astimezone(ZoneInfo(time_zone))
        return _time(moment.hour, moment.minute, self._locale)

    def _form(self, count: Param) -> str:
        form = self._locale.plural_form(Decimal(count))
        return form if form in _FORMS else "other"

    def _shown(self, value: Param) -> str:
        return value if isinstance(value, str) else self.number(value)


@cache
def _words(language: str, country: str) -> Words:
    try:
        locale = Locale.parse(f"{language}_{country}" if country else _DEFAULT[language])
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(_DEFAULT[language])
    return Words(language, locale)


# A timeline writes the same few numbers, days and minutes over and over.
@lru_cache(maxsize=4096)
def _money(amount: int, currency: str, locale: Locale) -> str:
    pattern = copy(locale.currency_formats["standard"])
    digits = minor_digits(currency)
    pattern.frac_prec = (digits, digits)  # ours, never CLDR's, which hides decimals of some
    written: str = pattern.apply(
        to_major(amount, currency), locale, currency=currency, currency_digits=False
    )
    return written


@lru_cache(maxsize=4096)
def _number(value: str, locale: Locale) -> str:
    return format_decimal(Decimal(value), locale=locale, decimal_quantization=False)


@lru_cache(maxsize=4096)
def _date(day: date, locale: Locale) -> str:
    return format_date(day, "long", locale=locale)


@lru_cache(maxsize=4096)
def _time(hour: int, minute: int, locale: Locale) -> str:
    return format_time(time(hour, minute), "short", locale=locale)


@cache
def texts_of(language: str) -> Mapping[str, str | Mapping[str, str]]:
    """All texts of a language by dotted key; a text with a singular and a plural holds both."""
    source = files("cartbridge.pages").joinpath("words", f"{language}.toml")
    rules = _FRENCH if language == "fr" else (_APOSTROPHE,)
    return dict(_flat("", tomllib.loads(source.read_text("utf-8")), rules))


def slots_of(template: str) -> frozenset[str]:
    """The names of the values that a text takes."""
    return frozenset(_SLOT.findall(template))


def _flat(prefix: str, table: dict[str, Any], rules: Rules) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        if isinstance(value, str):
            found.append((prefix + name, _typeset(value, rules)))
        elif value.keys() == _FORMS:
            forms = {form: _typeset(text, rules) for form, text in value.items()}
            found.append((prefix + name, forms))
        else:
            found += _flat(f"{prefix}{name}.", value, rules)
    return found


def _typeset(text: str, rules: Rules) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def _kept(part: str, params: Mapping[str, Param]) -> str:
    return part if slots_of(part) <= params.keys() else ""
