"""Which fields the expressions of a mapping read, so that the report can name those they do not."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cartbridge_declarative.expressions import Expression
from cartbridge_declarative.values import is_told

Path = tuple[str, ...]
# What is read of an object, by field; None: the field with all that is in it.
Coverage = Mapping[str, "Coverage | None"]

_CHAINS: Final = frozenset({"subexpression", "pipe", "index_expression"})


def coverage_of(expressions: Iterable[Expression | None]) -> Coverage | None:
    """What these expressions read of the object they are given; None: all of it."""
    covered: dict[str, Any] = {}
    for expression in expressions:
        if expression is not None:
            for path in paths_of(expression):
                if not path:
                    return None
                _add(covered, path)
    return covered


def paths_of(expression: Expression) -> list[Path]:
    """Where an expression looks, from what it is given."""
    paths, last = _read(expression.tree, ())
    return sorted(paths if last is None else {*paths, last})


def uncovered(part: Mapping[str, Any], read: Coverage | None, at: str) -> Iterator[str]:
    """The fields of an object that tell something and that nothing reads, as paths from `at`."""
    if read is None:
        return
    for name, value in part.items():
        if not is_told(value):
            continue
        if name not in read:
            yield f"{at}{name}"
        elif (deeper := read[name]) is None:
            continue
        elif isinstance(value, dict):
            yield from uncovered(value, deeper, f"{at}{name}.")
        else:
            yield f"{at}{name}"  # no object, as the mapping thinks


def _add(covered: dict[str, Any], path: Path) -> None:
    for name in path[:-1]:
        deeper = covered.setdefault(name, {})
        if deeper is None:
            return
        covered = deeper
    covered[path[-1]] = None


def _read(node: Any, at: Path) -> tuple[set[Path], Path | None]:
    """The paths read so far, and the one a next step would go on from; None: it is a new value."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return set(), (*at, node["value"])
    if kind in ("current", "identity"):
        return set(), at
    if kind in ("literal", "expref"):  # what an expref looks at was read with its list
        return set(), None
    if kind in _CHAINS:
        return _chain(children, at)
    if kind in ("index", "slice"):
        return {at}, None
    if kind.endswith("projection") or kind == "flatten":
        children = children[:1]  # the others look at its members
    paths: set[Path] = set()
    for child in children:
        read, last = _read(child, at)
        paths |= read if last is None else {*read, last}
    return paths, None


def _chain(steps: Iterable[Any], at: Path) -> tuple[set[Path], Path | None]:
    paths: set[Path] = set()
    last: Path | None = at
    for step in steps:
        if last is None:
            break
        read, last = _read(step, last)
        paths |= read
    return paths, last
