"""The kinds of listing as use cases drive them: what each tells a platform beside its lines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic

from cartbridge.domain.listing.draft import L
from cartbridge.domain.twin import TwinKind
from cartbridge.domain.wishlist.lifecycle import State as WishlistState
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.domain.wishlist.state import details as wishlist_details
from cartbridge.sdk.contract import Capability
from cartbridge.services.machine import Machine
from cartbridge.services.machines import WISHLIST


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

LISTINGS: Final[Mapping[str, ListingKind[Any]]] = {kind.twin_kind: kind for kind in (WISHLISTS,)}
