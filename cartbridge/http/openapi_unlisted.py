"""Operations that answer before or without a key: hooks, pairing, the shopper's pages, health."""

from typing import Annotated, Final

from pydantic import Field

from cartbridge.domain.model import Strict
from cartbridge.http.browse_models import BrowseRequest
from cartbridge.http.openapi_operations import ALWAYS, Answered, Operation
from cartbridge.http.pos_models import PairAnswer, PairRequest

_HTML: Final = ("text/html",)
_REFUSED: Final = ("unauthorized", "too_large", "too_slow", "unsupported_encoding", *ALWAYS)


class HookReceipt(Strict):
    """The hook is stored for good; the same delivery again answers `duplicate`."""

    message: Annotated[str, Field(pattern=r"^msg_[0-9a-f]{32}$")] | None
    duplicate: bool


class Health(Strict):
    """The process answers, and which version it is."""

    status: str
    version: str


_HOOKS: Final = (
    Operation(
        id="hooks_receive",
        tag="Platforms",
        method="POST",
        path="/v1/hooks/{hook}",
        summary="Tell what happened on a platform",
        description=(
            "The signature is checked on the exact bytes, the body is stored, and only then is it"
            " answered; it is read afterwards, so a body that cannot be understood is kept for an"
            " operator and never refused. An unknown hook and a bad signature are answered alike."
            " Each connector declares the status and the body that its platform expects; what is"
            " told here is the default. The connector `standard` takes the canonical webhook:"
            " Standard Webhooks 1.0.2, signed in the three headers told here. Other platforms send"
            " what they send, and sign in their own way."
        ),
        answers={202: Answered("Stored for good.", HookReceipt)},
        headers=("webhook-id", "webhook-timestamp", "webhook-signature"),
        body_media="*/*",
        problems=_REFUSED,
    ),
    Operation(
        id="hooks_receive_unsigned",
        tag="Platforms",
        method="POST",
        path="/v1/hooks/{hook}/{secret}",
        summary="Tell what happened on a platform that signs nothing",
        description=(
            "As above, for platforms that cannot sign: the connection's secret is the end of the"
            " address. What such a hook says is a hint; the connector reads the document itself."
            " The secret is never logged."
        ),
        answers={202: Answered("Stored for good.", HookReceipt)},
        body_media="*/*",
        problems=_REFUSED,
    ),
    Operation(
        id="hooks_handshake",
        tag="Platforms",
        method="GET",
        path="/v1/hooks/{hook}",
        summary="Answer a platform's handshake",
        description="Some platforms ask once whether the hook is ours; the connector answers.",
        answers={200: Answered("What the platform expects.", None, ("text/plain",))},
        problems=_REFUSED,
    ),
    Operation(
        id="hooks_options",
        tag="Platforms",
        method="OPTIONS",
        path="/v1/hooks/{hook}",
        summary="Answer a CloudEvents validation request",
        description="A sender of CloudEvents asks whether it may call; the connector answers.",
        answers={200: Answered("What the platform expects.", None, ("text/plain",))},
        problems=_REFUSED,
    ),
)
_PAIRING: Final = (
    Operation(
        id="pairing_pair",
        tag="Tills",
        method="POST",
        path="/v1/pos/pair",
        summary="Pair a new terminal",
        description=(
            "The terminal gives the code that an operator read to it, and gets its own key, shown"
            " this once. A key it had before is revoked. No key and no Idempotency-Key is needed."
        ),
        answers={201: Answered("The terminal is paired.", PairAnswer)},
        headers=("Accept-Language",),
        body=PairRequest,
        problems=(
            "pairing_code_unknown",
            "invalid_request",
            "unknown_field",
            "too_large",
            "too_slow",
            "unsupported_encoding",
            *ALWAYS,
        ),
    ),
)
_PAGES: Final = (
    Operation(
        id="pages_pass",
        tag="Shoppers",
        method="GET",
        path="/c/{pass}",
        summary="Open the shopper's pass",
        description=(
            "Her cart with a fresh code while it may be taken at a till, or what became of it."
            " The pass is a secret: the page is never cached, sends no referrer, and is logged"
            " without it."
        ),
        answers={
            200: Answered("The page.", None, _HTML),
            404: Answered("A page that says that there is no such pass.", None, _HTML),
        },
        headers=("Accept-Language",),
    ),
    Operation(
        id="pages_refresh_pass",
        tag="Shoppers",
        method="POST",
        path="/c/{pass}",
        summary="Ask for a fresh code",
        description="The button of the pass: leads back to it, and it makes a fresh code.",
        answers={303: Answered("Back to the pass.", None, (), ("Location",))},
    ),
    Operation(
        id="pages_watch_pass",
        tag="Shoppers",
        method="GET",
        path="/c/{pass}/mark",
        summary="Look whether the pass would show something else now",
        description="A mark that changes whenever the page would; the page's own script asks.",
        answers={200: Answered("The mark.", None, ("text/plain",))},
        headers=("Accept-Language",),
        problems=("not_found", *ALWAYS),
    ),
    Operation(
        id="pages_answer_quote",
        tag="Shoppers",
        method="POST",
        path="/c/{pass}/{answer}",
        summary="Answer a quote, or go on with it online",
        description=(
            "The buttons of a quote's page: `accept`, `decline` (with a `reason`, if she tells one)"
            " or `online`, which leads on by a to-online code. Answering twice changes nothing, and"
            " a quote that no longer holds is shown as it stands."
        ),
        answers={
            303: Answered("Back to the pass, or on to the shop.", None, (), ("Location",)),
            404: Answered("A page that says that there is no such quote.", None, _HTML),
        },
        body_media="application/x-www-form-urlencoded",
        problems=("too_large", "too_slow", "unsupported_encoding", *ALWAYS),
    ),
    Operation(
        id="pages_write",
        tag="Shoppers",
        method="POST",
        path="/c/{pass}/message",
        summary="Write into an enquiry",
        description=(
            "The form of an enquiry's page: `text`, and the form's own `once`, so that one sent"
            " twice counts once. What cannot be taken is shown again with the reason."
        ),
        answers={
            303: Answered("Back to the pass.", None, (), ("Location",)),
            404: Answered("A page that says that there is no such enquiry.", None, _HTML),
            422: Answered("The page, with what was not taken and why.", None, _HTML),
            429: Answered("The page: too many messages in a row.", None, _HTML),
        },
        body_media="application/x-www-form-urlencoded",
        problems=("too_slow", "unsupported_encoding", *ALWAYS),
    ),
    Operation(
        id="pages_leave_for_shop",
        tag="Shoppers",
        method="GET",
        path="/c/{pass}/online",
        summary="Go on with the cart in the shop",
        description=(
            "Makes a to-online link and leads there: for what a store did not find of a"
            " reservation. Where the cart cannot go on online, back to the pass."
        ),
        answers={303: Answered("On to the shop, or back.", None, (), ("Location",))},
    ),
    Operation(
        id="pages_show_share",
        tag="Shoppers",
        method="GET",
        path="/w/{share}",
        summary="Open a wish list that was shared",
        description=(
            "The articles and what was bought of them already, and nothing of the owner. The link"
            " is a secret as a pass is; it dies when the owner shares the list no more."
        ),
        answers={
            200: Answered("The page.", None, _HTML),
            404: Answered("A page that says that there is no such list.", None, _HTML),
        },
        headers=("Accept-Language",),
    ),
    Operation(
        id="pages_code",
        tag="Shoppers",
        method="GET",
        path="/h/{code}",
        summary="Open a code in a browser",
        description=(
            'Says only "show this at the till"; a to-online code leads on to the shop. It shows'
            " no cart and no name, and uses nothing up. `/H/{code}` is the same page, because a"
            " QR code holds its address in capitals."
        ),
        answers={
            200: Answered("The page.", None, _HTML),
            404: Answered("A page that says that this is no code.", None, _HTML),
        },
        headers=("Accept-Language",),
    ),
    Operation(
        id="pages_code_picture",
        tag="Shoppers",
        method="GET",
        path="/h/{code}/qr.{form}",
        summary="The QR of a code",
        description="The picture, as `svg` or `png`, with its quiet zone.",
        answers={200: Answered("The picture.", None, ("image/svg+xml", "image/png"))},
        headers=("Accept-Language",),
        problems=("not_found", *ALWAYS),
    ),
)
_BROWSERS: Final = (
    Operation(
        id="browse_tell",
        tag="Browsers",
        method="POST",
        path="/v1/browse/{browse}",
        summary="Tell what is looked at on a shop's pages",
        description=(
            "For browsers, which hold no key: the Origin has to be on the connection's list"
            " (`cartbridge connection browse`). The body told here is our own form; a body with"
            " `events` is read as GA4's Measurement Protocol (`view_item`, `view_item_list`,"
            " `search`; `consent.analytics_storage` says whether she agreed). Without consent"
            " nothing is kept; with a consent that is denied, what was kept of the session goes."
            " The answer does not tell whether anything was kept. No cookie is set."
        ),
        answers={204: Answered("It was understood.", None, (), ("Access-Control-Allow-Origin",))},
        headers=("Origin",),
        body=BrowseRequest,
        problems=(
            "not_found",
            "origin_refused",
            "invalid_request",
            "unknown_field",
            "rate_limited",
            "too_large",
            "too_slow",
            "unsupported_encoding",
            *ALWAYS,
        ),
    ),
    Operation(
        id="browse_ask",
        tag="Browsers",
        method="OPTIONS",
        path="/v1/browse/{browse}",
        summary="Ask whether a page of another origin may tell",
        description="A browser asks by itself before it sends what a page tells.",
        answers={204: Answered("It may.", None, (), ("Access-Control-Allow-Origin",))},
        headers=("Origin",),
        problems=("not_found", "origin_refused", *ALWAYS),
    ),
    Operation(
        id="browse_script",
        tag="Browsers",
        method="GET",
        path="/browse.js",
        summary="The script that tells what is looked at",
        description="For a shop's own pages; the README says how to serve it from its domain.",
        answers={
            200: Answered("The script.", None, ("text/javascript",), ("ETag",)),
            304: Answered("It has not changed.", None, ()),
        },
        problems=("internal_error",),
    ),
)
_MACHINES: Final = (
    Operation(
        id="health_alive",
        tag="Machines",
        method="GET",
        path="/healthz",
        summary="Is the process alive",
        description="Answers as long as the process does, whatever the database does.",
        answers={200: Answered("It is.", Health)},
        problems=("internal_error",),
    ),
    Operation(
        id="health_ready",
        tag="Machines",
        method="GET",
        path="/readyz",
        summary="Can it work",
        description="The database answers too; send no calls to a process that answers 503.",
        answers={200: Answered("It can.", Health)},
    ),
    Operation(
        id="metrics_page_show",
        tag="Machines",
        method="GET",
        path="/metrics",
        summary="What the gateway counts of itself",
        description=(
            "For Prometheus: docs/metrics.md tells what each metric says. With the bearer token of"
            " the setting CARTBRIDGE_METRICS_TOKEN; where none is set, from the gateway's own"
            " machine alone. While the database is away the gauges of the queues are left out."
        ),
        answers={200: Answered("Every count and gauge.", None, ("text/plain",))},
        headers=("Accept-Language",),
        problems=("metrics_closed", "internal_error"),
    ),
    Operation(
        id="docs_openapi",
        tag="Machines",
        method="GET",
        path="/openapi.json",
        summary="This description",
        description="OpenAPI 3.1; `If-None-Match` with its ETag answers 304.",
        answers={
            200: Answered("The description.", None, ("application/json",), ("ETag",)),
            304: Answered("It has not changed.", None, ()),
        },
        problems=("internal_error",),
    ),
    Operation(
        id="docs_page",
        tag="Machines",
        method="GET",
        path="/docs",
        summary="This description, for people",
        description="A page that renders `/openapi.json` and loads nothing from elsewhere.",
        answers={200: Answered("The page.", None, _HTML)},
        problems=("internal_error",),
    ),
    Operation(
        id="docs_schema",
        tag="Machines",
        method="GET",
        path="/schemas/{schema}.json",
        summary="The JSON Schema of an event's data",
        description=(
            "What the `dataschema` of an event on the feed points to, such as"
            " `/schemas/cart.sold.v1.json`; `/schemas/cart.v1.json` is the canonical cart."
        ),
        answers={200: Answered("The schema.", None, ("application/schema+json",), ("ETag",))},
        headers=("Accept-Language",),
        problems=("not_found", "internal_error"),
    ),
)

UNLISTED: Final[tuple[Operation, ...]] = (*_HOOKS, *_PAIRING, *_PAGES, *_BROWSERS, *_MACHINES)
