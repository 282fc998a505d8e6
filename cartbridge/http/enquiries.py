"""Enquiries: asked in a shop or a store, handed on, answered, turned into a cart."""

from typing import Final

from cartbridge.domain.enquiry.canonical import CanonicalEnquiry, canonical
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.twin import TwinRef
from cartbridge.http import enquiry_models as m
from cartbridge.http import shop_models
from cartbridge.http.pos import if_match, scanned_line
from cartbridge.http.routes import Answer, Call, Role, Routes
from cartbridge.services.cart_of_enquiry import cart_of_enquiry
from cartbridge.services.codes import pass_of
from cartbridge.services.find_document import document_by_id, document_of_twin
from cartbridge.services.handle_enquiry import (
    Changed,
    change_enquiry,
    note_demonstration,
    schedule_enquiry,
)
from cartbridge.services.list_enquiries import Looked, list_enquiries
from cartbridge.services.machines import ENQUIRY
from cartbridge.services.open_enquiry import Asked, open_enquiry
from cartbridge.services.problems import Problem
from cartbridge.services.show_cart import show_cart
from cartbridge.services.tell_timeline import tell_timeline
from cartbridge.services.write_message import (
    Written,
    close_enquiry,
    reopen_enquiry,
    write_message,
)

routes: Final = Routes("shop", "pos", "ops")
_ASKERS: Final[frozenset[Role]] = frozenset({"shop", "pos"})
_STAFF: Final[frozenset[Role]] = frozenset({"pos", "ops"})
_TILL: Final[frozenset[Role]] = frozenset({"pos"})


@routes.add(
    "POST",
    "/v1/enquiries",
    "Ask something, or for a demonstration",
    roles=_ASKERS,
    body=m.EnquiryRequest,
    answer=m.EnquiryAnswer,
    status=201,
    problems=("not_found", "sale_unknown"),
)
async def ask(call: Call) -> Answer:
    """An enquiry from a shop's contact form, or taken down by an associate for a customer."""
    body: m.EnquiryRequest = call.body
    asked = Asked(
        kind=body.kind,
        subject=body.subject,
        message=body.message,
        channel=body.channel,
        store=body.store,
        team=body.team,
        customer=body.customer,
        items=tuple(one.item for one in body.items),
        about=tuple(one for one in (body.cart, body.wishlist, body.quote) if one is not None),
        receipt_number=body.sale.receipt_number if body.sale is not None else None,
        receipt_store=body.sale.store if body.sale is not None else None,
        wished_at=body.wished_at,
        locale=body.locale,
        external_id=body.external_id,
    )
    return _answer(call, await open_enquiry(call.gateway, call.caller, asked, call.drawn), 201)


@routes.add(
    "GET",
    "/v1/enquiries",
    "Find enquiries",
    query=m.EnquiriesQuery,
    answer=m.Enquiries,
    problems=("not_found", "forbidden"),
)
async def find(call: Call) -> Answer:
    """The late ones first, then by due time; a store's terminal is shown its own store's.

    A customer's, and those that are over, come by their last change.
    """
    query: m.EnquiriesQuery = call.query
    if query.connection is not None and query.external_id is not None:
        return Answer(await _by_twin(call, query.connection, query.external_id))
    role, here = call.caller.role, call.caller.store
    if role == "shop" or (role == "pos" and query.store not in (None, here)):
        raise Problem("forbidden", role=role)
    store = query.store
    if role == "pos" and query.customer is None:
        store = _here(call)
    looked = Looked(store, query.team, query.state, query.late, query.customer)
    return await _page(call, looked, query)


@routes.add(
    "GET",
    "/v1/pos/enquiries",
    "What customers ask of this store",
    roles=_TILL,
    query=m.StoreEnquiriesQuery,
    answer=m.Enquiries,
    problems=("terminal_required",),
)
async def find_here(call: Call) -> Answer:
    """The late ones first, then by due time; last those that she has heard of."""
    query: m.StoreEnquiriesQuery = call.query
    return await _page(call, Looked(_here(call), None, query.state, query.late), query)


