"""Whose rule holds in a store: its own, else its brand's, else the retailer's.

A franchise store is bound by no rule of head office: only what the store itself says holds there.
"""

from typing import Literal

from cartbridge.domain.model import Strict
from cartbridge.domain.store import Brand, CodesPolicy, PricePolicy, Store

PolicyFrom = Literal["store", "brand", "tenant", "franchise", "default"]


class Rules(Strict):
    """What a retailer sets for all its stores; None: it leaves that open."""

    policy: PricePolicy | None = None
    codes: CodesPolicy | None = None
    reserve_stock: bool = False  # whether a hand-over to a named store sets its goods aside


class PriceRule(Strict):
    """Whose price wins, and who said so."""

    policy: PricePolicy = "lower"
    policy_from: PolicyFrom = "default"


class CodesRule(Strict):
    """Whether codes of the web hold at the tills (None: nobody said), and who said so."""

    codes: CodesPolicy | None = None
    codes_from: PolicyFrom = "default"


def price_rule(store: Store, brand: Brand | None, retailer: Rules) -> PriceRule:
    """Whose price wins in a store; where nobody said: the till's in a franchise, else the lower."""
    if store.policy is not None:
        return PriceRule(policy=store.policy, policy_from="store")
    if store.owner == "franchise":
        return PriceRule(policy="till", policy_from="franchise")
    if brand is not None and brand.policy is not None:
        return PriceRule(policy=brand.policy, policy_from="brand")
    if retailer.policy is not None:
        return PriceRule(policy=retailer.policy, policy_from="tenant")
    return PriceRule()


def codes_rule(store: Store, brand: Brand | None, retailer: Rules) -> CodesRule:
    """Whether a store's tills honour codes; where nobody said it is not known."""
    if store.codes is not None:
        return CodesRule(codes=store.codes, codes_from="store")
    if store.owner == "franchise":
        return CodesRule(codes_from="franchise")
    if brand is not None and brand.codes is not None:
        return CodesRule(codes=brand.codes, codes_from="brand")
    if retailer.codes is not None:
        return CodesRule(codes=retailer.codes, codes_from="tenant")
    return CodesRule()
