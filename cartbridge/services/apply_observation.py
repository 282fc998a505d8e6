"""Applying what a platform showed: each part of a message to the document it speaks of."""

import uuid
from typing import Any
from uuid import UUID

from cartbridge.domain.ids import uuid_of
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk import observations as o
from cartbridge.services.apply_to_cart import apply_to_cart
from cartbridge.services.carry_out import Done
from cartbridge.services.connectors import Link
from cartbridge.services.errand import Errand
from cartbridge.services.find_cart import cart_for_twin
from cartbridge.services.find_document import document_for_twin
from cartbridge.services.gateway import Gateway
from cartbridge.services.listings import LISTINGS
from cartbridge.services.machines import ENQUIRY
from cartbridge.services.observe_browsing import observe_browsing
from cartbridge.services.observe_enquiry import lose_enquiry, observe_enquiry, observe_message
from cartbridge.services.observe_listing import lose_listing
from cartbridge.services.observe_price import observe_price
from cartbridge.services.observe_quote import observe_quote
from cartbridge.services.observe_stock import observe_stock
from cartbridge.services.observe_twin import Cause
from cartbridge.services.observe_wishlist import observe_wishlist
from cartbridge.services.run_command import Outcome
from cartbridge.services.see_customer import see_customer


async def apply_observation(
    gateway: Gateway, link: Link, seen: o.Observation, cause: Cause
) -> Outcome | Done[Any] | None:
    """Lets one observation take effect, once; None if there was nothing to do."""
    ref = TwinRef(connection=link.id, kind=seen.kind, external_id=seen.external_id)
    match seen:
        case o.Hint():
            await _reread(gateway, link, ref, cause)
            return None
        case o.WishlistSeen():
            return await observe_wishlist(gateway, link, ref, seen, cause)
        case o.QuoteSeen():
            return await observe_quote(gateway, link, ref, seen, cause)
        case o.EnquirySeen() | o.EnquiryMessageSeen() | o.DocumentGone(kind="enquiry"):
            return await _enquiry(gateway, link, ref, seen, cause)
        case o.DocumentGone():
            return await lose_listing(gateway, link, LISTINGS[seen.kind], ref, cause)
        case o.CustomerSeen() | o.Browsed() | o.StockSeen() | o.PriceSeen():
            await _of_no_document(gateway, link, seen)
            return None
        case _:
            return await apply_to_cart(gateway, link, ref, seen, cause)


async def _enquiry(
    gateway: Gateway,
    link: Link,
    ref: TwinRef,
    seen: o.EnquirySeen | o.EnquiryMessageSeen | o.DocumentGone,
    cause: Cause,
) -> Done[Any] | None:
    match seen:
        case o.EnquirySeen():
            return await observe_enquiry(gateway, link, ref, seen, cause)
        case o.EnquiryMessageSeen():
            return await observe_message(gateway, link, ref, seen, cause)
        case o.DocumentGone():
            return await lose_enquiry(gateway, link, ref, cause)


async def _of_no_document(gateway: Gateway, link: Link, seen: o.Observation) -> None:
    """What a platform tells of people and things, beside their documents."""
    match seen:
        case o.CustomerSeen():
            await see_customer(gateway, link, seen)
        case o.Browsed():
            await observe_browsing(gateway, link, seen)
        case o.StockSeen():
            await observe_stock(gateway, link, seen)
        case o.PriceSeen():
            await observe_price(gateway, link, seen)


async def _reread(gateway: Gateway, link: Link, ref: TwinRef, cause: Cause) -> None:
    document = await _document_behind(gateway, link, ref)
    errand = Errand(document, "fetch", ref)
    await gateway.outbox.enqueue(
        link.tenant,
        errand.lane,
        errand.kind,
        errand.payload,
        connection=link.uuid,
        document=document,
    )


async def _document_behind(gateway: Gateway, link: Link, ref: TwinRef) -> str:
    if ref.kind in LISTINGS:
        machine = LISTINGS[ref.kind].machine
        seen = await document_for_twin(gateway, link.tenant, machine, ref)
        return str(seen.document.id)
    if ref.kind == "enquiry":
        asked = await document_for_twin(gateway, link.tenant, ENQUIRY, ref)
        return asked.document.id
    return (await cart_for_twin(gateway, link.tenant, ref)).cart.id


def part_command(message: str, ordinal: int) -> UUID:
    """The command id of one part of a message: the same whenever it is applied again."""
    return uuid.uuid5(uuid_of(message), f"part {ordinal}")
