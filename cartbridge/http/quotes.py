"""What tills, shops and operators call about quotes: written, issued, answered, handed over."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from cartbridge.domain.quote.canonical import CanonicalQuote
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.twin import TwinRef
from cartbridge.http import quote_models as m
from cartbridge.http.pos import if_match
from cartbridge.http.routes import Answer, Call, Role, Routes
from cartbridge.http.shop import handover_answer, visible
from cartbridge.http.shop_models import (
    CartQuery,
    HandoverAnswer,
    HandoverRequest,
    Timeline,
    TimelineQuery,
)
from cartbridge.services.change_quote import (
    Changed,
    accept_quote,
    change_quote,
    decline_quote,
    issue_quote,
)
from cartbridge.services.find_document import document_by_id, document_of_twin
from cartbridge.services.machines import QUOTE
from cartbridge.services.offer_handover import Wish, offer_handover, point_pass
from cartbridge.services.offer_quote import QuoteOffer, offer_quote
from cartbridge.services.problems import Problem
from cartbridge.services.show_quote import show_quote
from cartbridge.services.take_up import take_up_quote
from cartbridge.services.tell_timeline import tell_timeline
from cartbridge.services.write_quote import Written, ask_for_quote, write_quote

routes: Final = Routes("pos")
_READERS: Final[frozenset[Role]] = frozenset({"shop", "pos", "ops"})
_SHOP_AND_TILL: Final[frozenset[Role]] = frozenset({"shop", "pos"})
_STAFF: Final[frozenset[Role]] = frozenset({"pos", "ops"})
_HOLDS: Final = (
    "quote_not_issued",
    "quote_expired",
    "quote_declined",
    "quote_converted",
    "quote_not_open",
)
_OF_CARTS: Final = ("ttl_seconds", "store", "reserve")  # what a cart's code may have
_CARTS: Final = ("held_elsewhere", "cart_in_checkout")


@routes.add(
    "POST",
    "/v1/quotes",
    "Ask for a quote, or write one",
    roles=_SHOP_AND_TILL,
    body=m.QuoteRequest,
    answer=m.QuoteAnswer,
    status=201,
    problems=("quote_empty", "quote_unpriced", "quote_date_passed"),
)
async def write(call: Call) -> Answer:
    """An associate's quote, issued at once if she says so; a shop asks for one."""
    body: m.QuoteRequest = call.body
    if body.issue and call.caller.role != "pos":
        why = "a shop asks for a quote; an associate issues it"
        raise Problem("invalid_request", errors=({"field": "issue", "why": why},))
    written = Written(
        lines=tuple(line.quoted for line in body.add),
        tax_mode=body.tax_mode,
        currency=body.currency,
        customer=body.customer,
        locale=body.locale,
        message=body.message,
        valid_until=body.valid_until,
        issue=body.issue,
        metadata=body.metadata,
    )
    quote = await write_quote(call.gateway, call.caller, written, call.drawn)
    return await _answer(call, quote, status=201)


@routes.add(
    "POST",
    "/v1/carts/{cart}/quote",
    "Ask for a quote of what is in a cart",
    roles=_SHOP_AND_TILL,
    body=m.CartQuoteRequest,
    answer=m.QuoteAnswer,
    status=201,
    problems=("cart_empty",),
)
async def ask(call: Call) -> Answer:
    """A quote is requested: the cart's lines at the prices that she sees; the cart goes on."""
    cart = await visible(call, call.path("cart"))
    quote = await ask_for_quote(call.gateway, call.caller, cart, call.body.message, call.drawn)
    return await _answer(call, quote, status=201)


@routes.add(
    "GET",
    "/v1/quotes/{quote}",
    "A quote, now or as it was",
    roles=_READERS,
    query=CartQuery,
    answer=CanonicalQuote,
)
async def get_quote(call: Call) -> Answer:
    """The quote as it is, as it was at a version, or as it was known at a time."""
    quote = await _visible(call)
    if call.query.version is not None or call.query.at is not None:
        past = await call.gateway.documents.fold(
            call.caller.tenant, quote.id, version=call.query.version, at=call.query.at
        )
        if past is None:
            raise Problem("not_found", what="version")
        quote = past
    shown = await show_quote(call.gateway, call.caller, quote)
    return Answer(shown, headers={"ETag": f'"{quote.version}"'})


