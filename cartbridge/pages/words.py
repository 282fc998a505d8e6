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
        shown = {
            name: value if isinstance(value, str) else self.number(value)
            for name, value in params.items()
        }
        return _filled(template, tuple(params)).format_map(shown)

    def has(self, key: str) -> bool:
        """Whether there is a text of that key."""
        return key in self._texts

    def money(self, amount: int, currency: str) -> str:
        """An amount in minor units as people write it: 49,90 €."""
        return _money(amount, currency, self.tag)

    def number(self, value: int | Decimal) -> str:
        """A number as people write it: 2,5."""
        return _number(str(value), self.tag)

    def cell(self, value: Decimal) -> str:
        """A number as that country's spreadsheets read it: no grouping, 49,90."""
        return format(value, "f").replace(".", get_decimal_symbol(self._locale))

    def quantity(self, quantity: Quantity) -> str:
        """How much: 2 for pieces, 2,5 m for what is cut."""
        return self.amount(quantity.value, quantity.unit)

    def amount(self, value: Decimal, unit: str) -> str:
        """So much of a unit, as `quantity` writes it."""
        return _amount(value, unit, self.tag)

    def percent(self, rate: Decimal) -> str:
        """A rate as people write it: 5,5 % for 0.055."""
        return format_percent(rate, locale=self._locale, decimal_quantization=False)

    def date(self, at: datetime, time_zone: str) -> str:
        """The day of a moment in that time zone: 21 novembre 2026."""
        return _date(at.astimezone(ZoneInfo(time_zone)).date(), self.tag)

    def time(self, at: datetime, time_zone: str) -> str:
        """The hour and minute of a moment in that time zone: 14:02."""
        moment = at.astimezone(ZoneInfo(time_zone))
        return _time(moment.hour, moment.minute, self.tag)

    def _form(self, count: Param) -> str:
        form = self._locale.plural_form(Decimal(count))
        return form if form in _FORMS else "other"


@cache
def _words(language: str, country: str) -> Words:
    try:
        locale = Locale.parse(f"{language}_{country}" if country else _DEFAULT[language])
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(_DEFAULT[language])
    return Words(language, locale)


@cache
def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


# A timeline writes the same few texts, numbers, days and minutes over and over. Tags stand for
# locales here, which are slow to tell apart.
@cache
def _filled(template: str, given: tuple[str, ...]) -> str:
    """The text with its optional parts settled for these values, as str.format_map takes it."""
    return _OPTIONAL.sub(lambda part: _kept(part.group(1), given), template)


@lru_cache(maxsize=4096)
def _money(amount: int, currency: str, tag: str) -> str:
    locale = _locale(tag)
    pattern = copy(locale.currency_formats["standard"])
    digits = minor_digits(currency)
    pattern.frac_prec = (digits, digits)  # ours, never CLDR's, which hides decimals of some
    written: str = pattern.apply(
        to_major(amount, currency), locale, currency=currency, currency_digits=False
    )
    return written


@lru_cache(maxsize=4096)
def _amount(value: Decimal, unit: str, tag: str) -> str:
    value = Decimal(plain(value))
    name = _UNITS.get(unit)
    if name is not None:
        return format_unit(value, name, "short", format="#,##0.######", locale=_locale(tag))
    number = _number(str(value), tag)
    return number if unit == "C62" else f"{number} {unit}"


@lru_cache(maxsize=4096)
def _number(value: str, tag: str) -> str:
    return format_decimal(Decimal(value), locale=_locale(tag), decimal_quantization=False)


@lru_cache(maxsize=4096)
def _date(day: date, tag: str) -> str:
    return format_date(day, "long", locale=_locale(tag))


@lru_cache(maxsize=4096)
def _time(hour: int, minute: int, tag: str) -> str:
    return format_time(time(hour, minute), "short", locale=_locale(tag))


@cache
def texts_of(language: str) -> Mapping[str, str | Mapping[str, str]]:
    """All texts of a language by dotted key; a text with a singular and a plural holds both."""
    rules = _FRENCH if language == "fr" else (_APOSTROPHE,)
    sources = files("cartbridge.pages").joinpath("words", language).iterdir()
    return {
        key: text
        for source in sources
        if source.name.endswith(".toml")
        for key, text in _flat("", tomllib.loads(source.read_text("utf-8")), rules)
    }


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


def _kept(part: str, given: tuple[str, ...]) -> str:
    return part if slots_of(part).issubset(given) else ""
