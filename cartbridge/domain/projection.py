"""Projection: a cart in a platform's own form, with the lines behind each of its rows."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from cartbridge.domain.line import Line
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount


class Shown(Strict):
    """One row as a platform would show it: its item key, how much, and our lines in it."""

    key: str
    quantity: Amount
    lines: tuple[str, ...]  # oldest first


Projection = tuple[Shown, ...]


def project_by(lines: Iterable[Line], key_of: Callable[[Line], str | None]) -> Projection:
    """Lines grouped by the key a platform knows them under; None leaves a line out."""
    amounts: dict[str, Decimal] = {}
    members: dict[str, tuple[str, ...]] = {}
    for line in lines:
        key = key_of(line)
        if key is not None and line.quantity.value:
            amounts[key] = amounts.get(key, Decimal(0)) + line.quantity.value
            members[key] = (*members.get(key, ()), line.id)
    return tuple(
        Shown(key=key, quantity=amount, lines=members[key]) for key, amount in amounts.items()
    )


def basket_of(projection: Projection) -> dict[str, Decimal]:
    """How much of each item key the projection shows."""
    return {shown.key: shown.quantity for shown in projection}
