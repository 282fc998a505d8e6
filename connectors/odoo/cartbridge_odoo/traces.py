"""The trace that a write of ours leaves in an order itself, so that its echo is known."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, unquote

from cartbridge.sdk import payload
from cartbridge.sdk.documents import Refusal
from cartbridge.sdk.errors import Unreadable

OURS: Final = "cartbridge:"  # how `origin` and `client_order_ref` begin where they are ours
UNKNOWN: Final = "unknown_item"
# Behind the source document of a quotation: salespeople see it, customers do not.
_MARK: Final = re.compile(r"(?:, )?CartBridge: (?:(?P<push>psh_\S+)|ticket (?P<ticket>.+))$")
# The till reads this form out of every order that it loads, and fails without one of these.
_PREPARATION: Final[dict[str, Any]] = {
    "lines": {},
    "metadata": {},
    "general_customer_note": "",
    "internal_note": "",
    "sittingMode": 0,
}


@dataclass(frozen=True)
class Trace:
    """Which write of ours an order shows, and the item keys that it could not show."""

    push_id: str | None = None
    refused: tuple[str, ...] = ()

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What was refused, in the form of a snapshot; what was wanted the gateway remembers."""
        return tuple(
            Refusal(key=key, wanted=Decimal(1), accepted=Decimal(0), reason=UNKNOWN)
            for key in self.refused
        )


def in_reference(push_id: str, refused: Sequence[str]) -> str:
    """The customer's reference of a sales order: the one free text that nobody prints or reads."""
    return " ".join([f"{OURS}{push_id}", *(quote(key, safe=":") for key in refused)])


def from_reference(text: str | None) -> Trace:
    """The trace in a customer's reference; an empty one if it is none of ours."""
    first, *refused = (text or "").split(" ")
    if not first.startswith(f"{OURS}psh_"):
        return Trace()
    return Trace(first.removeprefix(OURS), tuple(unquote(key) for key in refused))


def in_source(mark: str, present: str | None) -> str:
    """The source document of a quotation with our mark behind what it came from.

    `mark` is the newest write of ours, or what `sold_under` makes of a receipt number.
    """
    own = _MARK.sub("", present or "")
    return f"{own}, CartBridge: {mark}" if own else f"CartBridge: {mark}"


def sold_under(receipt_number: str) -> str:
    """The mark of a quotation that a till sold."""
    return f"ticket {receipt_number}"


def from_source(source: str | None) -> tuple[str | None, bool]:
    """The newest write of ours that a source document tells, and whether a till sold it."""
    found = _MARK.search(source or "")
    if found is None:
        return None, False
    return found["push"], found["ticket"] is not None


def in_preparation(
    push_id: str | None = None, refused: Sequence[str] = (), present: str | None = None
) -> str | None:
    """A till order's preparation state with our trace in it; None: leave it, a kitchen uses it."""
    before = _loaded(present)
    if before.get("metadata"):
        return None
    trace = {"cartbridge": {"push": push_id, "refused": list(refused)}} if push_id else {}
    return json.dumps({**_PREPARATION, **before, **trace}, default=str)


def from_preparation(text: str | None) -> Trace:
    """The trace in a till order's preparation state; an empty one if there is none."""
    told = _loaded(text).get("cartbridge")
    if not isinstance(told, dict):
        return Trace()
    push_id, refused = told.get("push"), told.get("refused")
    keys = refused if isinstance(refused, list) else []
    return Trace(
        push_id if isinstance(push_id, str) else None,
        tuple(key for key in keys if isinstance(key, str)),
    )


def _loaded(text: str | None) -> dict[str, Any]:
    try:
        return payload.loads(text.encode()) if text else {}
    except Unreadable:
        return {}
