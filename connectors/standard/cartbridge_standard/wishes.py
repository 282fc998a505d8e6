"""Wish lists and quotes of a canonical body, and what became of them."""

from typing import Annotated, Literal, cast, get_args

from pydantic import Field

from cartbridge.sdk.observations import DocumentGone, QuoteSeen, WishlistSeen
from cartbridge_standard import payloads as wire
from cartbridge_standard.report import Report
from cartbridge_standard.snapshots import shown
from cartbridge_standard.told import Told
from cartbridge_standard.unknown import count_unknown

WishlistState = Literal["open", "shared", "archived"]
QuoteState = Literal["requested", "issued", "accepted", "declined", "converted", "expired"]


class Wishlist(wire.Cart):
    """`wishlist.snapshot`: the whole wish list as it is now."""

    name: Annotated[wire.Text, Field(max_length=200)] | None = None
    kind: Annotated[wire.Text, Field(max_length=50)] | None = None
    state: wire.Word | None = None


class Quote(wire.Cart):
    """`quote.snapshot`: the whole quote as it is now, at the prices that it holds."""

    number: wire.Sku | None = None
    state: QuoteState
    valid_until: wire.Moment | None = None
    message: Annotated[wire.Letter, Field(max_length=2000)] | None = None


class Gone(wire.Wire):
    """`wishlist.deleted`, `quote.deleted`."""

    external_id: wire.Id
    revision: wire.Revision | None = None
    at: wire.Moment | None = None


def wishlist_seen(told: Told) -> tuple[WishlistSeen]:
    """`wishlist.snapshot`, or the wish list that a read brought."""
    wishlist, snapshot = shown(Wishlist, told)
    seen = WishlistSeen(
        external_id=wishlist.external_id,
        snapshot=snapshot,
        name=wishlist.name,
        purpose=wishlist.kind,
        state=_state(wishlist.state, told.report),
    )
    return (seen,)


def _state(state: str | None, report: Report) -> WishlistState | None:
    if state is None or state in get_args(WishlistState):
        return cast(WishlistState | None, state)
    report.add("data.state", "dropped", "not a state this version knows")
    return None


def quote_seen(told: Told) -> tuple[QuoteSeen]:
    """`quote.snapshot`, or the quote that a read brought."""
    quote, snapshot = shown(Quote, told)
    seen = QuoteSeen(
        external_id=quote.external_id,
        snapshot=snapshot,
        number=quote.number,
        state=quote.state,
        valid_until=quote.valid_until,
        message=quote.message,
    )
    return (seen,)


def wishlist_gone(told: Told) -> tuple[DocumentGone]:
    """`wishlist.deleted`."""
    return (_gone(told, "wishlist"),)


def quote_gone(told: Told) -> tuple[DocumentGone]:
    """`quote.deleted`."""
    return (_gone(told, "quote"),)


def _gone(told: Told, kind: Literal["wishlist", "quote"]) -> DocumentGone:
    gone = told.read_as(Gone)
    count_unknown(gone, told.report)
    return DocumentGone(
        kind=kind,
        external_id=gone.external_id,
        revision=gone.revision,
        at=told.moment(gone.at),
    )
