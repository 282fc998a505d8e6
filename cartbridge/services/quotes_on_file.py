"""The quotes on a customer's file: enough to know which one to ask her about."""

from datetime import datetime
from typing import Final
from uuid import UUID

from cartbridge.domain.model import Strict
from cartbridge.domain.quote.lifecycle import State
from cartbridge.domain.quote.state import Quote
from cartbridge.services.gateway import Gateway

_MOST: Final = 50  # those that changed last


class QuoteOnFile(Strict):
    """A quote of hers: look at it by its id."""

    id: str
    number: str | None
    state: State
    valid_until: datetime | None
    articles: int  # lines
    updated_at: datetime | None


async def quotes_of(
    gateway: Gateway, tenant: UUID, customer: str, brand: str
) -> tuple[QuoteOnFile, ...]:
    """Those of this brand, sold and declined ones too."""
    page = await gateway.documents.find(tenant, "quote", customer=customer, limit=_MOST)
    quotes: list[Quote] = [one.state for one in page.items]
    return tuple(
        QuoteOnFile(
            id=one.id,
            number=one.number,
            state=one.state,
            valid_until=one.valid_until,
            articles=len(one.lines),
            updated_at=one.updated_at,
        )
        for one in quotes
        if one.brand in (None, brand) and one.state is not State.CANCELLED
    )
