"""Which codes of a cart will not be honoured in a store, and why; what is not known is said."""

from collections.abc import Mapping
from typing import Final, Literal

from cartbridge.domain.model import Strict
from cartbridge.domain.policy import CodesRule, PolicyFrom

Why = Literal["till", "store", "brand", "tenant", "nobody_told"]
_BY_RULE: Final[dict[PolicyFrom, Why]] = {"store": "store", "brand": "brand", "tenant": "tenant"}


class CodeDrift(Strict):
    """One code of the cart: whether it will be honoured here, and whose word that is."""

    code: str
    honoured: Literal["yes", "no", "unknown"]
    why: Why
    explanation: str | None = None  # in the caller's language, for the cashier's screen


def codes_here(
    codes: tuple[str, ...], taken: Mapping[str, bool | None], rule: CodesRule
) -> tuple[CodeDrift, ...]:
    """Each code by the store's rule and by what its till takes; a no of either one is a no."""
    return tuple(_code(code, taken.get(code), rule) for code in codes)


def _code(code: str, taken: bool | None, rule: CodesRule) -> CodeDrift:
    by_rule = _BY_RULE.get(rule.codes_from, "nobody_told")
    if rule.codes == "not_honoured":
        return CodeDrift(code=code, honoured="no", why=by_rule)
    if taken is not None:
        return CodeDrift(code=code, honoured="yes" if taken else "no", why="till")
    if rule.codes == "honoured":
        return CodeDrift(code=code, honoured="yes", why=by_rule)
    return CodeDrift(code=code, honoured="unknown", why="nobody_told")
