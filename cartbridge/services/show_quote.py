"""Showing a quote in canonical form, with whether its twins show what they should."""

from cartbridge.domain.listing.observing import in_step
from cartbridge.domain.projection import basket_of
from cartbridge.domain.quote.canonical import CanonicalQuote, canonical_quote
from cartbridge.domain.quote.state import Quote, details
from cartbridge.services.carry_out import links_of
from cartbridge.services.gateway import Caller, Gateway


async def show_quote(gateway: Gateway, caller: Caller, quote: Quote) -> CanonicalQuote:
    """The quote as every side is shown it."""
    links = await links_of(gateway, caller.tenant, [quote])
    shows: dict[str, bool] = {}
    for twin in quote.twins:
        link = links.get(twin.ref.connection)
        if link is not None:
            wanted = basket_of(link.connector.project(quote.wanted, link.settings))
            shows[str(twin.ref)] = in_step(quote, twin, wanted, details(quote))
    return canonical_quote(quote, shows)
