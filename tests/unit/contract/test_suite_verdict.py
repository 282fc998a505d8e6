"""What follows from the promises a connector kept: whether its claim holds, and what it is told."""

from typing import Any

import pytest

from cartbridge.administration.connector_verdict import Verdict, show_verdict


def suite(claim: str, reached: str | None, lacks: str = "", **failed: str | None) -> dict[str, Any]:
    """What the plugin notes of a suite: one promise of each level, and these that failed."""
    levels = {"a": "bronze", "b": "silver", "c": "gold", **failed}
    promises = {
        name: {
            "level": level,
            "subject": "any" if level else "tests of its own",
            "outcome": "failed" if name in failed else "passed",
            "says": "AssertionError: it says why" if name in failed else "",
        }
        for name, level in levels.items()
    }
    told = {"suite": "TestAcme", "claim": claim, "reached": reached, "lacks": lacks}
    return {**told, "promises": promises}


@pytest.mark.parametrize(
    ("told", "holds", "says"),
    [
        (suite("gold", "gold"), True, "keeps gold and claims gold."),
        (suite("silver", "gold"), True, 'write level = "gold" into quality.toml'),
        (suite("silver", "silver", c="gold"), True, "keeps silver and claims silver."),
        (suite("silver", "silver", "it cannot freeze"), True, "keep more: it cannot freeze."),
        (suite("gold", "silver", c="gold"), False, "mend what is broken above, or claim less"),
        (suite("bronze", None, a="bronze"), False, "keeps none and claims bronze"),
        (suite("gold", "gold", own=None), False, "keeps gold"),
    ],
)
def test_a_claim_holds_if_what_is_claimed_is_kept(
    told: dict[str, Any], holds: bool, says: str
) -> None:
    verdict = Verdict("acme", [told])
    assert verdict.holds is holds
    (sentence,) = verdict.sentences
    assert says in sentence


def test_one_suite_that_breaks_its_claim_is_enough() -> None:
    assert not Verdict("acme", [suite("gold", "gold"), suite("silver", "bronze", b="silver")]).holds


def test_the_table_names_what_was_broken(capsys: pytest.CaptureFixture[str]) -> None:
    show_verdict(Verdict("acme", [suite("gold", "silver", c="gold")]), every=False, as_json=False)
    said = capsys.readouterr().out
    assert "0 of 1 kept" in said
    assert "c: AssertionError: it says why" in said
