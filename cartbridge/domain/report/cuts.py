"""Sales cut into cells, of which only those are told that tell nobody apart."""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cartbridge.domain.report.attribution_rows import Cell
from cartbridge.domain.report.facts import CartSale
from cartbridge.domain.report.reckoning import Tally
from cartbridge.domain.report.suppression import hidden_in_table

Key = TypeVar("Key", bound=Hashable)
Column = tuple[str | None, str | None]  # the store and the brand, where one of them is asked for


@dataclass
class Sum:
    """What is in one cell, and who."""

    people: set[str] = field(default_factory=set)
    sales: int = 0
    tally: Tally = field(default_factory=Tally)

    def add(self, person: str, sale: CartSale) -> None:
        """One more sale of somebody."""
        self.people.add(person)
        self.sales += not sale.voided
        for line in sale.lines:
            self.tally.add(line, line.quantity, voided=sale.voided)


class Cut(Generic[Key]):
    """One way to cut sales into rows.

    All columns are kept although one is asked for: what is shown of it, less what is shown of the
    whole or of the other ones, must not give a cell away either.
    """

    def __init__(self) -> None:
        self._cells: dict[tuple[Key, Column], Sum] = defaultdict(Sum)

    def add(self, key: Key, column: Column, person: str, sale: CartSale) -> None:
        """One more sale in its cell."""
        self._cells[key, column].add(person, sale)

    def hidden(self) -> frozenset[tuple[Key, Column]]:
        """The cells that are not shown."""
        return hidden_in_table({place: cell.people for place, cell in self._cells.items()})

    def keys(self, column: Column) -> list[Key]:
        """The rows that have something in that column."""
        return [key for key, where in self._cells if where == column]

    def cell(self, key: Key, column: Column, hide: frozenset[tuple[Key, Column]]) -> Cell:
        """What is shown of a cell; one without sales shows that."""
        told = self._cells.get((key, column), Sum())
        if (key, column) in hide:
            return Cell(suppressed=True)
        return Cell(
            suppressed=False, people=len(told.people), sales=told.sales, money=told.tally.money
        )
