"""The shop floor: what is shown and tried there, and what a customer looked at before she came."""

from typing import Final

from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.items import Item
from cartbridge.http import shop_floor_models as m
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.pages.words import Words
from cartbridge.services.find_document import document_by_id
from cartbridge.services.handle_enquiry import note_demonstration
from cartbridge.services.machines import ENQUIRY
from cartbridge.services.observe_shop_floor import Shown, observe_shop_floor
from cartbridge.services.see_recent_looks import see_recent_looks

routes: Final = Routes("pos")


@routes.add(
    "POST",
    "/v1/pos/observations",
    "Tell what was presented, tried, demonstrated or asked for",
    body=m.ObservationsRequest,
    answer=m.ObservationsAnswer,
    problems=("not_found", "enquiry_not_open"),
)
async def observe(call: Call) -> Answer:
    """Counted by article, store and day; of a customer only if she is known and agreed."""
    body: m.ObservationsRequest = call.body
    shown = Shown(body.kind, body.told, body.customer, body.enquiry)
    enquiry = await _asked(call, body.enquiry)
    noted = await observe_shop_floor(call.gateway, call.caller, shown, call.drawn)
    if enquiry is not None and body.kind == "demonstrated" and noted.kept:
        await note_demonstration(call.gateway, call.caller, enquiry, noted.kept, call.drawn)
    words = Words.for_locale(call.locale)
    return Answer(
        m.ObservationsAnswer(
            kept=tuple(
                m.KeptItem(sku=one.sku or "", gtin=one.gtin, title=one.title) for one in noted.kept
            ),
            unknown=tuple(_unknown(words, one) for one in noted.unknown),
            for_customer=noted.for_customer,
        )
    )


async def _asked(call: Call, name: str | None) -> Enquiry | None:
    """The enquiry that it was shown for; Problem not_found for one that is nobody's."""
    if name is None:
        return None
    return await document_by_id(call.gateway, call.caller.tenant, ENQUIRY, name)


def _unknown(words: Words, item: Item) -> m.UnknownItem:
    number = item.sku or item.gtin or item.title
    return m.UnknownItem(
        sku=item.sku, gtin=item.gtin, mend=words.text("shop_floor.unknown", number=number)
    )


@routes.add(
    "GET",
    "/v1/pos/customers/{customer}/recently-looked-at",
    "What a customer recently looked at",
    query=m.RecentQuery,
    answer=m.RecentLooks,
)
async def recently(call: Call) -> Answer:
    """On the web and in stores, if she agreed; that somebody looked is kept."""
    found = await see_recent_looks(
        call.gateway, call.caller, call.path("customer"), call.query.limit, call.query.purpose
    )
    return Answer(m.RecentLooks(items=tuple(found)))


@routes.add(
    "GET",
    "/v1/reports/shop-floor",
    "What was shown, tried and asked for in stores",
    roles=frozenset({"ops"}),
    query=m.ShopFloorQuery,
    answer=m.ShopFloorReport,
)
async def report(call: Call) -> Answer:
    """Counts by article and kind, of one store or all; of no person."""
    query: m.ShopFloorQuery = call.query
    tenant = call.caller.tenant
    counts = await call.gateway.shop_floor.counts(tenant, query.store, query.first, query.last)
    listed = await call.gateway.items.find_many(tenant, skus={one.sku for one in counts})
    items = tuple(
        m.FloorCountAnswer(
            sku=one.sku,
            title=listed[one.sku].label if one.sku in listed else None,
            kind=one.kind,
            count=one.count,
        )
        for one in counts
    )
    return Answer(m.ShopFloorReport(items=items))
