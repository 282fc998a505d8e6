"""The enquiries on a customer's file: enough to know what she asked, so that she need not again."""

from datetime import datetime
from typing import Final
from uuid import UUID

from cartbridge.domain.enquiry.lifecycle import State
from cartbridge.domain.enquiry.state import Enquiry, Kind
from cartbridge.domain.model import Strict
from cartbridge.services.gateway import Gateway

_MOST: Final = 50  # those that changed last


class EnquiryOnFile(Strict):
    """An enquiry of hers: look at its thread by its id."""

    id: str
    kind: Kind
    subject: str | None
    state: State
    store: str | None
    late: bool
    updated_at: datetime | None


async def enquiries_of(
    gateway: Gateway, tenant: UUID, customer: str, brand: str
) -> tuple[EnquiryOnFile, ...]:
    """Those she asked of this brand, closed ones too."""
    page = await gateway.documents.find(tenant, "enquiry", customer=customer, limit=_MOST)
    found: list[Enquiry] = [one.state for one in page.items]
    return tuple(
        EnquiryOnFile(
            id=one.id,
            kind=one.kind or "information",
            subject=one.subject,
            state=one.state,
            store=one.store,
            late=one.is_late(gateway.clock()),
            updated_at=one.updated_at,
        )
        for one in found
        if one.brand in (None, brand) and one.state is not State.CANCELLED
    )
