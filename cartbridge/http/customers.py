"""Customers for operators: what is known of one, who looked, who asked to be forgotten."""

from dataclasses import asdict
from typing import Final

from cartbridge.database.customer_accesses import PREFIX as ACCESS_PREFIX
from cartbridge.database.customers import PREFIX, Kept
from cartbridge.domain.ids import is_id
from cartbridge.http import customer_models as m
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.services.problems import Problem
from cartbridge.services.see_customer import COUNTED, settle_erasure

routes: Final = Routes("ops")


@routes.add(
    "GET",
    "/v1/customers/{customer}",
    "A customer as all channels know her",
    answer=m.CustomerAnswer,
)
async def one(call: Call) -> Answer:
    """Her names, what she is known by, and what she agreed to, with when and where she said it.

    Her carts: `GET /v1/carts?customer=`.
    """
    return Answer(_shown(await _kept(call)))


@routes.add(
    "GET",
    "/v1/customers/{customer}/accesses",
    "Who looked a customer up",
    query=m.AccessesQuery,
    answer=m.Accesses,
)
async def accesses(call: Call) -> Answer:
    """Every look from a store: where, who, by what she was found, and what for."""
    kept, query = await _kept(call), call.query
    if query.after is not None and not is_id(query.after, ACCESS_PREFIX):
        fault = {"field": "after", "why": "this is no cursor of this list"}
        raise Problem("invalid_request", errors=(fault,))
    found = await call.gateway.accesses.of(
        call.caller.tenant, kept.known.id, query.limit, query.after
    )
    items = []
    for access in found:
        told = asdict(access)
        del told["customer"]
        items.append(m.AccessAnswer.model_validate(told))
    more = items[-1].id if len(items) == query.limit else None
    return Answer(m.Accesses(items=tuple(items), next=more))


@routes.add("GET", "/v1/erasure-requests", "Who asked to be forgotten", answer=m.ErasureRequests)
async def erasure_requests(call: Call) -> Answer:
    """Customers whose request waits for somebody to deal with it; nothing is erased by itself."""
    found = await call.gateway.customers.asking_erasure(call.caller.tenant, COUNTED)
    items = tuple(m.ErasureRequest(**asdict(each)) for each in found)
    return Answer(m.ErasureRequests(items=items))


@routes.add(
    "DELETE",
    "/v1/erasure-requests/{customer}",
    "A request to be forgotten was dealt with",
    status=204,
)
async def settle(call: Call) -> Answer:
    """Whatever was decided: it leaves the list, and the alarm is over with the last one."""
    await settle_erasure(call.gateway, call.caller.tenant, _named(call))
    return Answer(None, status=204)


def _named(call: Call) -> str:
    identifier = call.path("customer")
    if not is_id(identifier, PREFIX):
        raise Problem("not_found", what="customer")
    return identifier


async def _kept(call: Call) -> Kept:
    kept = await call.gateway.customers.read(call.caller.tenant, _named(call))
    if not kept.version:
        raise Problem("not_found", what="customer")
    return kept


def _shown(kept: Kept) -> m.CustomerAnswer:
    known = kept.known
    told = known.model_dump(exclude={"identifiers", "consent", "erasure_asked_at"})
    return m.CustomerAnswer(
        **told,
        identifiers=tuple(
            m.IdentifierAnswer(kind=each.kind, connection=each.scope or None, value=each.value)
            for each in known.identifiers
        ),
        consent=tuple(
            m.ConsentAnswer(brand=brand or None, purpose=purpose, **dict(agreed))
            for brand, said in known.consent.items()
            for purpose, agreed in said.items()
        ),
        erasure_asked_at=kept.erasure_asked_at,
    )