@routes.add(
    "GET",
    "/v1/enquiries/{enquiry}",
    "An enquiry, now or as it was",
    query=shop_models.CartQuery,
    answer=CanonicalEnquiry,
)
async def get(call: Call) -> Answer:
    """With its whole thread, so that nobody has to repeat herself; any store's till may read it."""
    enquiry = await _visible(call)
    if call.query.version is not None or call.query.at is not None:
        past = await call.gateway.documents.fold(
            call.caller.tenant, enquiry.id, version=call.query.version, at=call.query.at
        )
        if past is None:
            raise Problem("not_found", what="version")
        enquiry = past
    return Answer(_shown(call, enquiry), headers={"ETag": f'"{enquiry.version}"'})


@routes.add(
    "PATCH",
    "/v1/enquiries/{enquiry}",
    "Hand an enquiry on, or change when it is due",
    roles=_STAFF,
    body=m.EnquiryChangeRequest,
    answer=m.EnquiryAnswer,
    problems=("enquiry_not_open", "enquiry_date_passed", "precondition_failed"),
)
async def change(call: Call) -> Answer:
    """To another store or team, to somebody or nobody; If-Match guards against haste."""
    body: m.EnquiryChangeRequest = call.body
    enquiry = await _visible(call)
    changed = Changed(
        store=body.store,
        team=body.team,
        assign="assigned_to" in body.model_fields_set,
        assigned=body.assigned_to,
        due_at=body.due_at,
        subject=body.subject,
        customer=body.customer,
        version=if_match(call),
    )
    try:
        after = await change_enquiry(call.gateway, call.caller, enquiry, changed, call.drawn)
    except Problem as problem:
        if problem.code == "precondition_failed":
            present = _shown(call, await _visible(call))
            problem.extra["enquiry"] = present.model_dump(mode="json")
        raise
    return _answer(call, after)


@routes.add(
    "POST",
    "/v1/enquiries/{enquiry}/messages",
    "Write into an enquiry",
    body=m.MessageRequest,
    answer=m.EnquiryAnswer,
    status=201,
    problems=("enquiry_not_open",),
)
async def write(call: Call) -> Answer:
    """Staff answers it by that, here and where it was asked; hers takes it up again."""
    body: m.MessageRequest = call.body
    enquiry = await _visible(call)
    author = body.author or ("customer" if call.caller.role == "shop" else "staff")
    written = Written(body.text, author, body.channel)
    after = await write_message(call.gateway, call.caller, enquiry, written, call.drawn)
    return _answer(call, after, 201)


@routes.add(
    "POST",
    "/v1/enquiries/{enquiry}/schedule",
    "Make a date for a demonstration or a call",
    roles=_STAFF,
    body=m.ScheduleRequest,
    answer=m.EnquiryAnswer,
    problems=("enquiry_not_open", "enquiry_date_passed"),
)
async def schedule(call: Call) -> Answer:
    """Her page shows it; made again it is another date."""
    body: m.ScheduleRequest = call.body
    enquiry = await _visible(call)
    after = await schedule_enquiry(
        call.gateway, call.caller, enquiry, body.at, body.store, body.assigned_to, call.drawn
    )
    return _answer(call, after)


@routes.add(
    "POST",
    "/v1/enquiries/{enquiry}/demonstrated",
    "Say what she was shown",
    roles=_TILL,
    body=m.DemonstratedRequest,
    answer=m.EnquiryAnswer,
    problems=("enquiry_not_open", "enquiry_without_items"),
)
async def demonstrated(call: Call) -> Answer:
    """The demonstration took place in this store."""
    enquiry = await _visible(call)
    items = tuple(one.item for one in call.body.items)
    after = await note_demonstration(call.gateway, call.caller, enquiry, items, call.drawn)
    return _answer(call, after)


@routes.add(
    "POST",
    "/v1/enquiries/{enquiry}/close",
    "Close an enquiry",
    body=m.CloseRequest,
    answer=m.EnquiryAnswer,
    problems=("enquiry_not_open",),
)
async def close(call: Call) -> Answer:
    """Done with, until she writes again."""
    body: m.CloseRequest = call.body
    enquiry = await _visible(call)
    after = await close_enquiry(
        call.gateway, call.caller, enquiry, body.outcome, body.message, call.drawn
    )
    return _answer(call, after)


