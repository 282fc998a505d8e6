"""Why something was refused and what to do next, in the words of a cashier or an integrator."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from cartbridge.domain import refusals
from cartbridge.pages.names import Names, in_a_sentence
from cartbridge.pages.words import Words

HttpCode = Literal[
    "idempotency_key_required",
    "idempotency_conflict",
    "still_running",
    "not_found",
    "unauthorized",
    "forbidden",
    "invalid_request",
    "unknown_field",
    "precondition_failed",
    "precondition_required",
    "rate_limited",
    "too_large",
    "unsupported_encoding",
    "unavailable",
    "code_entry_locked",
    "customer_search_locked",
    "pairing_code_unknown",
    "terminal_required",
    "connector_unknown",
    "method_not_allowed",
    "too_slow",
    "address_refused",
    "subscription_ended",
    "metrics_closed",
    "origin_refused",
    "internal_error",
]
ProblemCode = refusals.Code | HttpCode

CODES: Final[tuple[str, ...]] = (*get_args(refusals.Code), *get_args(HttpCode))


class Problem(NamedTuple):
    """What a problem document says to a person: what is wrong, and what to do next."""

    title: str
    detail: str


def problem(
    code: ProblemCode,
    params: Mapping[str, str],
    locale: str | None,
    *,
    names: Names | None = None,
    time_zone: str = "UTC",
) -> Problem:
    """Title and detail of a code; what `params` does not tell is left out of the sentence."""
    words = Words.for_locale(locale)
    told = _in_words(words, params, names or Names(), time_zone)
    return Problem(
        words.text(f"problems.{code}.title", **told), words.text(f"problems.{code}.detail", **told)
    )


def _in_words(
    words: Words, params: Mapping[str, str], names: Names, time_zone: str
) -> dict[str, str]:
    """The domain's params as people say them: names for ids, a clock time, a state in words."""
    told = dict(params)
    if "store" in params:
        told["store"] = names.store(params["store"])
    if "terminal" in params:
        terminal = names.terminal(params["terminal"])
        told["holder"] = in_a_sentence(words, terminal, told.get("store"))
    if "since" in params:
        told["since"] = words.time(datetime.fromisoformat(params["since"]), time_zone)
    if "valid_until" in params:
        told["date"] = words.date(datetime.fromisoformat(params["valid_until"]), time_zone)
    if "latest" in params:
        latest = datetime.fromisoformat(params["latest"])
        told["latest"] = f"{words.date(latest, time_zone)}, {words.time(latest, time_zone)}"
    if "state" in params:
        told["state"] = words.text(f"states.{params['state']}")
    return told
