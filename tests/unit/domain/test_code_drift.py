"""Codes: a no is a no whoever says it, and what nobody said is unknown; whose word is told."""

import pytest

from cartbridge.domain.code_drift import CodeDrift, codes_here
from cartbridge.domain.policy import CodesRule


@pytest.mark.parametrize(
    ("taken", "rule", "honoured", "why"),
    [
        (None, CodesRule(), "unknown", "nobody_told"),
        (None, CodesRule(codes_from="franchise"), "unknown", "nobody_told"),
        (True, CodesRule(), "yes", "till"),
        (False, CodesRule(), "no", "till"),
        (None, CodesRule(codes="honoured", codes_from="tenant"), "yes", "tenant"),
        (False, CodesRule(codes="honoured", codes_from="store"), "no", "till"),
        (True, CodesRule(codes="honoured", codes_from="store"), "yes", "till"),
        (True, CodesRule(codes="not_honoured", codes_from="brand"), "no", "brand"),
        (None, CodesRule(codes="not_honoured", codes_from="store"), "no", "store"),
    ],
)
def test_whether_a_code_holds_here(
    taken: bool | None, rule: CodesRule, honoured: str, why: str
) -> None:
    [told] = codes_here(("NOEL",), {"NOEL": taken}, rule)
    assert told == CodeDrift.model_validate({"code": "NOEL", "honoured": honoured, "why": why})


def test_each_code_is_judged_by_itself() -> None:
    told = codes_here(("NOEL", "WEB"), {"WEB": False}, CodesRule())
    assert [(one.code, one.honoured) for one in told] == [("NOEL", "unknown"), ("WEB", "no")]
    assert codes_here((), {}, CodesRule()) == ()
