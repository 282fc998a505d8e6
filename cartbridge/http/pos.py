"""What tills, tablets and kiosks call: claim, sell, cancel, take back, begin a cart."""

from decimal import Decimal
from typing import Final

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.drift import TillPrice
from cartbridge.http import pos_models as m
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.pages.drift_sentences import explained
from cartbridge.services.change_cart import Begun, Changed, begin_cart, change_cart
from cartbridge.services.claim_cart import Held, Wanted, claim_cart
from cartbridge.services.complete_sale import Completed, ExtraLine, Told, complete_sale
from cartbridge.services.find_cart import cart_by_id
from cartbridge.services.keep_claim import (
    claims_here,
    hold_claim,
    release_claim,
    renew_claim,
    show_claim,
)
from cartbridge.services.problems import Problem
from cartbridge.services.report_drift import report_drift
from cartbridge.services.scanned_lines import Scanned
from cartbridge.services.show_cart import show_cart
from cartbridge.services.undo_sale import Returned, return_goods, void_sale

routes: Final = Routes("pos")

_CODES: Final = (
    "not_found",
    "code_unknown",
    "code_used",
    "code_revoked",
    "code_lapsed",
    "code_other_store",
    "code_wrong_direction",
    "code_entry_locked",
    "held_elsewhere",
    "cart_has_payment",
    "cart_in_checkout",
    "cart_not_open",
    "quote_not_issued",
    "quote_expired",
    "quote_declined",
    "quote_converted",
    "quote_not_open",
)


@routes.add(
    "POST",
    "/v1/pos/claims",
    "Take a cart to this terminal",
    body=m.ClaimRequest,
    answer=m.ClaimAnswer,
    status=201,
    problems=_CODES,
)
async def claim(call: Call) -> Answer:
    """One terminal gets the cart, fresh; a repeat answers the claim as it stands."""
    body: m.ClaimRequest = call.body
    wanted = Wanted(
        code=body.code,
        short_code=body.short_code,
        cart=body.cart,
        quote=body.quote,
        take_over_reason=body.take_over.reason if body.take_over else None,
    )
    held = await claim_cart(call.gateway, call.caller, wanted, call.drawn)
    return Answer(await _claimed(call, held), status=201)


@routes.add("GET", "/v1/pos/claims", "What is held here", query=m.ClaimsQuery, answer=m.HeldCarts)
async def held_here(call: Call) -> Answer:
    """The carts of this terminal or store, those of unknown outcome first."""
    carts = await claims_here(call.gateway, call.caller, call.query.of == "store")
    return Answer(m.HeldCarts(items=tuple([await _held(call, cart) for cart in carts])))


async def _held(call: Call, cart: Cart) -> m.HeldCart:
    claim = cart.claim or cart.unheard
    if claim is None:
        raise Problem("claim_not_held")
    return m.HeldCart(
        claim=claim.id,
        terminal=claim.terminal,
        outcome=cart.outcome,
        cart=await show_cart(call.gateway, call.caller, cart),
    )


@routes.add(
    "GET",
    "/v1/pos/claims/{claim}",
    "The claim as it stands",
    answer=m.ClaimAnswer,
    problems=("claim_not_held",),
)
async def show(call: Call) -> Answer:
    """The claim and its cart, for the terminal that holds it."""
    held = await show_claim(call.gateway, call.caller, call.path("claim"))
    return Answer(await _claimed(call, held))


@routes.add(
    "POST",
    "/v1/pos/claims/{claim}/renew",
    "Begin the hold time anew",
    body=m.ClaimAction,
    answer=m.ClaimAnswer,
    problems=("claim_not_held",),
)
async def renew(call: Call) -> Answer:
    """The hold time begins anew if it has not run out."""
    held = await renew_claim(call.gateway, call.caller, call.path("claim"), call.body.fence)
    return Answer(await _claimed(call, held))


