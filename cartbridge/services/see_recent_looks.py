"""An associate asks what a customer recently looked at: that somebody looked is kept."""

from cartbridge.database.customer_accesses import PREFIX as ACCESS_PREFIX
from cartbridge.database.customer_accesses import Access
from cartbridge.database.customers import PREFIX
from cartbridge.domain.ids import is_id, make_id, slot_of
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.recently_looked_at import RecentLook, recently_looked_at
from cartbridge.services.scanned_lines import store_of


async def see_recent_looks(
    gateway: Gateway, caller: Caller, customer_id: str, limit: int, purpose: str
) -> list[RecentLook]:
    """What she looked at of the brand whose store asks; a customer of another one is not found."""
    store = await store_of(gateway, caller)
    if not is_id(customer_id, PREFIX):
        raise Problem("not_found", what="customer")
    kept = await gateway.customers.read(caller.tenant, customer_id)
    if not kept.version or not kept.known.is_of(store.brand):
        raise Problem("not_found", what="customer")
    access = Access(
        id=make_id(ACCESS_PREFIX, gateway.clock(), slot_of(customer_id), gateway.draw(8)),
        customer=customer_id,
        actor=caller.actor.id or caller.role,
        store=store.id,
        terminal=caller.terminal or "",
        staff=caller.staff,
        found_by="recently_looked_at",
        shown=True,
        purpose=purpose,
    )
    key = await gateway.customers.key(caller.tenant, customer_id)
    await gateway.accesses.note(caller.tenant, access, key)
    return await recently_looked_at(gateway, caller.tenant, customer_id, limit, brand=store.brand)