@routes.add(
    "GET",
    "/v1/quotes",
    "Find quotes",
    roles=_READERS,
    query=m.QuotesQuery,
    answer=m.Quotes,
    problems=("not_found",),
)
async def find_quotes(call: Call) -> Answer:
    """Quotes by their id in a shop, by customer, by state or by store, the newest first."""
    query: m.QuotesQuery = call.query
    if query.connection is not None and query.external_id is not None:
        return Answer(await _by_twin(call, query.connection, query.external_id))
    if call.caller.role == "shop":
        raise Problem("forbidden", role="shop")
    try:
        page = await call.gateway.documents.find(
            call.caller.tenant,
            "quote",
            state=query.state,
            customer=query.customer,
            limit=query.limit,
            after=query.after,
        )
    except ValueError:
        raise Problem("invalid_request", errors=({"field": "after", "why": "bad"},)) from None
    found = [x.state for x in page.items if query.store in (None, x.state.origin.store)]
    items = [await show_quote(call.gateway, call.caller, quote) for quote in found]
    return Answer(m.Quotes(items=tuple(items), next=page.next))


async def _by_twin(call: Call, connection: str, external_id: str) -> m.Quotes:
    link = await call.gateway.connectors.by_name(call.caller.tenant, connection)
    if link is None or call.caller.connection not in (None, link.id):
        raise Problem("not_found", what="connection")
    ref = TwinRef(connection=link.id, kind="quote", external_id=external_id)
    quote = await document_of_twin(call.gateway, call.caller.tenant, QUOTE, ref)
    if quote is None:
        return m.Quotes(items=(), next=None)
    return m.Quotes(items=(await show_quote(call.gateway, call.caller, quote),), next=None)


@routes.add(
    "PATCH",
    "/v1/quotes/{quote}",
    "Change what is being written",
    body=m.QuoteChange,
    answer=m.QuoteAnswer,
    problems=(
        "line_unknown",
        "quote_unpriced",
        "quote_not_open",
        "quote_date_passed",
        "precondition_failed",
    ),
)
async def change(call: Call) -> Answer:
    """Lines, prices, date or customer change, for the next issue; If-Match guards against haste."""
    body: m.QuoteChange = call.body
    quote = await _visible(call)
    changed = Changed(
        set={x.line: x.quantity for x in body.set} | {x: Decimal(0) for x in body.remove},
        add=tuple(line.quoted for line in body.add),
        prices={x.line: x.priced for x in body.prices},
        valid_until=body.valid_until,
        customer=body.customer,
        version=if_match(call),
    )
    try:
        after = await change_quote(call.gateway, call.caller, quote, changed, call.drawn)
    except Problem as problem:
        if problem.code == "precondition_failed":
            shown = await show_quote(call.gateway, call.caller, await _visible(call))
            problem.extra["quote"] = shown.model_dump(mode="json")
        raise
    return await _answer(call, after)


@routes.add(
    "POST",
    "/v1/quotes/{quote}/issue",
    "Let a quote go out as a new revision",
    body=m.IssueRequest,
    answer=m.QuoteAnswer,
    problems=("quote_empty", "quote_unpriced", "quote_date_passed", "quote_not_open", *_CARTS),
)
async def issue(call: Call) -> Answer:
    """Its prices hold from now on; a cart that was born of it is filled anew."""
    quote = await _visible(call)
    until = call.body.valid_until
    return await _answer(
        call, await issue_quote(call.gateway, call.caller, quote, until, call.drawn)
    )


@routes.add(
    "POST",
    "/v1/quotes/{quote}/accept",
    "Accept a quote for its customer",
    roles=_SHOP_AND_TILL,
    body=m.AcceptRequest,
    answer=m.QuoteAnswer,
    problems=_HOLDS,
)
async def accept(call: Call) -> Answer:
    """The customer says yes: it holds until it is sold."""
    quote, command = await _visible(call), call.drawn.command_id
    return await _answer(
        call, await accept_quote(call.gateway, call.caller, quote, "customer", command)
    )


