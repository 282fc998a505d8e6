"""Letting others look at a wish list by a link, without a word about its owner."""

from uuid import UUID

from cartbridge.database.vault import Vault
from cartbridge.domain.ids import uuid_of
from cartbridge.domain.wishlist.lifecycle import State
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.services.codes import hashed, letters, pass_of, scanned
from cartbridge.services.find_document import document_of_pointer
from cartbridge.services.gateway import Gateway
from cartbridge.services.machines import WISHLIST


def share_of(vault: Vault, wishlist: Wishlist) -> str:
    """The secret of the link by which it is shared now; each sharing has another one."""
    return letters(vault.keyed_hash("share", f"{wishlist.id} {wishlist.shares}"))


async def open_links(gateway: Gateway, tenant: UUID, wishlist: Wishlist) -> None:
    """Lets the owner's pass and the present link lead to the wish list."""
    target = uuid_of(wishlist.id)
    secrets = [pass_of(gateway.vault, wishlist.slot_holder)]
    if wishlist.state is State.SHARED:
        secrets.append(share_of(gateway.vault, wishlist))
    for secret in secrets:
        await gateway.pointers.claim_pointer(tenant, "pass", hashed(secret), target)


async def shared_wishlist(gateway: Gateway, text: str) -> tuple[UUID, Wishlist] | None:
    """The wish list behind a link that others were given; None once it is shared no more."""
    secret = scanned(text)
    owned = secret and await gateway.pointers.find_owner("pass", hashed(secret))
    if not owned or not secret:
        return None
    found = await document_of_pointer(gateway, owned.tenant, WISHLIST, "pass", hashed(secret))
    if found is None or found.state is not State.SHARED:
        return None
    return (owned.tenant, found) if secret == share_of(gateway.vault, found) else None
