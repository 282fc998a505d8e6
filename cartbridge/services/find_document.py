"""Finding a document of any kind but the cart: by its id, its twin, or a secret's pointer."""

from uuid import UUID

from cartbridge.database.pointers import PointerKind
from cartbridge.domain.ids import is_id, named, uuid_of
from cartbridge.domain.twin import TwinRef
from cartbridge.services.carry_out import Seen, see
from cartbridge.services.find_cart import new_id, twin_key
from cartbridge.services.gateway import Gateway
from cartbridge.services.machine import C, D, Machine
from cartbridge.services.problems import Problem


async def document_by_id(
    gateway: Gateway, tenant: UUID, machine: Machine[D, C], document: str
) -> D:
    """The document of that id; Problem not_found if it is nobody's, or another tenant's."""
    if not is_id(document, machine.prefix):
        raise Problem("not_found", what=machine.what)
    seen = await see(gateway, machine, tenant, document)
    if seen.loaded is None:
        raise Problem("not_found", what=machine.what)
    return seen.document


async def document_of_twin(
    gateway: Gateway, tenant: UUID, machine: Machine[D, C], ref: TwinRef
) -> D | None:
    """The document that has this twin; None if nobody ever saw it."""
    return await document_of_pointer(gateway, tenant, machine, "twin", twin_key(ref))


async def document_of_pointer(
    gateway: Gateway, tenant: UUID, machine: Machine[D, C], kind: PointerKind, key: bytes
) -> D | None:
    """The document of that kind that a twin, a code or a pass leads to."""
    target = await gateway.pointers.find(tenant, kind, key)
    if target is None:
        return None
    seen = await see(gateway, machine, tenant, named(machine.prefix, target))
    return None if seen.loaded is None else seen.document


async def document_for_twin(
    gateway: Gateway, tenant: UUID, machine: Machine[D, C], ref: TwinRef
) -> Seen[D]:
    """The document that has this twin, or an empty one that a first observation will begin."""
    fresh = uuid_of(new_id(gateway, machine.prefix))
    target = await gateway.pointers.claim_pointer(tenant, "twin", twin_key(ref), fresh)
    name = named(machine.prefix, target)
    return (
        Seen(machine.begin(name)) if target == fresh else await see(gateway, machine, tenant, name)
    )
