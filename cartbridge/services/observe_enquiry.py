"""An enquiry as a platform tells it: its form, each message of its thread once, and its end."""

from datetime import datetime
from uuid import UUID

from cartbridge.domain.cart.state import Channel, Origin
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry.events import Opened
from cartbridge.domain.enquiry.state import Enquiry, Message, SaleRef
from cartbridge.domain.ids import slot_of
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk import observations as o
from cartbridge.services.carry_out import Done, Seen, carry_out
from cartbridge.services.connectors import Link
from cartbridge.services.enquiry_place import due_time, place_of
from cartbridge.services.find_cart import cart_of_pointer, cart_of_twin, new_id, receipt_key
from cartbridge.services.find_document import document_for_twin, document_of_twin
from cartbridge.services.gateway import Gateway
from cartbridge.services.identify_customer import identify_customer
from cartbridge.services.machines import ENQUIRY
from cartbridge.services.name_item import name_item
from cartbridge.services.observe_twin import Cause, caller_for
from cartbridge.services.offer_handover import point_pass

_FIRST = "opened"  # the name of what was written into the form itself


async def observe_enquiry(
    gateway: Gateway, link: Link, ref: TwinRef, seen: o.EnquirySeen, cause: Cause
) -> Done[Enquiry]:
    """The form takes effect once; told again it fills in what was not told before."""
    look = await document_for_twin(gateway, link.tenant, ENQUIRY, ref)
    opened = await _opened(gateway, link, seen)
    if look.document.customer is None and seen.customer is not None:
        asks = await identify_customer(
            gateway, link.tenant, link.id, seen.customer, locale=seen.locale
        )
        opened = opened.model_copy(update={"customer": asks})
    command = c.See(
        ref,
        opened,
        _first_message(gateway, link, seen, look.document, opened),
        linked=await _cart_told(gateway, link, seen.cart),
        closed=seen.closed,
    )
    return await _take_in(gateway, link, look, command, cause, seen.at)


async def observe_message(
    gateway: Gateway, link: Link, ref: TwinRef, seen: o.EnquiryMessageSeen, cause: Cause
) -> Done[Enquiry]:
    """One message of the thread; that of an enquiry nobody told us of begins it."""
    look = await document_for_twin(gateway, link.tenant, ENQUIRY, ref)
    unknown = o.EnquirySeen(external_id=ref.external_id, at=seen.at)
    opened = await _opened(gateway, link, unknown)
    due_at = await due_time(gateway, link.tenant, opened.brand, look.document.kind)
    message = Message(
        id=new_id(gateway, "ems", slot_of(look.document.id)),
        channel=seen.channel,
        author=seen.author,
        staff=seen.staff,
        text=seen.text,
        at=seen.at,
        connection=link.id,
        name=seen.name,
    )
    begun = opened.model_copy(update={"kind": None, "due_at": due_at})
    command = c.SeeMessage(ref, message, begun)
    return await _take_in(gateway, link, look, command, cause, seen.at)


async def lose_enquiry(
    gateway: Gateway, link: Link, ref: TwinRef, cause: Cause
) -> Done[Enquiry] | None:
    """The platform no longer has it; None if we never had it either."""
    known = await document_of_twin(gateway, link.tenant, ENQUIRY, ref)
    if known is None:
        return None
    return await _take_in(gateway, link, Seen(known), c.LoseTwin(ref), cause)


async def _take_in(
    gateway: Gateway,
    link: Link,
    look: Seen[Enquiry],
    command: c.See | c.SeeMessage | c.LoseTwin,
    cause: Cause,
    at: datetime | None = None,
) -> Done[Enquiry]:
    caller = caller_for(link)
    await point_pass(gateway, link.tenant, look.document.id)

    async def make(now: Enquiry) -> c.See | c.SeeMessage | c.LoseTwin:
        return command

    return await carry_out(
        gateway,
        caller,
        ENQUIRY,
        look.document.id,
        cause.command,
        make,
        occurred_at=at,
        marks=cause.marks,
        causation=cause.message,
    )


def _first_message(
    gateway: Gateway, link: Link, seen: o.EnquirySeen, enquiry: Enquiry, opened: Opened
) -> Message | None:
    """What she wrote into the form itself."""
    if not seen.message:
        return None
    return Message(
        id=new_id(gateway, "ems", slot_of(enquiry.id)),
        channel=opened.origin.channel,
        author="customer",
        text=seen.message,
        at=seen.at,
        connection=link.id,
        name=_FIRST,
    )


async def _cart_told(gateway: Gateway, link: Link, external_id: str | None) -> tuple[str, ...]:
    """The cart of that connection that it is about, if it was ever seen."""
    if external_id is None:
        return ()
    ref = TwinRef(connection=link.id, kind="cart", external_id=external_id)
    held = await cart_of_twin(gateway, link.tenant, ref)
    return (held.id,) if held is not None and held.version else ()


async def _opened(gateway: Gateway, link: Link, seen: o.EnquirySeen) -> Opened:
    tenant, channel = link.tenant, link.connection.channel
    heard_on: Channel = channel or "web"
    store = await _our_store(gateway, tenant, link, seen.store)
    place = await place_of(gateway, tenant, store, None, link.connection.brand)
    items = [(await name_item(gateway, tenant, item, store))[0] for item in seen.items]
    return Opened(
        kind=seen.about,
        origin=Origin(channel=heard_on, connection=link.id),
        brand=place.brand,
        locale=seen.locale,
        store=place.store,
        team=place.team,
        subject=seen.subject,
        customer=seen.customer,
        items=tuple(items),
        sale=await _sale(gateway, tenant, store, seen.receipt_number),
        wished_at=seen.wished_at,
        due_at=await due_time(gateway, tenant, place.brand, seen.about, seen.wished_at),
    )


async def _our_store(gateway: Gateway, tenant: UUID, link: Link, told: str | None) -> str | None:
    """The store that a platform means: by what it is called there, else by our own id."""
    if told is None:
        return None
    stores = await gateway.directory.stores.list(tenant)
    called = next((x.id for x in stores if x.external_ids.get(link.id) == told), None)
    return called or next((x.id for x in stores if x.id == told), None)


async def _sale(
    gateway: Gateway, tenant: UUID, store: str | None, receipt_number: str | None
) -> SaleRef | None:
    """What a platform says of a sale is kept, known here or not."""
    if receipt_number is None:
        return None
    cart = None
    if store is not None:
        key = receipt_key(store, receipt_number)
        cart = await cart_of_pointer(gateway, tenant, "receipt", key)
    found = cart.id if cart is not None else None
    return SaleRef(receipt_number=receipt_number, store=store, cart=found)
