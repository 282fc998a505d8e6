"""Every type of a canonical body: of what it speaks, and how it is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cartbridge.sdk.documents import TwinKind
from cartbridge.sdk.observations import Observation
from cartbridge_standard import browsing, carts, enquiries, levels, people, wishes
from cartbridge_standard.told import Told


@dataclass(frozen=True)
class Kind:
    """What a type speaks of; `whole`: its revision tells which of two is the newer one."""

    twin: TwinKind
    read: Callable[[Told], Sequence[Observation]]
    whole: bool = False

    @property
    def is_document(self) -> bool:
        """Whether it speaks of one document by its `external_id`."""
        return self.twin in ("cart", "wishlist", "quote", "enquiry")


KINDS: Final[Mapping[str, Kind]] = {
    "cart.snapshot": Kind("cart", carts.cart_seen, whole=True),
    "cart.deleted": Kind("cart", carts.cart_gone),
    "cart.ordered": Kind("cart", carts.cart_ordered),
    "cart.returned": Kind("cart", carts.cart_returned),
    "order.handed_out": Kind("cart", carts.handed_out),
    "wishlist.snapshot": Kind("wishlist", wishes.wishlist_seen, whole=True),
    "wishlist.deleted": Kind("wishlist", wishes.wishlist_gone),
    "quote.snapshot": Kind("quote", wishes.quote_seen, whole=True),
    "quote.deleted": Kind("quote", wishes.quote_gone),
    "enquiry.opened": Kind("enquiry", enquiries.enquiry_opened),
    "enquiry.message": Kind("enquiry", enquiries.enquiry_message),
    "enquiry.closed": Kind("enquiry", enquiries.enquiry_closed),
    "product.viewed": Kind("session", browsing.product_viewed),
    "product.searched": Kind("session", browsing.product_searched),
    "list.viewed": Kind("session", browsing.list_viewed),
    "customer.updated": Kind("customer", people.customer_updated),
    "consent.updated": Kind("customer", people.consent_updated),
    "customer.erasure_requested": Kind("customer", people.erasure_requested),
    "stock.level": Kind("item", levels.stock_levels),
    "price.changed": Kind("item", levels.price_changes),
}
