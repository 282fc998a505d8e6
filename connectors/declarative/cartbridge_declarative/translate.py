"""From documents to observations, and what was lost on the way: all of it pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, Literal

from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartReturned,
    CartSeen,
    CheckoutSeen,
    Hint,
    Observation,
    Read,
    SaleSeen,
    TakenLine,
)
from cartbridge_declarative.coverage import paths_of
from cartbridge_declarative.expressions import Expression
from cartbridge_declarative.lines import taken
from cartbridge_declarative.parts import MAX_LINES, Part
from cartbridge_declarative.payloads import Found
from cartbridge_declarative.report import Report
from cartbridge_declarative.sections import Kind
from cartbridge_declarative.settings import Settings
from cartbridge_declarative.snapshots import Told
from cartbridge_declarative.values import flag_of
from cartbridge_declarative.wishes import enquiry_seen, wishlist_gone, wishlist_seen

# The entries of [document] that are no part of what a hook of that kind can carry.
_ENDED: Final = frozenset(
    {
        *("currency", "tax_included", "locale", "price_list"),
        *("codes", "shipping", "has_payment"),
    }
)
_SECTIONS: Final = frozenset({"customer", "lines"})
_LEFT_OUT: Final[dict[Kind, frozenset[str]]] = {
    "cart": frozenset({"order_number", "fulfilled", "merged_into"}),
    "gone": _ENDED | {"order_number", "fulfilled", "customer", "lines"},
    "ordered": _ENDED | {"merged_into", "customer"},
    "sold": _ENDED | {"merged_into", "fulfilled", "revision"},
    "returned": _ENDED | {"merged_into", "fulfilled", "revision", "order_number", "customer"},
    "wishlist": frozenset({"order_number", "fulfilled", "merged_into"}),
    "wishlist_gone": _ENDED | {"order_number", "fulfilled", "merged_into", "customer", "lines"},
    "enquiry": (_ENDED - {"locale"})
    | {"order_number", "fulfilled", "merged_into", "revision", "lines"},
}
# The entries of [lines] that a bought row is told without.
_UNTAKEN: Final = ("external_id", "unit", "list_price", "tax_rate", "tax", "note")


def read_all(
    found: Iterable[Found], settings: Settings, report: Report, received_at: datetime | None
) -> Read:
    """What the documents of a body say, in their order."""
    seen: list[Observation] = []
    for one in found:
        told = Told(one.part, settings, one.kind, received_at)
        seen += _SAYS[one.kind](told)
        if one.kind != "hint":  # what it is about is read again
            _tell_left_out(one.kind, told)
            one.part.tell_unread(settings.rules.of_document)
    return Read(observations=tuple(seen), report=report.entries)


def _cart(told: Told) -> list[Observation]:
    snapshot = told.snapshot()
    return [CartSeen(kind=told.twin, external_id=told.external_id, snapshot=snapshot)]


def _checkout(told: Told) -> list[Observation]:
    return [*_if_shown(told), _step(told, "started")]


def _checkout_left(told: Told) -> list[Observation]:
    return [*_if_shown(told), _step(told, "left")]


def _if_shown(told: Told) -> list[Observation]:
    """A hook about the checkout that brings the cart along shows it."""
    return _cart(told) if _shows_cart(told) else []


def _shows_cart(told: Told) -> bool:
    lines = told.settings.rules.lines
    return lines is not None and told.part.tells(lines.each)


def _step(told: Told, step: Literal["started", "left"]) -> Observation:
    return CheckoutSeen(kind=told.twin, external_id=told.external_id, at=told.at, step=step)


def _gone(told: Told) -> list[Observation]:
    where = told.settings.rules.document.merged_into
    merged_into = told.part.text("merged_into", where, 255)
    return [
        CartGone(
            kind=told.twin,
            external_id=told.external_id,
            revision=told.revision,
            at=told.at,
            merged_into=merged_into,
        )
    ]


def _ordered(told: Told) -> list[Observation]:
    fulfilled = told.part.find("fulfilled", told.settings.rules.document.fulfilled, flag_of)
    return [
        CartOrdered(
            kind=told.twin,
            external_id=told.external_id,
            revision=told.revision,
            at=told.at,
            order_number=told.order_number,
            fulfilled=fulfilled or False,
            lines=_taken(told),
        )
    ]


def _sold(told: Told) -> list[Observation]:
    receipt_number = told.order_number
    if receipt_number is None:
        where = told.settings.rules.document.order_number
        raise told.part.wrong("order_number", where, "a sale has a receipt number; it is missing")
    return [
        SaleSeen(
            kind=told.twin,
            external_id=told.external_id,
            at=told.at,
            receipt_number=receipt_number,
            lines=_taken(told),
            customer=told.customer,
        )
    ]


def _returned(told: Told) -> list[Observation]:
    return [
        CartReturned(kind=told.twin, external_id=told.external_id, at=told.at, lines=_taken(told))
    ]


def _hint(told: Told) -> list[Observation]:
    return [Hint(kind=told.twin, external_id=told.external_id)]


def _taken(told: Told) -> tuple[TakenLine, ...]:
    rules = told.settings.rules
    if rules.lines is None:
        return ()
    for row in told.part.rows(rules.lines.each, "lines", MAX_LINES):
        untaken = {name: getattr(rules.lines, name) for name in _UNTAKEN}
        if rules.discounts is not None:
            untaken["discounts"] = rules.discounts.each
        _tell(row, untaken, "what was bought or came back is told without it")
    return taken(told.lines())


_SAYS: Final[dict[Kind, Callable[[Told], list[Observation]]]] = {
    "cart": _cart,
    "checkout": _checkout,
    "checkout_left": _checkout_left,
    "gone": _gone,
    "ordered": _ordered,
    "sold": _sold,
    "returned": _returned,
    "wishlist": wishlist_seen,
    "wishlist_gone": wishlist_gone,
    "enquiry": enquiry_seen,
    "hint": _hint,
}


def _tell_left_out(kind: Kind, told: Told) -> None:
    rules = told.settings.rules
    if kind in ("checkout", "checkout_left"):
        kind = "cart" if _shows_cart(told) else "gone"  # which carries as little
    left_out = _LEFT_OUT[kind]
    entries = {name: getattr(rules.document, name) for name in sorted(left_out - _SECTIONS)}
    if "customer" in left_out:
        entries |= dict(rules.customer or ())
    if "lines" in left_out and rules.lines is not None:
        entries["lines"] = rules.lines.each
    entries |= rules.beside(kind)
    _tell(told.part, entries, "a hook of this kind does not carry it")


def _tell(part: Part, entries: Mapping[str, Expression | None], why: str) -> None:
    for name, where in entries.items():
        if where is not None and paths_of(where) and part.tells(where):  # or it is the mapping's
            part.lost(name, where, "dropped", why)
