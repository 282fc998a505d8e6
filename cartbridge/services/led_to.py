"""What a pass, or the id of a hand-over, leads to: a document of any kind."""

from dataclasses import dataclass
from uuid import UUID

from cartbridge.domain.ids import is_id, uuid_of
from cartbridge.services.codes import hashed, scanned
from cartbridge.services.gateway import Gateway


@dataclass(frozen=True)
class LedTo:
    """The document behind a secret, and whose it is."""

    tenant: UUID
    document: str


async def document_of_pass(gateway: Gateway, text: str) -> LedTo | None:
    """The document behind a pass; None if there is no such pass."""
    pass_code = scanned(text)
    return await _owned(gateway, hashed(pass_code)) if pass_code else None


async def document_of_handover(gateway: Gateway, tenant: UUID, handover: str) -> str | None:
    """The document a hand-over was made for, by its id."""
    if not is_id(handover, "hnd"):
        return None
    target = await gateway.pointers.find(tenant, "claim", uuid_of(handover).bytes)
    return None if target is None else await gateway.documents.name_of(tenant, target)


async def _owned(gateway: Gateway, key: bytes) -> LedTo | None:
    owned = await gateway.pointers.find_owner("pass", key)
    if owned is None:
        return None
    document = await gateway.documents.name_of(owned.tenant, owned.target)
    return None if document is None else LedTo(owned.tenant, document)
