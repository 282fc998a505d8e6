"""An enquiry begun on our side: by a shop's contact form, or by an associate for a customer."""

from dataclasses import dataclass
from datetime import datetime

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.state import Channel, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry.events import Opened
from cartbridge.domain.enquiry.state import Enquiry, Kind, Message, SaleRef
from cartbridge.domain.ids import SLOTS, make_id, named, slot_of, uuid_of
from cartbridge.domain.items import Item
from cartbridge.domain.twin import TwinRef
from cartbridge.services.carry_out import carry_out
from cartbridge.services.enquiry_place import due_time, place_of
from cartbridge.services.find_cart import cart_of_pointer, receipt_key, twin_key
from cartbridge.services.find_document import document_by_id
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.identify_customer import customer_told
from cartbridge.services.machines import ENQUIRY, machine_of
from cartbridge.services.name_item import name_item
from cartbridge.services.offer_handover import point_pass
from cartbridge.services.problems import Problem
from cartbridge.services.scanned_lines import channel_of


@dataclass(frozen=True)
class Asked:
    """What an enquiry begins with."""

    kind: Kind
    subject: str | None = None
    message: str | None = None
    channel: Channel | None = None
    store: str | None = None
    team: str | None = None
    customer: Customer | None = None
    items: tuple[Item, ...] = ()
    about: tuple[str, ...] = ()  # a cart, a wish list, a quote
    receipt_number: str | None = None
    receipt_store: str | None = None
    wished_at: datetime | None = None
    locale: str | None = None
    external_id: str | None = None  # what the shop that tells of it calls it


async def open_enquiry(gateway: Gateway, caller: Caller, asked: Asked, attempt: Attempt) -> Enquiry:
    """An enquiry begins; the same attempt, or the same name in a shop, makes the same one."""
    slot = int.from_bytes(attempt.entropy("slot")[:2], "big") % SLOTS
    fresh = make_id(ENQUIRY.prefix, attempt.started_at, slot, attempt.entropy("enquiry"))
    command = await _command(gateway, caller, asked, attempt, slot)
    name, ref = fresh, command.ref
    if ref is not None:
        key, target = twin_key(ref), uuid_of(fresh)
        held = await gateway.pointers.claim_pointer(caller.tenant, "twin", key, target)
        name = named(ENQUIRY.prefix, held)
    await point_pass(gateway, caller.tenant, name)

    async def make(now: Enquiry) -> c.Open | None:
        return command if now.version == 0 else None

    done = await carry_out(gateway, caller, ENQUIRY, name, attempt.command_id, make)
    return done.document


async def _command(
    gateway: Gateway, caller: Caller, asked: Asked, attempt: Attempt, slot: int
) -> c.Open:
    link = await gateway.connectors.by_name(caller.tenant, caller.connection or "")
    store = asked.store or (None if asked.team is not None else caller.store)
    brand = link.connection.brand if link is not None else None
    place = await place_of(gateway, caller.tenant, store, asked.team, brand)
    for document in asked.about:
        await _check_it_is_there(gateway, caller, document)
    terminal = await gateway.directory.terminals.get(caller.tenant, caller.terminal or "")
    shop_floor = await gateway.directory.stores.get(caller.tenant, caller.store or "")
    heard_on: Channel = (link.connection.channel or "web") if link else channel_of(terminal)
    channel = asked.channel or heard_on
    ref = None
    if asked.external_id is not None and link is not None:
        ref = TwinRef(connection=link.id, kind="enquiry", external_id=asked.external_id)
    opened = Opened(
        kind=asked.kind,
        origin=Origin(
            channel=channel,
            connection=caller.connection,
            store=caller.store,
            terminal=caller.terminal,
        ),
        brand=place.brand,
        locale=asked.locale,
        store=place.store,
        team=place.team,
        subject=asked.subject,
        customer=await customer_told(gateway, caller, shop_floor, asked.customer, asked.locale),
        items=await named_items(gateway, caller, asked.items),
        sale=await _sale(gateway, caller, asked, place.store),
        wished_at=asked.wished_at,
        due_at=await due_time(gateway, caller.tenant, place.brand, asked.kind, asked.wished_at),
    )
    name = make_id("ems", attempt.started_at, slot, attempt.entropy("message"))
    message = asked.message and Message(
        id=name,
        channel=channel,
        author="customer",
        text=asked.message,
        at=gateway.clock(),
        connection=ref.connection if ref is not None else None,
    )
    return c.Open(opened, message or None, asked.about, ref)


async def named_items(
    gateway: Gateway, caller: Caller, items: tuple[Item, ...]
) -> tuple[Item, ...]:
    """The items with what the retailer's list knows of each."""
    found = [await name_item(gateway, caller.tenant, item, caller.store) for item in items]
    return tuple(item for item, _ in found)


async def _check_it_is_there(gateway: Gateway, caller: Caller, document: str) -> None:
    """Whether that document exists, and a shop that names it knows of it."""
    machine = machine_of(document)
    found = await document_by_id(gateway, caller.tenant, machine, document)
    known = {twin.ref.connection for twin in found.twins} | {found.origin.connection}
    if caller.role == "shop" and caller.connection not in known:
        raise Problem("not_found", what=machine.what)


async def _sale(
    gateway: Gateway, caller: Caller, asked: Asked, store: str | None
) -> SaleRef | None:
    if asked.receipt_number is None:
        return None
    place = asked.receipt_store or store
    if place is None:
        why = "say in which store it was bought: receipt numbers repeat from store to store"
        raise Problem("invalid_request", errors=({"field": "sale.store", "why": why},))
    key = receipt_key(place, asked.receipt_number)
    cart = await cart_of_pointer(gateway, caller.tenant, "receipt", key)
    if cart is None:
        raise Problem("sale_unknown", receipt_number=asked.receipt_number)
    return SaleRef(receipt_number=asked.receipt_number, store=place, cart=cart.id)


def message_id(attempt: Attempt, enquiry: str) -> str:
    """The id of the message that this attempt writes."""
    return make_id("ems", attempt.started_at, slot_of(enquiry), attempt.entropy("message"))
