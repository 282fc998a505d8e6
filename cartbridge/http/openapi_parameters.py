"""Parameters as the API description tells them: what each name in a path, query or header means."""

import re
from collections.abc import Mapping
from typing import Any, Final

from cartbridge.http.openapi_story import (
    BEGUN,
    CART_ID,
    CLAIM,
    CODE,
    CUSTOMER,
    HANDOVER,
    LETTER,
    MESSAGE,
    RECEIPT,
    SHOP,
    SUBSCRIPTION,
)

JsonObject = dict[str, Any]

_PLACE: Final = re.compile(r"\{(\w+)\}")


def _id(prefix: str) -> JsonObject:
    return {"type": "string", "pattern": f"^{prefix}_[0-9a-f]{{32}}$"}


_TEXT: Final[JsonObject] = {"type": "string"}
# name in the path → what it is, its schema, an example
_PATH: Final[Mapping[str, tuple[str, JsonObject, str]]] = {
    "cart": ("The cart's id.", _id("crt"), CART_ID),
    "quote": ("The quote's id.", _id("qte"), CART_ID.replace("crt_", "qte_")),
    "enquiry": ("The enquiry's id.", _id("enq"), CART_ID.replace("crt_", "enq_")),
    "answer": (
        "What she answers.",
        {"type": "string", "enum": ["accept", "decline", "online"]},
        "accept",
    ),
    "customer": ("The customer's id.", _id("cus"), CUSTOMER),
    "wishlist": ("The wish list's id.", _id("wsh"), CART_ID.replace("crt_", "wsh_")),
    "share": ("The link by which a wish list is shared: a secret, 32 letters.", _TEXT, CODE),
    "claim": ("The claim's id, as the claim was answered with.", _id("clm"), CLAIM),
    "subscription": ("The subscription's id.", _id("sub"), SUBSCRIPTION),
    "handover": ("The hand-over's id.", _id("hnd"), HANDOVER),
    "reservation": ("The reservation's id, or its 8 digits.", _TEXT, HANDOVER),
    "connection": ("The connection's name or id.", _TEXT, SHOP.connection),
    "external_id": ("The cart's id in the shop.", _TEXT, SHOP.external_id),
    "receipt_number": ("The till's ticket number.", _TEXT, RECEIPT),
    "message": ("The message's id.", _id("msg"), MESSAGE),
    "letter": ("The dead letter's id.", _id("out"), LETTER),
    "secret": ("The connection's secret, where its platform signs nothing.", _TEXT, "s3cr3t"),
    "hook": ("The connection's unguessable hook id.", _TEXT, "hk_VfYt0q2wXc"),
    "browse": ("The connection's public name, no secret.", _id("brw"), "brw_" + "0" * 32),
    "pass": ("The shopper's pass: a secret, 32 letters.", _TEXT, CODE),
    "code": ("The code: 32 letters.", _TEXT, CODE),
    "form": ("The picture's form.", {"type": "string", "enum": ["svg", "png"]}, "svg"),
    "schema": ("An event's type and version, or `cart.v1`.", _TEXT, "cart.sold.v1"),
}
_QUERY: Final[Mapping[str, str]] = {
    "late": "Whether she should have heard from us by now.",
    "team": "The team that has it, while no store does.",
    "after": "The cursor to go on from: the `next` of the page before.",
    "as": "`page` to print, `screen` for one code after another, `text` to key in, or `csv`.",
    "at": "What had been recorded by this time (RFC 3339). Not together with `version`.",
    "connection": "The connection's name or id; together with `external_id`.",
    "customer": "The customer's id; operators and tills only.",
    "external_id": "The document's id in the shop; together with `connection`.",
    "from": "The first day (2026-11-20); none: as far back as is known.",
    "gtin": "The article's number: 8, 12, 13 or 14 digits.",
    "kind": "What the twin is in the shop.",
    "limit": "At most so many.",
    "locale": "`fr` or `en`; the caller's `Accept-Language` if not said.",
    "of": "This terminal's claims, or those of its whole store.",
    "paper": "A4, or a roll of 80 mm.",
    "purpose": "What for somebody looks: kept with the look.",
    "sku": "The article's reference.",
    "store": "The store's id; none: all stores together.",
    "to": "The last day, itself included; none: until now.",
    "state": "The document's state; operators and tills only.",
    "time_zone": "In which times are told (IANA name).",
    "types": "Only these event types, separated by commas: `cart.sold,cart.claimed`.",
    "version": "The document as it was at this version. Not together with `at`.",
}
# What a first call could ask for.
_ASKED: Final[Mapping[str, str]] = {
    "connection": SHOP.connection,
    "external_id": SHOP.external_id,
    "gtin": "3700123456780",
}
_HEADERS: Final[Mapping[str, JsonObject]] = {
    "Accept-Language": {
        "description": "Problems and texts in `fr` (the default) or `en`.",
        "schema": {"type": "string"},
        "example": "en",
    },
    "Idempotency-Key": {
        "required": True,
        "description": (
            "Made and kept by the caller before the call, so that it may be repeated: a repeat"
            " acts once and answers the present outcome. Kept 7 days."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "example": "till-4-000317",
    },
    "If-Match": {
        "description": "The ETag of the cart as it was read: 412 if it has changed since.",
        "schema": {"type": "string"},
        "example": '"7"',
    },
    "CartBridge-Terminal": {
        "description": "Which terminal calls: needed with a till system's key, which has many.",
        "schema": {"type": "string"},
        "example": "lyon-2-till-4",
    },
    "Origin": {
        "required": True,
        "description": "Whose page tells: a browser says it by itself.",
        "schema": {"type": "string"},
        "example": "https://shop.example",
    },
    "Last-Event-ID": {
        "description": "For a stream that broke: goes on after the last `id` it read.",
        "schema": {"type": "string"},
    },
    "webhook-id": {
        "description": "Names the message: the same one again is a duplicate.",
        "schema": {"type": "string"},
        "example": "snapshot-10482-3",
    },
    "webhook-timestamp": {
        "description": "When it was sent, in Unix seconds; more than 300 s off is refused.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": str(int(BEGUN.timestamp())),
    },
    "webhook-signature": {
        "description": (
            "`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body` with the connection's"
            " secret (`whsec_…`); several, separated by spaces, while a secret rotates."
        ),
        "schema": {"type": "string"},
        "example": "v1,<base64 HMAC-SHA256>",
    },
}
ANSWER_HEADERS: Final[Mapping[str, JsonObject]] = {
    "ETag": {"description": "The version, for `If-Match`.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true` if this call was a repeat.",
        "schema": {"type": "string", "const": "true"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the same request is sent again.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "Access-Control-Allow-Origin": {
        "description": "The page's own origin.",
        "schema": {"type": "string"},
    },
    "Location": {"description": "Where to go on.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}},
}


def in_path(path: str) -> list[JsonObject]:
    """The parameters of a path, in its order."""
    found = []
    for name in _PLACE.findall(path):
        text, schema, example = _PATH[name]
        found.append(
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": text,
                "schema": schema,
                "example": example,
            }
        )
    return found


def in_query(schema: Mapping[str, Any]) -> list[JsonObject]:
    """The parameters that a query model describes; a field's own description goes first."""
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": field.get("description") or _QUERY[name],
            "schema": _without_null({k: v for k, v in field.items() if k != "description"}),
            **({"example": _ASKED[name]} if name in _ASKED else {}),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def in_headers(names: tuple[str, ...]) -> list[JsonObject]:
    """The parameters of these request headers."""
    return [{"name": name, "in": "header", "required": False, **_HEADERS[name]} for name in names]


def _without_null(schema: JsonObject) -> JsonObject:
    """A query has no null: what may be null may be left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**kinds[0], **rest}
