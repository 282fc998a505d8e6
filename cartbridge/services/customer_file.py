"""A customer's file: every kind of document that is hers, each from the part that keeps it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel

from cartbridge.services.enquiries_on_file import enquiries_of
from cartbridge.services.gateway import Gateway
from cartbridge.services.quotes_on_file import quotes_of
from cartbridge.services.recently_looked_at import for_her_file
from cartbridge.services.wishlists_on_file import wishlists_of

Slot = Literal["wishlists", "quotes", "enquiries", "recently_looked_at"]
SLOTS: Final[tuple[Slot, ...]] = ("wishlists", "quotes", "enquiries", "recently_looked_at")

# Given her id and the brand of the store that asks: what an associate of that brand may see.
Provider = Callable[[Gateway, UUID, str, str], Awaitable[Sequence[BaseModel]]]

# Each kind of document adds one line: its slot, and what fills it.
PROVIDERS: Final[dict[Slot, Provider]] = {
    "recently_looked_at": for_her_file,
    "wishlists": wishlists_of,
    "quotes": quotes_of,
    "enquiries": enquiries_of,
}


async def file_of(
    gateway: Gateway, tenant: UUID, customer: str, brand: str
) -> dict[Slot, tuple[dict[str, Any], ...]]:
    """What is hers, by slot; empty where this gateway keeps no such thing."""
    found: dict[Slot, tuple[dict[str, Any], ...]] = {}
    for slot in SLOTS:
        provider = PROVIDERS.get(slot)
        shown = await provider(gateway, tenant, customer, brand) if provider is not None else ()
        found[slot] = tuple(one.model_dump(mode="json") for one in shown)
    return found
