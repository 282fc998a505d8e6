"""An operation as the API description tells it: one method and path with all its promises."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pydantic import BaseModel

from cartbridge.domain.canonical import CanonicalCart
from cartbridge.domain.enquiry.canonical import CanonicalEnquiry
from cartbridge.domain.quote.canonical import CanonicalQuote
from cartbridge.domain.wishlist.canonical import CanonicalWishlist
from cartbridge.http.enquiry_models import EnquiryAnswer
from cartbridge.http.pos_models import CartAnswer
from cartbridge.http.quote_models import QuoteAnswer
from cartbridge.http.routes import Role, Route
from cartbridge.http.store_models import StoreReservation
from cartbridge.http.wishlist_models import WishlistAnswer

# What has a version: it is answered with an ETag, and changed with If-Match.
_DOCUMENTS: Final = ("{cart}", "{wishlist}", "{quote}", "{enquiry}")
_TAGGED: Final = (CartAnswer, StoreReservation, WishlistAnswer, QuoteAnswer, EnquiryAnswer)
_WHOLE: Final = (CanonicalCart, CanonicalWishlist, CanonicalQuote, CanonicalEnquiry)
JSON: Final = ("application/json",)
ALWAYS: Final = ("internal_error", "unavailable")

_KEYED: Final = ("unauthorized", "forbidden")
_BODY: Final = ("invalid_request", "unknown_field", "too_large", "too_slow", "unsupported_encoding")
_QUERY: Final = ("invalid_request", "unknown_field")
_IDEMPOTENT: Final = ("idempotency_key_required", "idempotency_conflict", "still_running")
# What routes answer beside one JSON document.
_MEDIA: Final = {
    ("GET", "/v1/events"): (*JSON, "text/event-stream"),
    ("GET", "/v1/pos/claims/{claim}/sheet"): ("text/html", "text/plain", "text/csv"),
    ("GET", "/v1/reports/lifecycle"): (*JSON, "text/csv"),
    ("GET", "/v1/reports/additional-sales"): (*JSON, "text/csv"),
    ("GET", "/v1/reports/attribution"): (*JSON, "text/csv"),
}
# The audience of each module that tells routes; those of any other are the operators'.
_TAGS: Final = {
    "wishlists": "Wish lists",
    "shop": "Shops",
    "items": "Articles",
    "stock": "Articles",
    "pos": "Tills",
    "customer_search": "Tills",
    "sheet": "Tills",
    "quotes": "Quotes",
    "enquiries": "Enquiries",
    "store_work": "Tills",
    "shop_floor": "Tills",
    "feed": "Feed",
    "subscriptions": "Feed",
}


class Answered(NamedTuple):
    """One successful answer: what it means, its model and media types, its own headers."""

    text: str
    model: type[BaseModel] | None = None
    media: tuple[str, ...] = JSON
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """Everything a caller has to know of one method and path."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    answers: Mapping[int, Answered]
    roles: frozenset[Role] = frozenset()  # empty: no key is needed
    headers: tuple[str, ...] = ()
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_media: str = "application/json"
    problems: tuple[str, ...] = field(default=ALWAYS)


def of_route(route: Route) -> Operation:
    """The operation that a told route promises."""
    module = route.handler.__module__.rpartition(".")[2]
    media = _MEDIA.get((route.method, route.path), JSON)
    model = None if media[0] != JSON[0] else route.answer
    text = inspect.getdoc(route.handler) or route.summary
    return Operation(
        id=f"{module}_{route.handler.__name__}",
        tag=_TAGS.get(module, "Operators"),
        method=route.method,
        path=route.path,
        summary=route.summary,
        description=text,
        answers={route.status: Answered(text, model, media, _answer_headers(route))},
        roles=route.roles,
        headers=_headers(route),
        query=route.query,
        body=route.body,
        problems=_problems(route),
    )


def _headers(route: Route) -> tuple[str, ...]:
    found = ["Accept-Language"]
    if route.idempotent:
        found.append("Idempotency-Key")
    if "precondition_failed" in route.problems:
        found.append("If-Match")
    if "pos" in route.roles:
        found.append("CartBridge-Terminal")
    if "text/event-stream" in _MEDIA.get((route.method, route.path), ()):
        found.append("Last-Event-ID")
    return tuple(found)


def _answer_headers(route: Route) -> tuple[str, ...]:
    found = []
    one = any(name in route.path for name in _DOCUMENTS)
    if route.answer in _TAGGED or (route.answer in _WHOLE and one):
        found.append("ETag")
    if route.idempotent:
        found.append("Idempotent-Replayed")
    return tuple(found)


def _problems(route: Route) -> tuple[str, ...]:
    """Its own problems, and those that its form brings along."""
    codes = [*route.problems, *_KEYED, *ALWAYS]
    if route.body is not None:
        codes += _BODY
    if route.query is not None:
        codes += _QUERY
    if route.idempotent:
        codes += _IDEMPOTENT
    if "pos" in route.roles:
        codes.append("terminal_required")
    if "{" in route.path:
        codes.append("not_found")
    return tuple(dict.fromkeys(codes))
