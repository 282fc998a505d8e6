"""Amounts and tax rates as the platform writes them, rounded once to minor units."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from cartbridge.sdk.documents import minor_digits, plain
from cartbridge_declarative.expressions import NotOne
from cartbridge_declarative.sections import Money

MAX_MINOR: Final = 10**12  # a cart's amount fits far below this
_DECIMAL: Final = re.compile(r"-?[0-9]{1,15}(?:[.,][0-9]{1,12})?")
_RATE: Final = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,8})?")


@dataclass(frozen=True)
class Amounts:
    """How the amounts of one document are written, and in which currency."""

    money: Money
    currency: str

    def exact(self, value: Any) -> Decimal | None:
        """An amount in minor units, with the digits it has more; None if it is not told."""
        if value is None or value == "":
            return None
        amount = self._written(value).scaleb(self._digits)
        if abs(amount) > MAX_MINOR:
            raise NotOne("an amount of any shop's range is expected")
        return amount

    def major(self, exact: Decimal) -> str:
        """An exact amount as people write it: in major units, every digit kept."""
        return plain(exact.scaleb(-minor_digits(self.currency)))

    def rate(self, value: Any) -> Decimal | None:
        """A tax rate as a fraction: 20 % is 0.20; None if it is not told."""
        if value is None or value == "":
            return None
        expected = NotOne("a tax rate is expected, for example 20 or 5.5")
        text = plain(Decimal(value)) if isinstance(value, int | Decimal) else value
        if isinstance(value, bool) or not isinstance(text, str) or not _RATE.fullmatch(text):
            raise expected
        rate = Decimal(text.replace(",", "."))
        fraction = rate / 100 if self.money.rates == "percent" else rate
        if fraction >= 10 or fraction != round(fraction, 6):
            raise expected
        return fraction

    @property
    def _digits(self) -> int:
        return 0 if self.money.amounts == "minor" else minor_digits(self.currency)

    def _written(self, value: Any) -> Decimal:
        match self.money.amounts:
            case "minor":
                if type(value) is not int:
                    raise NotOne("a whole number of minor units is expected, for example 4990")
                return Decimal(value)
            case "decimal_text":
                return self._parsed(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise NotOne("a number is expected, for example 49.90")
        return Decimal(value)

    def _parsed(self, text: Any) -> Decimal:
        mark = self.money.decimal_mark
        other = "," if mark == "." else "."
        if not isinstance(text, str) or not _DECIMAL.fullmatch(text) or other in text:
            raise NotOne(f'a decimal text is expected, for example "49{mark}90"')
        return Decimal(text.replace(",", "."))


def rounded(exact: Decimal) -> int:
    """Minor units, half up as tills do."""
    return int(exact.to_integral_value(ROUND_HALF_UP))
