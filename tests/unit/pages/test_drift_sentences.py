"""The drift report in words: what holds, at which price, and by whose rule."""

from itertools import product
from typing import get_args

import pytest

from cartbridge.domain.code_drift import CodeDrift
from cartbridge.domain.drift import Drift, LineDrift, TillPrice, TillSide, report
from cartbridge.domain.line import Prices
from cartbridge.domain.policy import PolicyFrom
from cartbridge.domain.store import PricePolicy
from cartbridge.domain.winner import Note
from cartbridge.pages.drift_sentences import explained
from tests.unit.domain.test_drift import a_cart

NOTHING = Prices()
LAMP = Prices(unit_price=4990, total=4990)
LAMPS = Prices(unit_price=4990)


def said(prices: Prices, till: int | None, policy: PricePolicy, by: PolicyFrom, locale: str) -> str:
    told = {} if till is None else {"lin_1": TillPrice(unit_price=till)}
    side = TillSide(currency="EUR", policy=policy, policy_from=by)
    [line] = explained(report(a_cart(prices), told, "till", side), locale).lines
    assert line.winner.explanation is not None
    return line.winner.explanation.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("prices", "till", "policy", "english", "french"),
    [
        (
            LAMP,
            5490,
            "till",
            "The till's price holds: €54.90, instead of €49.90 in the basket.",
            "Le prix de la caisse s'applique : 54,90 €, au lieu de 49,90 € dans le panier.",
        ),
        (
            LAMP,
            4490,
            "captured",
            "The basket's price holds: €49.90; the till says €44.90.",
            "Le prix du panier s'applique : 49,90 € ; la caisse affiche 44,90 €.",
        ),
        (
            LAMP,
            4490,
            "lower",
            "The lower price holds: €44.90 at the till, instead of €49.90 in the basket.",
            "Le prix le plus bas s'applique : 44,90 € en caisse, "
            "au lieu de 49,90 € dans le panier.",
        ),
        (
            LAMP,
            4990,
            "lower",
            "The basket and the till say the same: €49.90.",
            "Le panier et la caisse affichent le même prix : 49,90 €.",
        ),
        (
            LAMP,
            None,
            "lower",
            "The basket's price holds: €49.90; the till's is not known here.",
            "Le prix du panier s'applique : 49,90 € ; celui de la caisse n'est pas connu ici.",
        ),
        (
            LAMP,
            None,
            "till",
            "The till rings up its own price; it is not known here (basket: €49.90).",
            "La caisse applique son propre prix, qui n'est pas connu ici (panier : 49,90 €).",
        ),
        (
            LAMPS,
            4990,
            "lower",
            "The basket and the till say the same: €49.90.",
            "Le panier et la caisse affichent le même prix : 49,90 €.",
        ),
    ],
)
def test_what_holds_is_told_with_both_amounts(
    prices: Prices, till: int | None, policy: PricePolicy, english: str, french: str
) -> None:
    rule = "This store's own rule.", "Règle propre à ce magasin."
    told = said(prices, till, policy, "store", "en-GB")
    assert told == f"{english} {rule[0]}".replace("'", "’")
    told = said(prices, till, policy, "store", "fr-FR")
    assert told == f"{french} {rule[1]}".replace("'", "’")


def test_where_no_rule_decided_none_is_told() -> None:
    assert said(NOTHING, 4490, "lower", "brand", "en") == (
        "The basket tells no price: the till’s holds: €44.90."
    )
    assert said(NOTHING, None, "lower", "brand", "en") == (
        "Nobody told a price: the till rings up its own."
    )


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("by", get_args(PolicyFrom))
@pytest.mark.parametrize("policy", get_args(PricePolicy))
def test_every_case_has_a_whole_sentence(policy: PricePolicy, by: PolicyFrom, locale: str) -> None:
    for prices, till in product((LAMP, LAMPS, NOTHING), (None, 4490, 4990, 5490)):
        text = said(prices, till, policy, by, locale)
        assert text.endswith(".")
        assert not set("{}[]") & set(text)


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("note", get_args(Note))
@pytest.mark.parametrize("side", ["till", "captured"])
def test_every_note_has_a_whole_sentence(note: Note, side: str, locale: str) -> None:
    drift = report(a_cart(LAMP), {}, "none", TillSide(currency="EUR"))
    [line] = drift.lines
    winner = line.winner.model_copy(update={"note": note, "side": side})
    told = _with(drift, line.model_copy(update={"winner": winner}))
    [line] = explained(told, locale).lines
    assert (line.winner.explanation or "").endswith(".")


def _with(drift: Drift, line: LineDrift) -> Drift:
    return drift.model_copy(update={"lines": (line,)})


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("honoured", ["yes", "no"])
@pytest.mark.parametrize("why", ["till", "store", "brand", "tenant"])
def test_every_code_has_a_sentence_that_names_it(honoured: str, why: str, locale: str) -> None:
    told = [{"code": "NOEL", "honoured": honoured, "why": why}]
    told.append({"code": "WEB", "honoured": "unknown", "why": "nobody_told"})
    drift = report(a_cart(LAMP), {}, "none").model_copy(
        update={"codes": tuple(CodeDrift.model_validate(one) for one in told)}
    )
    noel, web = explained(drift, locale).codes
    assert "NOEL" in (noel.explanation or "")
    assert "WEB" in (web.explanation or "")