@routes.add(
    "POST",
    "/v1/pos/claims/{claim}/hold",
    "Keep the cart here until the store closes",
    body=m.ClaimAction,
    answer=m.ClaimAnswer,
    problems=("claim_not_held",),
)
async def hold(call: Call) -> Answer:
    """The cart is parked at this terminal."""
    held = await hold_claim(
        call.gateway, call.caller, call.path("claim"), call.drawn, call.body.fence
    )
    return Answer(await _claimed(call, held))


@routes.add(
    "POST",
    "/v1/pos/claims/{claim}/release",
    "Put the cart back, or say that it was not sold",
    body=m.ClaimAction,
    answer=m.CartAnswer,
    problems=("claim_not_held",),
)
async def release(call: Call) -> Answer:
    """The cart is open again for everybody."""
    cart = await release_claim(
        call.gateway, call.caller, call.path("claim"), call.drawn, call.body.fence
    )
    return await _cart(call, cart)


@routes.add(
    "POST",
    "/v1/pos/claims/{claim}/check",
    "Compare the till's own prices, taxes and stock",
    body=m.CheckRequest,
    answer=m.ClaimAnswer,
    problems=("claim_not_held", "line_unknown"),
)
async def check(call: Call) -> Answer:
    """The drift report against what this till itself would say."""
    held = await show_claim(call.gateway, call.caller, call.path("claim"))
    told = {}
    for line in call.body.lines:
        if held.cart.line(line.line) is None:
            raise Problem("line_unknown", line=line.line)
        told[line.line] = TillPrice(
            unit_price=line.unit_price,
            tax_rate=None if line.tax_rate is None else Decimal(line.tax_rate),
            in_stock=line.in_stock,
            promotion=line.promotion,
        )
    drift = await report_drift(call.gateway, call.caller.tenant, held.cart, held.claim.store, told)
    answer = await _claimed(call, held)
    return Answer(answer.model_copy(update={"drift": explained(drift, call.locale)}))


@routes.add(
    "POST",
    "/v1/pos/claims/{claim}/complete",
    "Tell that the cart was sold",
    body=m.CompleteRequest,
    answer=m.CompleteAnswer,
    problems=("line_unknown", "cart_not_open"),
)
async def complete(call: Call) -> Answer:
    """Sold lines make the cart bought; the rest carries on; a late report becomes a conflict."""
    body: m.CompleteRequest = call.body
    told = Told(
        fence=body.fence,
        receipt_number=body.receipt_number,
        sold_at=body.sold_at,
        lines=None
        if body.lines is None
        else tuple(
            c.TakenAtTill(x.line, x.quantity, x.unit_price, x.total, x.discounts)
            for x in body.lines
        ),
        extra_lines=tuple(
            ExtraLine(x.item.item, x.quantity, unit_price=x.unit_price) for x in body.extra_lines
        ),
        not_taken=body.not_taken,
        codes_used=body.codes_used,
        discounts=body.discounts,
        total=body.total,
        loyalty_shown=body.loyalty_number is not None,
    )
    done = await complete_sale(call.gateway, call.caller, call.path("claim"), told, call.drawn)
    return Answer(await _completed(call, done))


async def _completed(call: Call, done: Completed) -> m.CompleteAnswer:
    rest = done.remainder
    return m.CompleteAnswer(
        cart=await show_cart(call.gateway, call.caller, done.cart),
        remainder=None if rest is None else await show_cart(call.gateway, call.caller, rest),
        conflict=done.conflict,
    )


@routes.add(
    "POST",
    "/v1/pos/sales/{receipt_number}/void",
    "Cancel a ticket: its lines are back in the cart",
    body=m.ClaimAction,
    answer=m.CartAnswer,
    problems=("sale_unknown", "sale_not_voidable"),
)
async def void(call: Call) -> Answer:
    """The ticket is cancelled; the cart that carries on is answered."""
    number = call.path("receipt_number")
    return await _cart(call, await void_sale(call.gateway, call.caller, number, call.drawn))


