"""What a platform's change means line by line, for any document that has lines and twins."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cartbridge.domain import merge
from cartbridge.domain.line import Line
from cartbridge.domain.projection import Projection
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.twin import ObservedLine, Snapshot


@dataclass(frozen=True)
class NewLine:
    """A line begins as the platform shows it."""

    line: Line
    note: str | None = None


@dataclass(frozen=True)
class NewQuantity:
    """A line's quantity becomes this; 0 takes it out."""

    line: str
    quantity: Decimal


LineEdit = NewLine | NewQuantity


def edits_of(
    lines: Sequence[Line],
    projection: Projection,
    quantities: Mapping[str, Decimal],
    shown: Snapshot,
    basket: Mapping[str, Decimal],
    line_ids: Iterable[str],
) -> Iterator[LineEdit]:
    """The edits by which the differences of a snapshot reach the lines behind its item keys.

    What a key gains goes to its oldest line, or begins one; what it loses is taken from its
    youngest, and never below what the platform still shows of it (`basket`).
    """
    present = {line.id: line.quantity.value for line in lines}
    members = {row.key: row.lines for row in projection}
    ids = iter(line_ids)
    for key in sorted(quantities, key=_place_in(shown)):
        amount = quantities[key]
        mine = tuple(line for line in members.get(key, ()) if line in present)
        if amount < 0:
            yield from losses(present, mine, amount, basket.get(key, merge.ZERO))
        elif mine:
            yield NewQuantity(mine[0], present[mine[0]] + amount)
        else:
            row = next(line for line in shown.lines if line.key == key)
            yield NewLine(line_of(row, next(ids), amount), row.note)


def losses(
    present: Mapping[str, Decimal], mine: Sequence[str], amount: Decimal, shown: Decimal
) -> Iterator[NewQuantity]:
    """What a key loses is taken from its youngest line; never below what that side shows."""
    held = [(line, present.get(line, merge.ZERO)) for line in mine]
    whole = sum((quantity for _, quantity in held), merge.ZERO)
    left = whole - merge.lowered(whole, amount, shown)
    for line, quantity in reversed(held):
        if left <= 0:
            return
        taken = min(quantity, left)
        yield NewQuantity(line, quantity - taken)
        left -= taken


def line_of(row: ObservedLine, line_id: str, amount: Decimal) -> Line:
    """The line that begins with so much of a platform's row."""
    prices = row.prices if row.quantity == amount else row.prices.scaled(row.quantity, amount)
    return Line(
        id=line_id,
        kind=row.kind,
        sold_by=row.sold_by,
        item=row.item,
        quantity=Quantity(value=amount, unit=row.unit),
        prices=prices,
    )


def _place_in(shown: Snapshot) -> Callable[[str], int]:
    """Where the platform shows an item key: new lines come in the shopper's own order."""
    places = {line.key: place for place, line in reversed(list(enumerate(shown.lines)))}
    return lambda key: places.get(key, len(places))
