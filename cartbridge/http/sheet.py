"""The sheet: a claimed cart for a till without API."""

from typing import Final, Literal

from pydantic import Field

from cartbridge.domain.model import Strict
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.pages.sheet import SheetView, sheet
from cartbridge.services.keep_claim import show_claim
from cartbridge.services.problems import Problem

routes: Final = Routes("pos")


class SheetQuery(Strict):
    """In which form, and on which paper: A4 or an 80 mm roll."""

    as_: Literal["page", "screen", "text", "csv"] = Field("page", alias="as")
    paper: Literal["a4", "roll"] = "a4"


@routes.add(
    "GET",
    "/v1/pos/claims/{claim}/sheet",
    "The claimed lines as bar codes, for a till without API",
    query=SheetQuery,
    problems=("claim_not_held",),
)
async def get_sheet(call: Call) -> Answer:
    """A printed page, one code after another on the screen, plain text, or CSV."""
    held = await show_claim(call.gateway, call.caller, call.path("claim"))
    directory, tenant = call.gateway.directory, call.caller.tenant
    store = await directory.stores.get(tenant, held.claim.store)
    terminal = await directory.terminals.get(tenant, held.claim.terminal)
    if store is None or terminal is None:
        raise Problem("not_found", what="store")
    view = SheetView(
        cart=held.cart,
        store=store.name,
        terminal=terminal.name,
        at=held.claim.since,
        time_zone=store.time_zone,
        reference=held.cart.id[-6:].upper(),
        paper=call.query.paper,
    )
    page = sheet(view, call.query.as_, call.locale)
    headers = dict(page.headers)
    kind = headers.pop("Content-Type")
    return Answer(page.body.encode(), page.status, kind, headers)
