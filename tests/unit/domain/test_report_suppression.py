"""Nobody can be told apart in what is shown, and nothing is hidden that need not be."""

from collections import defaultdict

from hypothesis import given as for_all
from hypothesis import strategies as st

from cartbridge.domain.report.suppression import FEWEST, hidden, hidden_in_table

People = frozenset[str]
PEOPLE = st.integers(0, 40).flatmap(
    lambda most: st.frozensets(st.integers(0, most).map(str), min_size=1, max_size=most + 1)
)
CELLS = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=1), PEOPLE, min_size=1)
TABLES = st.dictionaries(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("xyz")), PEOPLE, min_size=1
)


def people(number: int, first: int = 0) -> People:
    return frozenset(str(one) for one in range(first, first + number))


def union(cells: list[People]) -> People:
    return frozenset[str]().union(*cells)


def cannot_be_computed(cells: dict[str, People], gone: frozenset[str]) -> bool:
    """The total of a partition less what is shown is nobody's own; or nothing of it is shown."""
    if not gone or gone == cells.keys():
        return True
    return len(gone) > 1 and len(union([cells[key] for key in gone])) >= FEWEST


def test_ten_people_are_shown_and_nine_are_not() -> None:
    assert hidden({"a": people(10), "b": people(30)}) == frozenset()
    assert hidden({"a": people(9), "b": people(9, 20), "c": people(30)}) == {"a", "b"}


def test_the_next_smallest_goes_with_a_cell_that_is_alone() -> None:
    assert hidden({"a": people(3), "b": people(30), "c": people(12)}) == {"a", "c"}


def test_two_cells_of_the_same_few_people_are_not_enough() -> None:
    assert hidden({"a": people(3), "b": people(3), "c": people(12)}) == {"a", "b", "c"}


def test_a_store_that_covers_another_one_is_dark_in_every_table_of_its_own() -> None:
    cells = {("spring", "lyon"): people(40), ("spring", "lille"): people(3, 50)}
    assert hidden_in_table(cells) == cells.keys()


def test_a_campaign_that_is_small_in_one_store_alone_is_not_computed_from_its_total() -> None:
    cells = {
        ("spring", "lyon"): people(40),
        ("spring", "lille"): people(3, 50),
        ("spring", "nice"): people(20, 60),
        ("summer", "lyon"): people(40, 100),
        ("summer", "lille"): people(40, 150),
        ("summer", "nice"): people(40, 200),
    }
    gone = hidden_in_table(cells)
    assert {("spring", "lille"), ("spring", "nice"), ("summer", "lille")} <= gone


@for_all(CELLS)
def test_no_cell_of_few_people_is_shown_or_can_be_computed(cells: dict[str, People]) -> None:
    gone = hidden(cells)
    assert {key for key, who in cells.items() if len(who) < FEWEST} <= gone
    assert cannot_be_computed(cells, gone)


@for_all(CELLS)
def test_where_all_are_many_all_are_shown(cells: dict[str, People]) -> None:
    many = {key: who | people(FEWEST) for key, who in cells.items()}
    assert hidden(many) == frozenset()


@for_all(TABLES)
def test_no_row_and_no_column_of_a_table_gives_a_cell_away(
    cells: dict[tuple[str, str], People],
) -> None:
    gone = hidden_in_table(cells)
    assert {key for key, who in cells.items() if len(who) < FEWEST} <= gone
    for axis in (0, 1):
        parts: dict[str, dict[str, People]] = defaultdict(dict)
        for key, who in cells.items():
            parts[key[axis]][key[1 - axis]] = who
        totals = {name: union(list(part.values())) for name, part in parts.items()}
        dark = hidden(totals)
        for name, part in parts.items():
            of_it = frozenset(key[1 - axis] for key in gone if key[axis] == name)
            assert of_it == part.keys() if name in dark else cannot_be_computed(part, of_it)
