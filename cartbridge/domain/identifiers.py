"""What a customer is known by: her strong identifiers in one form, the strongest first."""

import re
from collections.abc import Iterator
from typing import Final, Literal

from cartbridge.domain.customer import Customer
from cartbridge.domain.model import Strict

IdentifierKind = Literal["external_id", "loyalty_number", "email", "phone"]
SHARED: Final = frozenset({"loyalty_number", "phone"})  # by the people of a household

_SEPARATORS: Final = re.compile(r"[\s().\-/]+")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_NATIONAL: Final = re.compile(r"0[1-9][0-9]{5,12}")
# Countries where a national number begins with a 0 that is left out behind the country's code.
_CODES: Final = {
    "AT": "43",
    "BE": "32",
    "CH": "41",
    "DE": "49",
    "FR": "33",
    "GB": "44",
    "IE": "353",
    "NL": "31",
}


class Identifier(Strict):
    """One thing that is told of nobody else; an external id only means something with `scope`."""

    kind: IdentifierKind
    value: str
    scope: str = ""  # the connection whose id it is

    def __str__(self) -> str:
        return f"{self.kind}/{self.scope}/{self.value}"


def identifiers(
    customer: Customer, connection: str | None = None, country: str | None = None
) -> tuple[Identifier, ...]:
    """Her strong identifiers, the strongest first: what the shop, the card, the mailbox say."""
    return tuple(_told(customer, connection, country))


def _told(customer: Customer, connection: str | None, country: str | None) -> Iterator[Identifier]:
    if connection is not None and customer.external_id is not None:
        yield Identifier(kind="external_id", value=customer.external_id, scope=connection)
    if customer.loyalty_number is not None and (card := loyalty_number(customer.loyalty_number)):
        yield Identifier(kind="loyalty_number", value=card)
    if customer.email is not None and (address := email(customer.email)):
        yield Identifier(kind="email", value=address)
    if customer.phone is not None and (number := phone(customer.phone, country)):
        yield Identifier(kind="phone", value=number)


def loyalty_number(text: str) -> str | None:
    """A loyalty number however it was grouped or typed; None if nothing is left of it."""
    return _SEPARATORS.sub("", text).casefold() or None


def email(text: str) -> str | None:
    """An address as it is compared: trimmed and in small letters; None if it is none."""
    address = text.strip().casefold()
    name, at, host = address.rpartition("@")
    return address if name and at and host else None


def phone(text: str, country: str | None = None) -> str | None:
    """A number as the whole world dials it (E.164); None if it cannot be told which one it is."""
    number = _SEPARATORS.sub("", text)
    if number.startswith("00"):
        number = "+" + number[2:]
    elif _NATIONAL.fullmatch(number) and country in _CODES:
        number = f"+{_CODES[country]}{number[1:]}"
    elif number.startswith("+") and (code := _code(number)):
        number = f"+{code}{number[1 + len(code) :].removeprefix('0')}"  # +33 (0)6 …
    return number if _E164.fullmatch(number) else None


def _code(number: str) -> str | None:
    return next((code for code in _CODES.values() if number.startswith("+" + code)), None)
