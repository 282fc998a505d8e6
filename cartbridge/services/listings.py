"""The kinds of listing as use cases drive them: what each tells a platform beside its lines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic

from cartbridge.domain.listing.draft import L
from cartbridge.domain.quote.lifecycle import State as QuoteState
from cartbridge.domain.quote.state import Quote, told_state
from cartbridge.domain.quote.state import details as quote_details
from cartbridge.domain.twin import TwinKind
from cartbridge.domain.wishlist.lifecycle import State as WishlistState
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.domain.wishlist.state import details as wishlist_details
from cartbridge.sdk.contract import Capability, Terms
from cartbridge.services.machine import Machine
from cartbridge.services.machines import QUOTE, WISHLIST


@dataclass(frozen=True)
class ListingKind(Generic[L]):
    """One kind of listing: its twins, its machine, and what beside its lines is told there.

    `details` is what a twin should show; `wire` gives the fields of the write that tell it.
    """

    twin_kind: TwinKind
    machine: Machine[L, Any]
    capability: Capability  # what a connector declares that can be told
    details: Callable[[L], Mapping[str, str]]
    wire: Callable[[L], Mapping[str, Any]]
    priced: bool = False  # its prices are told, and hold


WISHLISTS: Final = ListingKind[Wishlist](
    twin_kind="wishlist",
    machine=WISHLIST,
    capability="push_wishlists",
    details=wishlist_details,
    wire=lambda one: {"name": one.name, "archived": one.state is WishlistState.ARCHIVED},
)


def _terms(quote: Quote) -> Mapping[str, Any]:
    sold = next((x.receipt_number for x in reversed(quote.sold) if x.receipt_number), None)
    terms = {
        "state": told_state(quote),
        "number": quote.number or "",
        "valid_until": quote.issued.valid_until if quote.issued is not None else None,
        "receipt_number": sold if quote.state is QuoteState.CONVERTED else None,
        "currency": quote.currency,
        "tax_mode": quote.tax_mode,
    }
    return {"terms": Terms.model_validate(terms)}


QUOTES: Final = ListingKind[Quote](
    twin_kind="quote",
    machine=QUOTE,
    capability="push_quotes",
    details=quote_details,
    wire=_terms,
    priced=True,
)

LISTINGS: Final[Mapping[str, ListingKind[Any]]] = {
    kind.twin_kind: kind
    for kind in (
        WISHLISTS,
        QUOTES,
    )
}
