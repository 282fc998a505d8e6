"""Every kind of document there is, by the prefix of its ids."""

from typing import Any, Final

from cartbridge.domain.cart.commands import Command
from cartbridge.domain.cart.decide import decide as decide_cart
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.enquiry import commands as enquiry
from cartbridge.domain.enquiry.decide import decide as decide_enquiry
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.quote import commands as quote
from cartbridge.domain.quote.decide import decide as decide_quote
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.wishlist import commands as wishlist
from cartbridge.domain.wishlist.decide import decide as decide_wishlist
from cartbridge.domain.wishlist.state import Wishlist, details
from cartbridge.services.follow_cart import follow_cart
from cartbridge.services.follow_enquiry import follow_enquiry
from cartbridge.services.follow_listing import follow_listing
from cartbridge.services.follow_quote import follow_quote
from cartbridge.services.machine import Machine

CART: Final = Machine[Cart, Command](
    "crt", "cart", lambda cart: Cart(id=cart), decide_cart, follow_cart
)

WISHLIST: Final = Machine[Wishlist, wishlist.Command](
    "wsh",
    "wishlist",
    lambda document: Wishlist(id=document),
    decide_wishlist,
    follow_listing("push_wishlists", details),
)

QUOTE: Final = Machine[Quote, quote.Command](
    "qte",
    "quote",
    lambda document: Quote(id=document),
    decide_quote,
    follow_quote,
)

ENQUIRY: Final = Machine[Enquiry, enquiry.Command](
    "enq", "enquiry", lambda document: Enquiry(id=document), decide_enquiry, follow_enquiry
)

_MACHINES: Final[dict[str, Machine[Any, Any]]] = {
    machine.prefix: machine
    for machine in (
        CART,
        WISHLIST,
        QUOTE,
        ENQUIRY,
    )
}


def machine_of(document: str) -> Machine[Any, Any]:
    """The machine of a document, by its id."""
    return _MACHINES[document[:3]]
