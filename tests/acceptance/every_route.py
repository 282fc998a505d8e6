"""Calling every route the gateway has, with ids that are nobody's."""

from typing import Any

from cartbridge.http.routes import Role, Route
from tests.acceptance.world import LAMP, Caller, Json, World

ROLES: frozenset[Role] = frozenset({"shop", "pos", "ops"})
SOLD_AT = "2026-11-20T11:00:00Z"
NOBODYS = {
    "connection": "con_" + "0" * 32,
    "cart": "crt_" + "0" * 32,
    "customer": "cus_" + "0" * 32,
    "wishlist": "wsh_" + "0" * 32,
    "enquiry": "enq_" + "0" * 32,
    "quote": "qte_" + "0" * 32,
    "claim": "clm_" + "0" * 32,
    "handover": "hnd_" + "0" * 32,
    "reservation": "hnd_" + "0" * 32,
    "subscription": "sub_" + "0" * 32,
    "external_id": "nobody",
    "receipt_number": "none",
    "message": "msg_" + "0" * 32,
    "letter": "out_" + "0" * 32,
}
BODIES: dict[str, Json] = {
    "/v1/connections/{connection}/carts/{external_id}": {"currency": "EUR", "lines": []},
    "/v1/carts/{cart}/handovers": {"direction": "to_store"},
    "/v1/handovers/join": {"code": "BCDFGHJKLNPRSTVX" * 2, "external_id": "b"},
    "/v1/pos/claims": {"cart": NOBODYS["cart"]},
    "/v1/pos/claims/{claim}/check": {"lines": []},
    "/v1/pos/claims/{claim}/complete": {
        "fence": 1,
        "receipt_number": "R-1",
        "sold_at": SOLD_AT,
    },
    "/v1/quotes": {"currency": "EUR"},
    "/v1/enquiries": {"kind": "information", "subject": "?"},
    "/v1/enquiries/{enquiry}/messages": {"text": "?"},
    "/v1/enquiries/{enquiry}/schedule": {"at": "2030-01-01T10:00:00Z"},
    "/v1/enquiries/{enquiry}/close": {"outcome": "other"},
    "/v1/quotes/{quote}/handovers": {"direction": "to_store"},
    "/v1/wishlists/join": {"code": "BCDFGHJKLNPRSTVX" * 2, "external_id": "b"},
    "/v1/wishlists/{wishlist}/to-cart": {},
    "/v1/wishlists/{wishlist}/from-cart": {
        "cart": NOBODYS["cart"],
        "lines": [{"line": "lin_" + "0" * 32, "quantity": "1"}],
    },
    "/v1/pos/wishlists": {"code": "BCDFGHJKLNPRSTVX" * 2},
    "/v1/pos/returns": {
        "cart": NOBODYS["cart"],
        "lines": [{"gtin": LAMP["gtin"], "quantity": "1"}],
    },
    "/v1/pos/reservations/{reservation}": {
        "lines": [{"line": "lin_" + "0" * 32, "mark": "not_found"}]
    },
    "/v1/pos/carts": {"add": []},
    "/v1/pos/customers/search": {"email": "nobody@example.test", "purpose": "to help her"},
    "/v1/items": {"items": []},
    "/v1/pos/observations": {"kind": "tried", "items": [{"sku": "LAMP-OAK"}]},
    "/v1/subscriptions": {"url": "https://127.0.0.1/"},
    "/v1/subscriptions/{subscription}": {"state": "paused"},
    "/v1/messages/replay": {"until": "2026-01-01T00:00:00Z"},
    "/v1/dead-letters/replay": {"until": "2026-01-01T00:00:00Z"},
}


def path_of(route: Route, **names: str) -> str:
    return route.path.format(**{**NOBODYS, **names})


def caller_of(world: World, role: Role) -> Caller:
    return {"shop": world.shop, "pos": world.till(), "ops": world.operator}[role]


async def call(caller: Caller, route: Route, path: str, **headers: str) -> Any:
    body = BODIES.get(route.path, {}) if route.body is not None else None
    return await caller.call(route.method, path, body, **headers)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"
