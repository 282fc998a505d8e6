"""The OpenAPI 3.1 description of the gateway, made from the routes themselves."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel

from cartbridge import __version__
from cartbridge.domain.canonical import CanonicalCart
from cartbridge.http.json_schemas import Wanted, components
from cartbridge.http.openapi_examples import answered, canonical_webhook, sent
from cartbridge.http.openapi_operations import Answered, Operation, of_route
from cartbridge.http.openapi_parameters import (
    ANSWER_HEADERS,
    JsonObject,
    in_headers,
    in_path,
    in_query,
)
from cartbridge.http.openapi_problems import (
    ProblemDocument,
    all_problems,
    example,
    responses,
)
from cartbridge.http.openapi_unlisted import UNLISTED
from cartbridge.http.routes import Route

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
BINARY: Final[JsonObject] = {"type": "string", "format": "binary"}

_ABOUT: Final = """\
CartBridge carries carts between e-commerce platforms and store checkout systems.

- **Money**: integer minor units and an ISO 4217 code, never a float. A line's `total`, `taxes`, \
`fees` and `discounts` are for the whole line and bind; `unit_price` is for showing.
- **Quantity**: a decimal string and a UN/ECE Rec 20 unit (`C62` is the piece, `MTR` the metre).
- **Times**: RFC 3339, UTC. **Ids**: a prefix and a UUIDv7 in hex, such as `crt_…`.
- **Keys**: `Authorization: Bearer cb_…`. A key belongs to one retailer and one role; \
what belongs to another retailer answers 404. No key ever goes into a browser.
- **Idempotency**: every POST and PATCH takes an `Idempotency-Key` that the caller makes and \
keeps before the call, so it may be repeated after any failure. A repeat acts once, answers the \
present outcome and carries `Idempotent-Replayed: true`.
- **Problems**: RFC 9457 documents with a stable `code`, and what to do next, in English or \
French by `Accept-Language`. An unknown field in a command is refused by name; an answer may \
gain fields at any time, so let those pass that you do not know.
- **Lists**: `{"items": […], "next": …}`; `next` is the cursor for `after`, or null at the end.
- **Tracing**: an `X-Request-Id` of the caller (letters, digits and `._:/+=-`, 100 at most) is \
answered, kept with the events of the call, and stands in its log lines. Every answer has one, but \
a hook's only if it was sent one.
"""
_TAGS: Final[Mapping[str, str]] = {
    "Platforms": "Where e-commerce platforms tell what happened: signed webhooks, kept for good.",
    "Shops": "What a web shop or its companion calls: carts, hand-overs, joins. Key role `shop`.",
    "Articles": "The retailer's item list: what an article is called on each side.",
    "Wish lists": "Begun in a shop or store, shared by link, pulled at a till, moved into carts.",
    "Tills": "What tills, tablets and kiosks call: claim, sell, give back. Key role `pos`.",
    "Browsers": "What a shop's pages call: what is looked at, with consent alone. No key.",
    "Shoppers": "Pages for a phone: the pass she keeps, the code she shows. No key.",
    "Enquiries": "What customers ask: handed on, answered, and turned into a cart.",
    "Quotes": "Prices that are promised: written, issued, answered, and taken up as a cart.",
    "Feed": "What happened, in order per document and gap-free, for operators and their systems.",
    "Operators": "What operators call: the rest of the gateway's administration.",
    "Machines": "Health, and this description.",
}
_KEY: Final[JsonObject] = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "cb_…",
    "description": "A key of one retailer and one role: `shop`, `pos` or `ops`.",
}


def describe(routes: Iterable[Route], public_url: str) -> JsonObject:
    """The whole description of these routes, and of those that need no key, at that address."""
    operations = (*(of_route(route) for route in routes), *UNLISTED)
    references, definitions = components(_models(operations))
    paths: dict[str, JsonObject] = {}
    for operation in operations:
        told = _Teller(references, definitions).tell(operation)
        paths.setdefault(operation.path, {})[operation.method.lower()] = told
    queries = {operation.query.__name__ for operation in operations if operation.query}
    schemas = {name: schema for name, schema in definitions.items() if name not in queries}
    schemas["ProblemDocument"]["examples"] = [example("held_elsewhere")]
    tags = {operation.tag for operation in operations}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CartBridge",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": DIALECT,
        "servers": [{"url": public_url}],
        "tags": [{"name": n, "description": text} for n, text in _TAGS.items() if n in tags],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"key": _KEY}},
        "x-problems": all_problems(),
    }


def _models(operations: Iterable[Operation]) -> list[Wanted]:
    """Every model that is sent or answered."""
    wanted: list[Wanted] = [(ProblemDocument, "serialization"), (CanonicalCart, "serialization")]
    for operation in operations:
        for model in (operation.body, operation.query):
            if model is not None:
                wanted.append((model, "validation"))
        for answer in operation.answers.values():
            if answer.model is not None:
                wanted.append((answer.model, "serialization"))
    return wanted


class _Teller:
    """Tells one operation with references to the models' schemas."""

    def __init__(
        self, references: Mapping[Wanted, JsonObject], definitions: Mapping[str, Any]
    ) -> None:
        self._references = references
        self._definitions = definitions

    def tell(self, operation: Operation) -> JsonObject:
        """The operation as OpenAPI has it."""
        parameters = [
            *in_path(operation.path),
            *self._query(operation.query),
            *in_headers(operation.headers),
        ]
        answers = {
            str(status): self._answer(operation, answer)
            for status, answer in operation.answers.items()
        }
        return {
            "operationId": operation.id,
            "tags": [operation.tag],
            "summary": operation.summary,
            "description": operation.description,
            "security": [{"key": []}] if operation.roles else [],
            **({"x-roles": sorted(operation.roles)} if operation.roles else {}),
            **({"parameters": parameters} if parameters else {}),
            **self._body(operation),
            "responses": {**answers, **responses(operation.problems)},
        }

    def _query(self, model: type[BaseModel] | None) -> list[JsonObject]:
        if model is None:
            return []
        name = self._references[model, "validation"]["$ref"].rpartition("/")[2]
        return in_query(self._definitions[name])

    def _body(self, operation: Operation) -> JsonObject:
        if operation.body is None:
            if operation.body_media == "application/json":
                return {}
            shown = {"schema": {"type": "object"}, "example": canonical_webhook()}
            other = {operation.body_media: {"schema": BINARY}}
            return {"requestBody": {"content": {"application/json": shown, **other}}}
        content: JsonObject = {"schema": self._references[operation.body, "validation"]}
        shown = sent(operation.body)
        if shown is not None:
            content["example"] = shown
        return {"requestBody": {"required": True, "content": {operation.body_media: content}}}

    def _answer(self, operation: Operation, answer: Answered) -> JsonObject:
        told: JsonObject = {"description": answer.text}
        if answer.headers:
            told["headers"] = {name: ANSWER_HEADERS[name] for name in answer.headers}
        if 204 not in operation.answers and answer.media:
            told["content"] = {
                media: self._content(operation, answer, media) for media in answer.media
            }
        return told

    def _content(self, operation: Operation, answer: Answered, media: str) -> JsonObject:
        if "json" not in media or answer.model is None:
            return {"schema": {"type": "object"} if "json" in media else {"type": "string"}}
        content: JsonObject = {"schema": self._references[answer.model, "serialization"]}
        shown = answered(answer.model, operation.id)
        if shown is not None:
            content["example"] = shown
        return content
