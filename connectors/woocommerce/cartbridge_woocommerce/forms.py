"""The forms of single values as the shop writes them: amounts, quantities, times, texts."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)

_AMOUNT: Final = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,8})?", re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,5}(\.[0-9]{1,6})?", re.ASCII)
_LEVEL: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)
_GMT: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)
_UTC: Final = re.compile(_GMT.pattern + r"(\.[0-9]{1,6})?Z", re.ASCII)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text without NUL is expected")
    return text


def _amount(value: object) -> object:
    """Major units in a decimal string: a JSON number has been through a float on its way."""
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        return Decimal(value)
    raise ValueError('an amount in a decimal string is expected, for example "49.90"')


def amount_or_blank(value: object) -> object:
    """As an amount; an empty text is none."""
    return Decimal(0) if value == "" else _amount(value)


def _count(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("a quantity is expected")
    if not _COUNT.fullmatch(str(value)):
        raise ValueError("a quantity from 0 to 99999, with six decimals at most, is expected")
    return Decimal(str(value))


def _level(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("how much there is is expected")
    if not _LEVEL.fullmatch(str(value)):
        raise ValueError("nine digits at most, and six decimals, are expected")
    return Decimal(str(value))


def _gmt(value: object) -> object:
    """REST v3 writes its `_gmt` times without their zone."""
    if not isinstance(value, str) or not _GMT.fullmatch(value):
        raise ValueError("a time is expected, for example 2026-11-20T10:00:00")
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _utc(value: object) -> object:
    if not isinstance(value, str) or not _UTC.fullmatch(value):
        raise ValueError("a time is expected, for example 2026-11-20T10:00:00Z")
    return datetime.fromisoformat(value)


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


Storable = AfterValidator(_storable)
Text = Annotated[str, Field(max_length=500), Storable]
Short = Annotated[str, Field(max_length=320), Storable]
MaybeShort = Annotated[Short | None, BeforeValidator(_blank_is_none)]
Name = Annotated[str, Field(min_length=1, max_length=255), Storable]
Sku = Annotated[
    Annotated[str, Field(max_length=100), Storable] | None, BeforeValidator(_blank_is_none)
]
Address = Annotated[
    Annotated[str, Field(max_length=2000), Storable] | None, BeforeValidator(_blank_is_none)
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
MaybeAmount = Annotated[Amount | None, BeforeValidator(_blank_is_none)]
Count = Annotated[Decimal, BeforeValidator(_count)]
Level = Annotated[Decimal, BeforeValidator(_level)]
Id = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Revision = Id
Flag = Annotated[bool, Field(strict=True)]
Gmt = Annotated[AwareDatetime, BeforeValidator(_gmt)]
Moment = Annotated[AwareDatetime, BeforeValidator(_utc)]


class Wire(BaseModel):
    """Read from a sender we do not control."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