@routes.add(
    "POST",
    "/v1/quotes/{quote}/decline",
    "Decline a quote",
    roles=_SHOP_AND_TILL,
    body=m.DeclineRequest,
    answer=m.QuoteAnswer,
    problems=("quote_not_open",),
)
async def decline(call: Call) -> Answer:
    """No: its code dies with it; a new issue takes it up again."""
    quote, body, command = await _visible(call), call.body, call.drawn.command_id
    return await _answer(
        call,
        await decline_quote(call.gateway, call.caller, quote, body.by, body.reason, command),
    )


@routes.add(
    "GET",
    "/v1/quotes/{quote}/timeline",
    "What happened to a quote, in words",
    roles=_STAFF,
    query=TimelineQuery,
    answer=Timeline,
)
async def timeline(call: Call) -> Answer:
    """Who did what, where and when, in French or English."""
    locale = call.query.locale or call.locale
    quote, zone = call.path("quote"), call.query.time_zone
    entries = await tell_timeline(call.gateway, call.caller.tenant, quote, locale, zone, QUOTE)
    return Answer(Timeline(items=tuple(entries)))


@routes.add(
    "POST",
    "/v1/quotes/{quote}/handovers",
    "Hand a quote over: its own code for tills, or a link to go on online",
    roles=_SHOP_AND_TILL,
    body=HandoverRequest,
    answer=HandoverAnswer,
    status=201,
    problems=(*_HOLDS, *_CARTS, "cart_has_payment"),
)
async def hand_over(call: Call) -> Answer:
    """To a store its one code, good for as long as it holds; online it is taken up at once."""
    quote, body, url = await _visible(call), call.body, call.gateway.public_url
    if body.reserve is not None:
        why = "take the quote up first, then reserve its cart: POST /v1/carts/{id}/handovers"
        raise Problem("invalid_request", errors=({"field": "reserve", "why": why},))
    if body.direction == "to_store":
        field = next((name for name in _OF_CARTS if getattr(body, name) is not None), None)
        if field is not None:
            why = "a quote's own code lives as long as the quote, in every store"
            raise Problem("invalid_request", errors=({"field": field, "why": why},))
        offer = await offer_quote(call.gateway, call.caller, quote)
        return Answer(_code_answer(offer, url), status=201)
    _, cart = await take_up_quote(call.gateway, call.caller, quote, call.drawn)
    seconds = body.ttl_seconds
    ttl = call.gateway.limits.code if seconds is None else timedelta(seconds=seconds)
    wish = Wish("to_online", ttl)
    made = await offer_handover(call.gateway, call.caller, cart, wish, call.drawn)
    return Answer(handover_answer(made, url), status=201)


def _code_answer(offer: QuoteOffer, public_url: str) -> HandoverAnswer:
    return HandoverAnswer(
        id=offer.id,
        direction="to_store",
        code=offer.code,
        short_code=offer.short_code,
        url=offer.url(public_url),
        qr_svg_url=f"{public_url}/h/{offer.code}/qr.svg",
        qr_png_url=f"{public_url}/h/{offer.code}/qr.png",
        pass_url=f"{public_url}/c/{offer.pass_code}",
        expires_at=offer.expires_at,
        reserve=None,
    )


async def _visible(call: Call) -> Quote:
    """A quote the caller may see: a shop sees only those that are its own."""
    tenant, name = call.caller.tenant, call.path("quote")
    quote = await document_by_id(call.gateway, tenant, QUOTE, name)
    if call.caller.role == "shop" and not quote.is_known_to(call.caller.connection):
        raise Problem("not_found", what="quote")
    return quote


async def _answer(call: Call, quote: Quote, status: int = 200) -> Answer:
    pass_code = await point_pass(call.gateway, call.caller.tenant, quote.id)
    shown = m.QuoteAnswer(
        quote=await show_quote(call.gateway, call.caller, quote),
        pass_url=f"{call.gateway.public_url}/c/{pass_code}",
    )
    return Answer(shown, status, headers={"ETag": f'"{quote.version}"'})
