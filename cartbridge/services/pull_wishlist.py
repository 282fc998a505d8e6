"""A terminal looks at the wish list whose code a customer shows: it is not used up by that."""

from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.services.claim_cart import check_lock, count_wrong
from cartbridge.services.codes import hashed, scanned, typed
from cartbridge.services.find_document import document_of_pointer
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import WISHLIST
from cartbridge.services.problems import Problem


async def pull_wishlist(
    gateway: Gateway, caller: Caller, code: str | None, short_code: str | None
) -> Wishlist:
    """The wish list of a live code; wrong digits are counted as those of carts are."""
    if code is not None:
        return await _by_code(gateway, caller, scanned(code))
    await check_lock(gateway, caller)
    digits = typed(short_code or "")
    found = digits and await document_of_pointer(
        gateway, caller.tenant, WISHLIST, "short_code", hashed(digits)
    )
    if not found or not digits:
        await count_wrong(gateway, caller)
        raise Problem("code_unknown")
    short_hash = hashed(digits).hex()
    live = next((x.code_hash for x in found.handovers if x.short_hash == short_hash), "")
    return _if_live(gateway, caller, found, live)


async def _by_code(gateway: Gateway, caller: Caller, code: str | None) -> Wishlist:
    found = code and await document_of_pointer(
        gateway, caller.tenant, WISHLIST, "code", hashed(code)
    )
    if not found or not code:
        raise Problem("code_unknown")
    return _if_live(gateway, caller, found, hashed(code).hex())


def _if_live(gateway: Gateway, caller: Caller, wishlist: Wishlist, code_hash: str) -> Wishlist:
    live = next((x for x in wishlist.handovers if x.code_hash == code_hash), None)
    if live is None:
        raise Problem("code_revoked")
    if live.expires_at <= gateway.clock():
        raise Problem("code_lapsed")
    if live.store not in (None, caller.store):
        raise Problem("code_other_store", store=live.store or "")
    return wishlist
