"""Fields of a body that were tolerated without being read."""

from functools import cache

from cartbridge_standard import payloads as wire
from cartbridge_standard.report import Report


def count_unknown(part: wire.Wire, report: Report) -> None:
    """Says how many fields were tolerated without being read."""
    if count := _unknown(part):
        report.add("…", "dropped", f"{count} fields that this version does not know")


def _unknown(part: wire.Wire) -> int:
    parts = _parts()
    count = len(part.model_extra or ())
    for member in vars(part).values():
        for one in member if type(member) is tuple else (member,):
            if type(one) in parts:
                count += _unknown(one)
    return count


@cache  # asked once every form is known: when the first body is read
def _parts() -> frozenset[type[wire.Wire]]:
    return frozenset(_kinds(wire.Wire))


def _kinds(kind: type[wire.Wire]) -> set[type[wire.Wire]]:
    return {kind}.union(*(_kinds(narrower) for narrower in kind.__subclasses__()))
