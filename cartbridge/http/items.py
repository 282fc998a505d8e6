"""The item list over HTTP: put articles, find one."""

from typing import Final

from cartbridge.http import shop_models as m
from cartbridge.http.routes import Answer, Call, Routes

routes: Final = Routes("shop", "ops")


@routes.add(
    "PUT", "/v1/items", "Put articles on the item list", body=m.ItemsRequest, answer=m.ItemsAnswer
)
async def put_items(call: Call) -> Answer:
    """Each article is taken or refused by itself, with what is wrong and how to mend it."""
    result = await call.gateway.items.put(call.caller.tenant, call.body.items)
    refused = tuple(
        m.RefusedItem(sku=row.sku, reason=row.reason, mend=row.mend) for row in result.refused
    )
    return Answer(m.ItemsAnswer(accepted=result.accepted, refused=refused))


@routes.add("GET", "/v1/items", "Find an article", query=m.ItemsQuery, answer=m.Items)
async def get_items(call: Call) -> Answer:
    """The article of that reference or number, if the list knows it."""
    found = await call.gateway.items.find(
        call.caller.tenant, sku=call.query.sku, gtin=call.query.gtin
    )
    return Answer(m.Items(items=() if found is None else (found,)))
