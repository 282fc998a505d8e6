"""The AsyncAPI 3.0 description of the feed, and the JSON Schemas its events point to."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel

from cartbridge import __version__
from cartbridge.domain.alarm.events import AlarmEvent
from cartbridge.domain.alarm.events import Event as OfAlarm
from cartbridge.domain.canonical import CanonicalCart
from cartbridge.domain.cart.events import CartEvent
from cartbridge.domain.cart.events import Event as OfCart
from cartbridge.domain.enquiry.events import EnquiryEvent
from cartbridge.domain.enquiry.events import Event as OfEnquiry
from cartbridge.domain.listing.events import Event as OfListing
from cartbridge.domain.quote.canonical import CanonicalQuote
from cartbridge.domain.quote.events import QuoteEvent
from cartbridge.domain.wanted import MessageWanted
from cartbridge.domain.wishlist.events import WishlistEvent
from cartbridge.http.json_schemas import Wanted, components, standalone
from cartbridge.services.tell_event import CloudEvent

JsonObject = dict[str, Any]
Event = OfCart | OfListing | OfEnquiry | OfAlarm | MessageWanted
# Every event that may stand on the feed, kind by kind.
EVENTS: Final[tuple[type[Event], ...]] = tuple(
    dict.fromkeys(
        event
        for kind in (CartEvent, WishlistEvent, QuoteEvent, EnquiryEvent, AlarmEvent)
        for event in get_args(get_args(kind)[0])
    )
)

_ABOUT: Final = """\
Everything that happens to documents, and every alarm, as CloudEvents 1.0.2: `subject` is the \
document, `sequence` its version, `data` the fact. Order is promised within a document and its \
descendants, and nothing is left out: keep the cursor (the `id` of the stream, the `next` of a \
page) and go on from it. An event may come twice; `id` tells. Where a person was erased, `erased` \
is true and her data is missing from `data`.
"""


def type_of(event: type[Event]) -> str:
    """The name of an event on the wire: cart.sold."""
    return str(event.model_fields["type"].default)


def schema_name(event: type[Event]) -> str:
    """The name of the schema of an event's data: cart.sold.v1."""
    return f"{type_of(event)}.v{event.schema_version}"


def published_schemas(public_url: str) -> dict[str, JsonObject]:
    """Each schema that `dataschema` points to, and the canonical cart's, by name."""
    found = {
        schema_name(event): _data(standalone(event, _address(public_url, schema_name(event))))
        for event in EVENTS
    }
    documents: dict[str, type[BaseModel]] = {"cart.v1": CanonicalCart, "quote.v1": CanonicalQuote}
    return {
        **{name: standalone(of, _address(public_url, name)) for name, of in documents.items()},
        **found,
    }


def describe(public_url: str) -> JsonObject:
    """The feed as a channel, with one message for each type of event."""
    protocol, _, host = public_url.partition("://")
    wanted: list[Wanted] = [(CloudEvent, "serialization")]
    wanted += [(event, "serialization") for event in EVENTS]
    references, schemas = components(wanted)
    messages = {}
    for event in EVENTS:
        reference = references[event, "serialization"]["$ref"]
        name = reference.rpartition("/")[2]
        schemas[name] = _data(schemas[name])
        messages[type_of(event)] = _message(event, reference, public_url)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "CartBridge feed", "version": __version__, "description": _ABOUT},
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "gateway": {
                "host": host,
                "protocol": protocol,
                "security": [{"$ref": "#/components/securitySchemes/key"}],
            }
        },
        "channels": {"feed": _channel(messages)},
        "operations": {"read": _operation()},
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "cb_…",
                    "description": "A key of the role `ops`.",
                }
            },
        },
    }


def _channel(messages: Mapping[str, JsonObject]) -> JsonObject:
    return {
        "address": "/v1/events",
        "title": "The feed",
        "description": (
            "`GET` with `Accept: text/event-stream` streams the events as they happen; each block"
            " has `event` (the type), `data` (the CloudEvent) and, where it is safe to go on from,"
            " `id` (the cursor). `Last-Event-ID` goes on where a connection broke. Without that"
            " header the same events come as JSON pages. `types` chooses: `cart.sold,cart.claimed`."
        ),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"http": {}},
    }


def _operation() -> JsonObject:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/feed"},
        "title": "Read the feed",
        "summary": "The gateway tells what happened, from any cursor on.",
        "bindings": {"http": {"method": "GET"}},
    }


def _message(event: type[Event], reference: str, public_url: str) -> JsonObject:
    name = type_of(event)
    told = (event.__doc__ or name).split("\n")[0]
    return {
        "name": name,
        "title": told,
        "contentType": "application/cloudevents+json",
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {
                    "properties": {
                        "type": {"const": name},
                        "dataschema": {"const": _address(public_url, schema_name(event))},
                        "data": {"$ref": reference},
                    }
                },
            ]
        },
    }


def _data(schema: JsonObject) -> JsonObject:
    """An event's schema without its type: that stands in the envelope."""
    fields = {name: field for name, field in schema["properties"].items() if name != "type"}
    return {**schema, "properties": fields}


def _address(public_url: str, name: str) -> str:
    return f"{public_url}/schemas/{name}.json"
