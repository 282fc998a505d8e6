"""The quotes on a customer's file: enough to know which one she came for."""

from datetime import datetime
from typing import Final
from uuid import UUID

from cartbridge.domain.model import Strict
from cartbridge.domain.quote.lifecycle import State
from cartbridge.domain.quote.state import Quote
from cartbridge.services.gateway import Gateway

_MOST: Final = 50  # those that changed last
_LIVE: Final = (State.REQUESTED, State.ISSUED, State.ACCEPTED)


class QuoteOnFile(Strict):
    """A quote of hers: claim it by its id once it was issued."""

    id: str
    number: str | None
    state: State
    articles: int  # lines
    valid_until: datetime | None
    updated_at: datetime | None


async def quotes_of(
    gateway: Gateway, tenant: UUID, customer: str, brand: str
) -> tuple[QuoteOnFile, ...]:
    """Those of this brand that wait for an answer, or can still be sold."""
    page = await gateway.documents.find(tenant, "quote", customer=customer, limit=_MOST)
    quotes: list[Quote] = [one.state for one in page.items]
    now = gateway.clock()
    return tuple(
        QuoteOnFile(
            id=one.id,
            number=one.number,
            state=one.state,
            articles=len(one.lines),
            valid_until=one.valid_until,
            updated_at=one.updated_at,
        )
        for one in quotes
        if one.brand in (None, brand)
        and one.state in _LIVE
        and (one.state is State.REQUESTED or one.holds(now))
    )
