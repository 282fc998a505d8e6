"""Stock over HTTP: tell what stores have, and look what was told."""

from typing import Final

from cartbridge.http import stock_models as m
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.pages.words import Words
from cartbridge.services.put_stock import Counted, put_stock, stock_of

routes: Final = Routes("shop", "ops")


@routes.add("PUT", "/v1/stock", "Tell what stores have", body=m.StockRequest, answer=m.StockAnswer)
async def put(call: Call) -> Answer:
    """Each level is taken or refused by itself; an older one never replaces a newer one."""
    told = [
        Counted(row.store, row.quantity, row.sku, row.gtin, row.as_of) for row in call.body.levels
    ]
    report = await put_stock(call.gateway, call.caller, told)
    words = Words.for_locale(call.locale)
    refused = tuple(
        m.RefusedRow(
            row=row.row, reason=row.reason, name=row.name, mend=words.text(f"stock.{row.reason}")
        )
        for row in report.refused
    )
    return Answer(m.StockAnswer(accepted=report.accepted, refused=refused))


@routes.add(
    "GET",
    "/v1/stock",
    "What stores have of an article",
    roles=frozenset({"shop", "pos", "ops"}),
    query=m.StockQuery,
    answer=m.StockLevels,
)
async def get(call: Call) -> Answer:
    """What was told last of each store, with its time; a store that is missing said nothing."""
    levels = await stock_of(call.gateway, call.caller, call.query.sku, call.query.gtin)
    items = tuple(
        m.StockLevelAnswer(
            store=one.store,
            quantity=one.level.quantity,
            as_of=one.level.as_of,
            source=one.source,
        )
        for one in levels
    )
    return Answer(m.StockLevels(items=items))
