"""The customer opens the pass of her quote, answers it, or goes on with it online."""

import uuid
from datetime import UTC, datetime
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.header import Actor
from cartbridge.domain.quote.state import Quote
from cartbridge.pages.quote import Question, QuoteCode, QuoteView
from cartbridge.services.change_quote import accept_quote, decline_quote
from cartbridge.services.codes import scanned
from cartbridge.services.find_document import document_by_id
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.led_to import LedTo
from cartbridge.services.machines import QUOTE
from cartbridge.services.offer_handover import Wish, offer_handover
from cartbridge.services.offer_quote import offer_quote
from cartbridge.services.open_pass import brand_of
from cartbridge.services.placements import shop_for
from cartbridge.services.take_up import take_up_quote


async def open_quote_pass(
    gateway: Gateway, led: LedTo, text: str, asked: Question | None = None
) -> QuoteView:
    """The quote behind a pass, with its own code while it holds."""
    tenant = led.tenant
    quote = await document_by_id(gateway, tenant, QUOTE, led.document)
    brand, holds = await brand_of(gateway, tenant, quote.brand), quote.holds(gateway.clock())
    code = None
    if holds and asked is None:
        offer = await offer_quote(gateway, _shopper(tenant), quote)
        code = QuoteCode(offer.url(gateway.public_url), offer.short_code)
        quote = offer.quote
    shop = await shop_for(gateway, tenant, quote.brand, _known(quote)) if holds else None
    return QuoteView(
        quote=quote,
        brand=brand,
        now=gateway.clock(),
        url=f"/c/{scanned(text)}",
        time_zone=await _time_zone(gateway, tenant, quote),
        code=code,
        asked=asked if holds else None,
        stores=(await gateway.directory.names(tenant))["store"],
        goes_online=shop is not None,
        picture_origins=brand.picture_origins,
    )


async def watch_quote_pass(gateway: Gateway, led: LedTo) -> str:
    """A mark that changes when the pass would look different."""
    quote = await document_by_id(gateway, led.tenant, QUOTE, led.document)
    brand = await brand_of(gateway, led.tenant, quote.brand)
    return QuoteView(quote=quote, brand=brand, now=gateway.clock(), url="").mark


async def answer_quote(gateway: Gateway, led: LedTo, answer: Question, reason: str | None) -> None:
    """Her yes or no, to the revision that stands; the pass is her right to it."""
    quote = await document_by_id(gateway, led.tenant, QUOTE, led.document)
    caller, name = _shopper(led.tenant), f"{quote.id} {quote.version} {answer}"
    command = uuid.uuid5(uuid.NAMESPACE_OID, name)
    if answer == "accept":
        await accept_quote(gateway, caller, quote, "customer", command)
    else:
        await decline_quote(gateway, caller, quote, "customer", reason, command)


async def take_quote_online(gateway: Gateway, led: LedTo) -> str:
    """The code by which a shop takes over the cart of her quote, or what is left of it."""
    quote = await document_by_id(gateway, led.tenant, QUOTE, led.document)
    caller, attempt = _shopper(led.tenant), _drawn(gateway, quote)
    _, cart = await take_up_quote(gateway, caller, quote, attempt)
    wish = Wish("to_online", gateway.limits.code)
    return (await offer_handover(gateway, caller, cart, wish, attempt)).code


def _drawn(gateway: Gateway, quote: Quote) -> Attempt:
    """The same for a button that is pressed twice; a little later another."""
    stretch = gateway.limits.code.total_seconds() / 3
    number = int(gateway.clock().timestamp() // stretch)
    name = f"{quote.id} {quote.version} {number}"
    seed = gateway.vault.keyed_hash("a quote goes online", name)[:16]
    return Attempt(seed, datetime.fromtimestamp(number * stretch, UTC), first=True)


async def _time_zone(gateway: Gateway, tenant: UUID, quote: Quote) -> str:
    if quote.origin.store is None:
        return "Europe/Paris"
    store = await gateway.directory.stores.get(tenant, quote.origin.store)
    return store.time_zone if store is not None else "Europe/Paris"


def _known(quote: Quote) -> list[str]:
    return [twin.ref.connection for twin in quote.twins if not twin.ended]


def _shopper(tenant: UUID) -> Caller:
    return Caller(tenant, "gateway", Actor(kind="shopper"))
