"""A quote as a platform shows it: lines, prices, terms, and where it stands."""

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.listing.commands import Observe
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk.observations import QuoteSeen
from cartbridge.services.carry_out import Done
from cartbridge.services.connectors import Link
from cartbridge.services.find_document import document_of_twin
from cartbridge.services.gateway import Gateway
from cartbridge.services.listings import QUOTES
from cartbridge.services.living_cart import living_cart
from cartbridge.services.machines import QUOTE
from cartbridge.services.observe_listing import observe_listing
from cartbridge.services.observe_twin import Cause
from cartbridge.services.quote_number import number_for


async def observe_quote(
    gateway: Gateway, link: Link, ref: TwinRef, seen: QuoteSeen, cause: Cause
) -> Done[Quote]:
    """Lets a platform's quote take effect on ours; what it issues holds, and a cart follows."""
    known = await document_of_twin(gateway, link.tenant, QUOTE, ref)
    alive: Cart | None = None
    if known is not None:
        alive = await living_cart(gateway, link.tenant, known)

    def command(observe: Observe) -> c.SeeQuote:
        return c.SeeQuote(
            seen=observe,
            state=seen.state,
            drawn_number=number_for(str(ref), gateway.clock()),
            number=seen.number,
            valid_until=seen.valid_until,
            message=seen.message,
            cart=alive,
        )

    return await observe_listing(gateway, link, QUOTES, ref, seen.snapshot, cause, command)
