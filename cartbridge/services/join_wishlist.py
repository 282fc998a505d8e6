"""To online: the shop ties the wish list it finds in the shopper's session to ours."""

import uuid

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import uuid_of
from cartbridge.domain.twin import TwinRef
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.services.carry_out import carry_out
from cartbridge.services.codes import hashed, scanned
from cartbridge.services.connectors import Link
from cartbridge.services.find_cart import twin_key
from cartbridge.services.find_document import document_of_pointer, document_of_twin
from cartbridge.services.gateway import Gateway
from cartbridge.services.identify_customer import identify_customer
from cartbridge.services.machines import WISHLIST
from cartbridge.services.observe_twin import caller_for
from cartbridge.services.problems import Problem


async def join_wishlist(
    gateway: Gateway,
    link: Link,
    text: str,
    ref: TwinRef,
    customer: Customer | None,
    attempt: Attempt,
) -> Wishlist:
    """The wish list with the shop's own as its twin; what lay in that one is on it, too.

    The first list that joins may come back, no other. Its lines and its twin, as it is, come first,
    then the old list ends: whatever breaks between, a repeat completes it and nothing counts twice.
    """
    tenant, code = link.tenant, scanned(text)
    wishlist = code and await document_of_pointer(gateway, tenant, WISHLIST, "code", hashed(code))
    if not wishlist or not code:
        raise Problem("code_unknown")
    own = await document_of_twin(gateway, tenant, WISHLIST, ref)
    if own is not None and own.id == wishlist.id:
        own = None
    if customer is not None:
        customer = await identify_customer(gateway, tenant, link.id, customer)
    command = c.Join(hashed(code).hex(), ref, own, customer)

    async def make(now: Wishlist) -> c.Join:
        return command

    caller = caller_for(link)
    done = await carry_out(gateway, caller, WISHLIST, wishlist.id, attempt.command_id, make)
    target = uuid_of(wishlist.id)
    winner = await gateway.pointers.claim_pointer(tenant, "twin", twin_key(ref), target)
    if winner != target:
        await gateway.pointers.repoint(tenant, "twin", twin_key(ref), winner, target)
    if own is not None:

        async def give_away(now: Wishlist) -> c.GiveAway:
            return c.GiveAway(ref, done.document.id)

        given = uuid.uuid5(attempt.command_id, "given away")
        await carry_out(gateway, caller, WISHLIST, own.id, given, give_away)
    return done.document