@routes.add(
    "POST",
    "/v1/pos/returns",
    "Tell that goods of a sale came back",
    body=m.ReturnRequest,
    answer=m.CartAnswer,
    problems=("sale_unknown", "line_unknown", "return_exceeds_sale"),
)
async def returns(call: Call) -> Answer:
    """Goods came back, with quantities and reasons."""
    body: m.ReturnRequest = call.body
    cart = await return_goods(
        call.gateway,
        call.caller,
        receipt_number=body.receipt_number,
        cart_id=body.cart,
        lines=tuple(Returned(x.quantity, x.line, x.gtin, x.reason) for x in body.lines),
        attempt=call.drawn,
    )
    return await _cart(call, cart)


@routes.add(
    "POST",
    "/v1/pos/carts",
    "Begin a cart in the shop",
    body=m.BeginRequest,
    answer=m.CartAnswer,
    status=201,
)
async def begin(call: Call) -> Answer:
    """A cart begun by a till, tablet or kiosk."""
    body: m.BeginRequest = call.body
    begun = Begun(
        lines=tuple(scanned_line(line) for line in body.add),
        codes=body.codes,
        customer=body.customer,
        locale=body.locale,
        metadata=body.metadata,
    )
    cart = await begin_cart(call.gateway, call.caller, begun, call.drawn)
    return await _cart(call, cart, status=201)


@routes.add(
    "PATCH",
    "/v1/pos/carts/{cart}",
    "Change a cart",
    body=m.ChangeRequest,
    answer=m.CartAnswer,
    problems=("held_elsewhere", "line_unknown", "cart_not_open", "precondition_failed"),
)
async def change(call: Call) -> Answer:
    """Quantities, lines, codes or the customer of a cart change; If-Match guards against haste."""
    body: m.ChangeRequest = call.body
    cart = await cart_by_id(call.gateway, call.caller.tenant, call.path("cart"))
    changed = Changed(
        set={x.line: x.quantity for x in body.set} | {x: Decimal(0) for x in body.remove},
        add=tuple(scanned_line(line) for line in body.add),
        codes=body.codes,
        customer=body.customer,
        version=if_match(call),
    )
    try:
        cart = await change_cart(call.gateway, call.caller, cart, changed, call.drawn)
    except Problem as problem:
        if problem.code == "precondition_failed":
            present = await cart_by_id(call.gateway, call.caller.tenant, cart.id)
            shown = await show_cart(call.gateway, call.caller, present)
            problem.extra["cart"] = shown.model_dump(mode="json")
        raise
    return await _cart(call, cart)


def if_match(call: Call) -> int | None:
    """The version the caller looked at, by its If-Match; None: it did not say."""
    text = call.request.headers.get("If-Match")
    if text is None or text == "*":
        return None
    version = text.strip().removeprefix("W/").strip('"')
    if not (version.isascii() and version.isdigit()):
        raise Problem("invalid_request", errors=({"field": "If-Match", "why": "not an ETag"},))
    return int(version)


def scanned_line(line: m.ScannedLine) -> Scanned:
    """An article as it was scanned or chosen."""
    return Scanned(line.item.item, line.quantity, line.unit, line.unit_price, line.note)


async def _claimed(call: Call, held: Held) -> m.ClaimAnswer:
    return m.ClaimAnswer(
        claim=held.claim.id,
        fence=held.claim.fence,
        over=held.over,
        lease_seconds_left=held.lease_seconds_left,
        as_of=held.as_of,
        stale=held.stale,
        cart=await show_cart(call.gateway, call.caller, held.cart),
        drift=explained(held.drift, call.locale),
        late_sales=held.late_sales,
        loyalty=held.loyalty,
    )


async def _cart(call: Call, cart: Cart, status: int = 200) -> Answer:
    shown = await show_cart(call.gateway, call.caller, cart)
    return Answer(m.CartAnswer(cart=shown), status, headers={"ETag": f'"{cart.version}"'})
