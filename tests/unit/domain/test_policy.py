"""Rules: a store's own goes first, then its brand's, the retailer's; a franchise is its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartbridge.domain.policy import CodesRule, PriceRule, Rules, codes_rule, price_rule
from cartbridge.domain.store import Brand, Store

POLICIES = (None, "till", "captured", "lower")
CODES = (None, "honoured", "not_honoured")


def a_store(**told: object) -> Store:
    return Store.model_validate({"id": "lyon-2", "brand": "maison", "name": "Lyon 2", **told})


def a_brand(**told: object) -> Brand:
    return Brand.model_validate({"id": "maison", "name": "Maison", **told})


@pytest.mark.parametrize(
    ("store", "brand", "retailer", "policy", "policy_from"),
    [
        ({}, {}, {}, "lower", "default"),
        ({"owner": "concession"}, {}, {}, "lower", "default"),
        ({}, {}, {"policy": "till"}, "till", "tenant"),
        ({}, {"policy": "captured"}, {"policy": "till"}, "captured", "brand"),
        ({"policy": "lower"}, {"policy": "captured"}, {"policy": "till"}, "lower", "store"),
        ({"owner": "franchise"}, {}, {}, "till", "franchise"),
        (
            {"owner": "franchise", "policy": "captured"},
            {"policy": "lower"},
            {},
            "captured",
            "store",
        ),
    ],
)
def test_whose_price_wins(
    store: dict[str, str],
    brand: dict[str, str],
    retailer: dict[str, str],
    policy: str,
    policy_from: str,
) -> None:
    rule = price_rule(a_store(**store), a_brand(**brand), Rules.model_validate(retailer))
    assert (rule.policy, rule.policy_from) == (policy, policy_from)


@given(
    policy=st.sampled_from(POLICIES),
    codes=st.sampled_from(CODES),
    of_brand=st.sampled_from(POLICIES),
    of_retailer=st.sampled_from(POLICIES),
    brand_codes=st.sampled_from(CODES),
    retailer_codes=st.sampled_from(CODES),
)
def test_head_office_never_moves_a_franchise(
    policy: str | None,
    codes: str | None,
    of_brand: str | None,
    of_retailer: str | None,
    brand_codes: str | None,
    retailer_codes: str | None,
) -> None:
    store = a_store(owner="franchise", policy=policy, codes=codes)
    brand = a_brand(policy=of_brand, codes=brand_codes)
    retailer = Rules.model_validate({"policy": of_retailer, "codes": retailer_codes})
    alone = price_rule(store, None, Rules()), codes_rule(store, None, Rules())
    assert (price_rule(store, brand, retailer), codes_rule(store, brand, retailer)) == alone
    assert alone[0].policy == (policy or "till")
    assert alone[1].codes == codes


@pytest.mark.parametrize(
    ("store", "brand", "retailer", "expected"),
    [
        ({}, {}, {}, (None, "default")),
        ({}, {}, {"codes": "honoured"}, ("honoured", "tenant")),
        ({}, {"codes": "not_honoured"}, {"codes": "honoured"}, ("not_honoured", "brand")),
        ({"codes": "honoured"}, {"codes": "not_honoured"}, {}, ("honoured", "store")),
        ({"owner": "franchise"}, {"codes": "honoured"}, {}, (None, "franchise")),
    ],
)
def test_whether_codes_hold(
    store: dict[str, str],
    brand: dict[str, str],
    retailer: dict[str, str],
    expected: tuple[str | None, str],
) -> None:
    rule = codes_rule(a_store(**store), a_brand(**brand), Rules.model_validate(retailer))
    assert (rule.codes, rule.codes_from) == expected


def test_without_a_brand_the_retailer_decides() -> None:
    assert price_rule(a_store(), None, Rules(policy="till")) == PriceRule(
        policy="till", policy_from="tenant"
    )
    assert codes_rule(a_store(), None, Rules()) == CodesRule()
