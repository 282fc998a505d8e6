"""The customer opens the pass of her enquiry, and writes again."""

import hashlib
import re
from datetime import timedelta
from typing import Final
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.enquiry.lifecycle import State
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.header import Actor
from cartbridge.pages.enquiry import LIMIT, EnquiryView, Notice
from cartbridge.services.cart_of_enquiry import cart_alive
from cartbridge.services.codes import scanned
from cartbridge.services.find_document import document_by_id
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.led_to import LedTo
from cartbridge.services.machines import ENQUIRY
from cartbridge.services.offer_handover import point_pass
from cartbridge.services.open_pass import brand_of
from cartbridge.services.write_message import MAX_MESSAGES, Written, write_message

# So many messages by one pass within this time; then she waits as long.
_MESSAGES: Final = 10
_WINDOW: Final = timedelta(minutes=10)
_ONCE: Final = re.compile(r"[0-9a-f]{32}")


async def open_enquiry_pass(
    gateway: Gateway, led: LedTo, text: str, notice: Notice | None = None, typed: str = ""
) -> EnquiryView:
    """The enquiry behind a pass, with a form that is new; `typed` is what was not taken."""
    enquiry = await document_by_id(gateway, led.tenant, ENQUIRY, led.document)
    brand = await brand_of(gateway, led.tenant, enquiry.brand)
    date = enquiry.schedule
    place = date.store if date is not None else enquiry.store
    return EnquiryView(
        enquiry=enquiry,
        brand=brand,
        now=gateway.clock(),
        url=f"/c/{scanned(text)}",
        once=gateway.draw(16).hex(),
        store=await gateway.directory.stores.get(led.tenant, place) if place else None,
        cart_url=await _cart_url(gateway, led.tenant, enquiry),
        notice=notice,
        typed=typed[:LIMIT],
        picture_origins=brand.picture_origins,
    )


async def watch_enquiry_pass(gateway: Gateway, led: LedTo) -> str:
    """A mark that changes when the page would look different."""
    enquiry = await document_by_id(gateway, led.tenant, ENQUIRY, led.document)
    brand = await brand_of(gateway, led.tenant, enquiry.brand)
    return EnquiryView(enquiry, brand, gateway.clock(), "").mark


async def reply(gateway: Gateway, led: LedTo, text: str, once: str) -> Notice | None:
    """What she wrote is added, once however often the form is sent; or why it is not."""
    enquiry = await document_by_id(gateway, led.tenant, ENQUIRY, led.document)
    plain = _readable(text)
    if not plain:
        return "empty"
    if len(plain) > LIMIT:
        return "too_long"
    if enquiry.state is State.CANCELLED or len(enquiry.thread) >= MAX_MESSAGES:
        return "full"
    subject = hashlib.sha256(f"messages of {led.document}".encode()).digest()
    if await gateway.directory.locked(led.tenant, subject):
        return "too_many"
    await gateway.directory.count_failure(led.tenant, subject, _MESSAGES, _WINDOW, _WINDOW)
    mark = once if _ONCE.fullmatch(once) else gateway.draw(16).hex()
    seed = hashlib.sha256(f"{led.document} {mark}".encode()).digest()[:16]
    caller = Caller(led.tenant, "shop", Actor(kind="shopper"))
    attempt = Attempt(seed, gateway.clock(), first=True)
    await write_message(gateway, caller, enquiry, Written(plain, "customer", "web"), attempt)
    return None


async def _cart_url(gateway: Gateway, tenant: UUID, enquiry: Enquiry) -> str | None:
    """Her own link to the cart that was born of it, while that is alive."""
    cart = await cart_alive(gateway, tenant, enquiry)
    if cart is None:
        return None
    return f"/c/{await point_pass(gateway, tenant, cart.pass_holder)}"


def _readable(text: str) -> str:
    """What she wrote, as it can be shown: lines as they are, nothing that cannot be printed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(x for x in lines if x == "\n" or x.isprintable() or x.isspace()).strip()