@routes.add(
    "POST",
    "/v1/enquiries/{enquiry}/reopen",
    "Take up an enquiry again",
    body=m.ReopenRequest,
    answer=m.EnquiryAnswer,
    problems=("enquiry_not_open",),
)
async def reopen(call: Call) -> Answer:
    """What was answered, closed or scheduled is open again; her time is counted anew."""
    enquiry = await _visible(call)
    return _answer(call, await reopen_enquiry(call.gateway, call.caller, enquiry, call.drawn))


@routes.add(
    "POST",
    "/v1/enquiries/{enquiry}/cart",
    "Turn a demonstration into a cart",
    roles=_TILL,
    body=m.EnquiryCartRequest,
    answer=m.EnquiryCartAnswer,
    status=201,
    problems=("enquiry_not_open", "enquiry_without_items", "terminal_required"),
)
async def begin_cart(call: Call) -> Answer:
    """A cart that knows its enquiry for good; while one is alive it is answered again."""
    body: m.EnquiryCartRequest = call.body
    enquiry = await _visible(call)
    lines = tuple(map(scanned_line, body.lines))
    after, cart = await cart_of_enquiry(call.gateway, call.caller, enquiry, lines, call.drawn)
    shown = await show_cart(call.gateway, call.caller, cart)
    return Answer(m.EnquiryCartAnswer(enquiry=_shown(call, after), cart=shown), 201)


@routes.add(
    "GET",
    "/v1/enquiries/{enquiry}/timeline",
    "What happened to an enquiry, in words",
    roles=_STAFF,
    query=shop_models.TimelineQuery,
    answer=shop_models.Timeline,
)
async def timeline(call: Call) -> Answer:
    """Who did what, where and when, in French or English."""
    entries = await tell_timeline(
        call.gateway,
        call.caller.tenant,
        call.path("enquiry"),
        call.query.locale or call.locale,
        call.query.time_zone,
        ENQUIRY,
    )
    return Answer(shop_models.Timeline(items=tuple(entries)))


async def _by_twin(call: Call, connection: str, external_id: str) -> m.Enquiries:
    link = await call.gateway.connectors.by_name(call.caller.tenant, connection)
    if link is None or call.caller.connection not in (None, link.id):
        raise Problem("not_found", what="connection")
    ref = TwinRef(connection=link.id, kind="enquiry", external_id=external_id)
    found = await document_of_twin(call.gateway, call.caller.tenant, ENQUIRY, ref)
    return m.Enquiries(items=() if found is None else (_shown(call, found),), next=None)


def _here(call: Call) -> str:
    if call.caller.store is None:
        raise Problem("terminal_required")
    return call.caller.store


async def _page(call: Call, looked: Looked, query: m.StoreEnquiriesQuery) -> Answer:
    tenant = call.caller.tenant
    found = await list_enquiries(call.gateway, tenant, looked, query.limit, query.after)
    items = tuple(_shown(call, one) for one in found.enquiries)
    return Answer(m.Enquiries(items=items, next=found.next))


async def _visible(call: Call) -> Enquiry:
    """An enquiry the caller may see: a shop sees those that were asked there."""
    enquiry = await document_by_id(call.gateway, call.caller.tenant, ENQUIRY, call.path("enquiry"))
    if call.caller.role == "shop":
        known = {twin.ref.connection for twin in enquiry.twins} | {enquiry.origin.connection}
        if call.caller.connection not in known:
            raise Problem("not_found", what="enquiry")
    return enquiry


def _shown(call: Call, enquiry: Enquiry) -> CanonicalEnquiry:
    return canonical(enquiry, call.gateway.clock())


def _answer(call: Call, enquiry: Enquiry, status: int = 200) -> Answer:
    url = f"{call.gateway.public_url}/c/{pass_of(call.gateway.vault, enquiry.id)}"
    body = m.EnquiryAnswer(enquiry=_shown(call, enquiry), pass_url=url)
    return Answer(body, status, headers={"ETag": f'"{enquiry.version}"'})
