"""Putting a cart before a cashier in the till system itself, and taking it away unsold."""

import uuid
from uuid import UUID

import structlog

from cartbridge.database.outbox import OutboxMessage
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.ids import named, uuid_of
from cartbridge.domain.line import Line, Prices
from cartbridge.domain.projection import Projection
from cartbridge.domain.store import Store
from cartbridge.domain.twin import PlacedFor, Twin, TwinRef
from cartbridge.sdk import errors
from cartbridge.sdk.contract import PlacedLine, Placement
from cartbridge.services.connectors import Link
from cartbridge.services.consequences import is_wanted_there, project
from cartbridge.services.find_cart import cart_by_id, cart_of_twin, twin_key
from cartbridge.services.gateway import Gateway
from cartbridge.services.observe_twin import caller_for
from cartbridge.services.refresh_credentials import call_platform
from cartbridge.services.report_drift import report_drift
from cartbridge.services.run_command import run_command

log = structlog.get_logger(__name__)


async def place_cart(
    gateway: Gateway, link: Link, placing: PlacedFor, message: OutboxMessage
) -> None:
    """Shows the cart on the till, and notes as what; a till that cannot show it now is left."""
    if message.document is None:
        raise errors.Refuse("a placement without a cart")
    cart = await cart_by_id(gateway, link.tenant, named("crt", message.document))
    # An earlier try may have put it there: found again it is noted, and withdrawn if it must be.
    if not is_wanted_there(cart, placing) and message.attempts <= 1:
        return
    placement = await _placement(gateway, link, cart, placing)
    try:
        placed = await call_platform(
            gateway, link, lambda remote: link.connector.place(placement, remote)
        )
    except errors.Ignore as error:
        log.info("cart.not_placed", connection=link.id, why=str(error))
        return
    ref = TwinRef(connection=link.id, kind=placed.kind, external_id=placed.external_id)
    ours = uuid_of(cart.id)
    holder = await gateway.pointers.claim_pointer(link.tenant, "twin", twin_key(ref), ours)
    if holder != ours:
        await _take_from(gateway, link, ref, holder, cart, message)
    twin = Twin(
        ref=ref,
        shadow=placed.snapshot.basket,
        shadow_codes=placed.snapshot.codes,
        refusals=placed.snapshot.refused,
        refused_codes=placed.snapshot.refused_codes,
        placed=placing,
    )

    async def make(now: Cart) -> c.PutOnTill:
        return c.PutOnTill(twin)

    command = uuid.uuid5(message.id, f"placed {message.attempts}")
    await run_command(gateway, caller_for(link), cart.id, command, make)


async def _take_from(
    gateway: Gateway, link: Link, ref: TwinRef, holder: UUID, cart: Cart, message: OutboxMessage
) -> None:
    """It was seen there before we knew it for ours, and a cart began of it: that one ends."""
    key, ours = twin_key(ref), uuid_of(cart.id)
    await gateway.pointers.repoint(link.tenant, "twin", key, holder, ours)
    if await gateway.documents.load(link.tenant, named("crt", holder)) is None:
        return

    async def make(now: Cart) -> c.LoseTwin:
        return c.LoseTwin(ref=ref)

    command = uuid.uuid5(message.id, "it was ours")
    await run_command(gateway, caller_for(link), named("crt", holder), command, make)


async def withdraw_cart(gateway: Gateway, link: Link, ref: TwinRef, message: OutboxMessage) -> None:
    """Takes it away from the till, unless it was sold there or is wanted there again."""
    cart = await cart_of_twin(gateway, link.tenant, ref)
    twin = cart.twin(ref) if cart is not None else None
    if cart is None or twin is None or twin.ended or twin.placed is None:
        return
    if is_wanted_there(cart, twin.placed) and cart.unheard is None:
        return
    gone = await call_platform(gateway, link, lambda remote: link.connector.withdraw(ref, remote))
    if not gone:
        return

    async def make(now: Cart) -> c.LoseTwin:
        return c.LoseTwin(ref=ref)

    command = uuid.uuid5(message.id, f"withdrawn {message.attempts}")
    await run_command(gateway, caller_for(link), cart.id, command, make)


async def _placement(gateway: Gateway, link: Link, cart: Cart, placing: PlacedFor) -> Placement:
    store = None
    if placing.store is not None:
        store = await gateway.directory.stores.get(link.tenant, placing.store)
    priced = cart.model_copy(
        update={"lines": await _at_the_winners_price(gateway, link, cart, store)}
    )
    priced = priced.model_copy(update={"lines": priced.at_hand})
    lines = _lines(priced, project(priced, link))
    totals = [line.prices.total for line in lines if line.prices.total is not None]
    return Placement(
        cart=cart.id,
        name=placing.by,
        claim=placing.by if placing.by != cart.id else None,
        fence=placing.fence,
        terminal=placing.till,
        store=store.external_ids.get(link.id) if store is not None else None,
        label=f"WEB {cart.id[-4:].upper()}",
        currency=cart.currency,
        tax_mode=cart.tax_mode,
        lines=lines,
        codes=cart.codes,
        total=sum(totals) if len(totals) == len(lines) else None,
        customer=cart.customer,
        locale=cart.locale,
    )


async def _at_the_winners_price(
    gateway: Gateway, link: Link, cart: Cart, store: Store | None
) -> tuple[Line, ...]:
    """Each line at the price that holds, by the drift report; none where the till rings its own."""
    if store is None:
        return cart.lines
    drift = await report_drift(gateway, link.tenant, cart, store.id)
    winners = {line.line: line.winner for line in drift.lines}
    lines = []
    for line in cart.lines:
        winner = winners[line.id]
        if winner.side == "till":
            prices = Prices(unit_price=winner.unit_price, total=winner.total)
            line = line.model_copy(update={"prices": prices})
        lines.append(line)
    return tuple(lines)


def _lines(cart: Cart, projection: Projection) -> tuple[PlacedLine, ...]:
    keys = {line: row.key for row in projection for line in row.lines}
    return tuple(
        PlacedLine(
            line=line.id,
            key=keys[line.id],
            item=line.item,
            quantity=line.quantity.value,
            unit=line.quantity.unit,
            prices=line.prices,
            note=cart.notes.get(line.id),
        )
        for line in cart.wanted
        if line.id in keys
    )
