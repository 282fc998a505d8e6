"""Which cells are not shown, so that nobody can be told apart: those of few people, and as many
more as it takes that none of them can be computed from what is shown."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Set
from typing import Final, TypeVar

FEWEST: Final = 10  # people that a cell must have to be shown

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row", bound=Hashable)
Column = TypeVar("Column", bound=Hashable)
People = Set[str]


def hidden(
    cells: Mapping[Key, People], already: Set[Key] = frozenset(), fewest: int = FEWEST
) -> frozenset[Key]:
    """The cells of one partition that are not shown, given who is in each.

    Those with too few people, those that are hidden already, and then as many of the next smallest
    as it takes so that the total less what is shown is never one cell, nor fewer people than that.
    """
    gone = {key for key, people in cells.items() if len(people) < fewest or key in already}
    rest = sorted(cells.keys() - gone, key=lambda key: (len(cells[key]), str(key)))
    while gone and rest and not _safe(gone, cells, fewest):
        gone.add(rest.pop(0))
    return frozenset(gone)


def _safe(gone: Set[Key], cells: Mapping[Key, People], fewest: int) -> bool:
    people = {person for key in gone for person in cells[key]}
    return len(gone) > 1 and len(people) >= fewest


def hidden_in_table(
    cells: Mapping[tuple[Row, Column], People], fewest: int = FEWEST
) -> frozenset[tuple[Row, Column]]:
    """The cells of a table that are not shown where its rows', columns' totals may be, too.

    A row or a column whose total is hidden shows nothing; in any other, what is hidden is safe.
    """
    rows: dict[Row, set[str]] = defaultdict(set)
    columns: dict[Column, set[str]] = defaultdict(set)
    for (row, column), people in cells.items():
        rows[row] |= people
        columns[column] |= people
    dark_rows, dark_columns = hidden(rows, fewest=fewest), hidden(columns, fewest=fewest)
    gone = {key for key in cells if key[0] in dark_rows or key[1] in dark_columns}
    while True:
        more: set[tuple[Row, Column]] = set()
        for part in (
            *({key: cells[key] for key in cells if key[0] == row} for row in rows),
            *({key: cells[key] for key in cells if key[1] == column} for column in columns),
        ):
            more |= hidden(part, gone | more, fewest)
        if more <= gone:
            return frozenset(gone)
        gone |= more
