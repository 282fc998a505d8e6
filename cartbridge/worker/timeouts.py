"""What time does to carts: codes run out, hold times end, idle carts are abandoned."""

import uuid
from typing import Final
from uuid import UUID

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart, due_at
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import uuid_of
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.run_command import run_command

BATCH: Final = 100


async def look(gateway: Gateway) -> int:
    """One turn: claims whose hold time ran out, then carts that are due for a look."""
    lapsed = await gateway.leases.lapsed(BATCH)
    for lease in lapsed:
        await _lapse(gateway, lease.tenant, lease.document, lease.claim)
    due = await gateway.documents.due(BATCH)
    for tenant, document in due:
        await _look(gateway, tenant, document)
    return len(lapsed) + len(due)


def _ourselves(tenant: UUID) -> Caller:
    return Caller(tenant, "gateway", Actor(kind="gateway", id="timeouts"))


async def _lapse(gateway: Gateway, tenant: UUID, document: str, claim: str) -> None:
    async def make(cart: Cart) -> c.LapseClaim:
        return c.LapseClaim(claim)

    command = uuid.uuid5(uuid_of(claim), "lapsed")
    await run_command(gateway, _ourselves(tenant), document, command, make)


async def _look(gateway: Gateway, tenant: UUID, document: str) -> None:
    async def make(cart: Cart) -> c.Command | None:
        due = due_at(cart, gateway.limits.abandoned_after)
        if due is None or due > gateway.clock():
            return None
        return c.LapseHandovers() if cart.handovers else c.AbandonCart()

    command = UUID(bytes=gateway.draw(16))
    await run_command(gateway, _ourselves(tenant), document, command, make)
