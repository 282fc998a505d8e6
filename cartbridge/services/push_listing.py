"""Writing the twin of a wish list or quote: planned first, sent on condition, then observed."""

import uuid
from typing import Any
from uuid import UUID

from cartbridge.domain.ids import uuid_of
from cartbridge.domain.items import Item
from cartbridge.domain.line import Line, Prices
from cartbridge.domain.listing import commands as c
from cartbridge.domain.listing.draft import L
from cartbridge.domain.listing.state import Listing
from cartbridge.domain.projection import Projection
from cartbridge.domain.twin import PlannedWrite, Snapshot, Twin, TwinRef
from cartbridge.sdk import errors
from cartbridge.sdk.contract import Write, WriteLine
from cartbridge.services.carry_out import Done, carry_out, see
from cartbridge.services.connectors import Link
from cartbridge.services.find_cart import twin_key
from cartbridge.services.find_document import document_of_twin
from cartbridge.services.follow_listing import listing_due
from cartbridge.services.gateway import Gateway
from cartbridge.services.listings import ListingKind
from cartbridge.services.observe_listing import lose_listing, observe_listing
from cartbridge.services.observe_twin import Cause, caller_for
from cartbridge.services.push_cart import fetch_twin
from cartbridge.services.refresh_credentials import call_platform


async def push_listing(
    gateway: Gateway, link: Link, kind: ListingKind[L], ref: TwinRef, document_id: str, errand: UUID
) -> None:
    """Tells a twin what it should show, if it does not; raises what the outbox must do else."""
    known = await _holder(gateway, link, kind, ref, document_id)
    if known is None or not link.can(kind.capability):
        return
    document = (await _planned(gateway, link, kind, known.id, ref, errand)).document
    twin = document.twin(ref)
    if twin is None or not twin.planned:
        return
    if not listing_due(document, twin, link, kind.capability, kind.details(document)):
        return
    wire = _wire(document, link, kind, ref, twin)
    try:
        answer = await call_platform(
            gateway, link, lambda remote: link.connector.push(wire, remote)
        )
    except errors.Unknown:
        await fetch_twin(gateway, link, ref, uuid.uuid5(errand, f"read {wire.push_id}"))
        raise
    except errors.Ignore:
        gone = Cause(command=uuid.uuid5(errand, "gone"))
        await lose_listing(gateway, link, kind, ref, gone)
        return
    took = answer.snapshot.last_push == wire.push_id
    await _acknowledge(gateway, link, kind, ref, answer.snapshot, errand, document, took)


async def _holder(
    gateway: Gateway, link: Link, kind: ListingKind[L], ref: TwinRef, document_id: str
) -> L | None:
    """The document the twin is of; one that has just joined it is found by it from now on."""
    found = await document_of_twin(gateway, link.tenant, kind.machine, ref)
    if found is not None and found.id == document_id:
        return found
    mine = (await see(gateway, kind.machine, link.tenant, document_id)).document
    twin = mine.twin(ref)
    if twin is None or twin.ended:
        return found
    if found is not None:
        places = (uuid_of(found.id), uuid_of(mine.id))
        await gateway.pointers.repoint(link.tenant, "twin", twin_key(ref), *places)
    return mine


async def _planned(
    gateway: Gateway, link: Link, kind: ListingKind[L], document: str, ref: TwinRef, errand: UUID
) -> Done[L]:
    push_id = f"psh_{uuid.uuid5(errand, gateway.clock().isoformat()).hex}"

    async def make(now: L) -> c.PlanWrite:
        projection = link.connector.project(now.wanted, link.settings)
        return c.PlanWrite(ref, push_id, projection, kind.details(now))

    command = uuid.uuid5(errand, push_id)
    return await carry_out(gateway, caller_for(link), kind.machine, document, command, make)


async def _acknowledge(
    gateway: Gateway,
    link: Link,
    kind: ListingKind[L],
    ref: TwinRef,
    snapshot: Snapshot,
    errand: UUID,
    written: L,
    took: bool,
) -> None:
    """The answer is an observation; only a write that was taken tells the rest, too."""

    def as_seen(observe: c.Observe) -> Any:
        return observe

    seen = Cause(command=uuid.uuid5(errand, f"seen {snapshot.revision} {snapshot.last_push}"))
    details = kind.details(written) if took else None
    await observe_listing(gateway, link, kind, ref, snapshot, seen, as_seen, details)


def _wire(document: L, link: Link, kind: ListingKind[L], ref: TwinRef, twin: Twin) -> Write:
    planned: PlannedWrite = twin.planned[-1]
    projection = link.connector.project(document.wanted, link.settings)
    known = _lines(document, projection)
    rows = []
    for key in sorted({*twin.shadow, *planned.expected}):
        line, quantity = known.get(key), planned.expected.get(key, 0)
        rows.append(
            WriteLine(
                key=key,
                item=line.item if line is not None else Item(title=key),
                quantity=quantity,
                unit=line.quantity.unit if line is not None else "C62",
                changed=twin.shadow.get(key, 0) != quantity,
                prices=_prices(document, projection, key) if kind.priced else None,
            )
        )
    return Write(
        push_id=planned.push_id,
        ref=ref,
        base_revision=planned.base_revision,
        lines=tuple(rows),
        customer=document.customer,
        **kind.wire(document),
    )


def _lines(document: Listing, projection: Projection) -> dict[str, Line]:
    known = {line.id: line for line in document.wanted}
    found = ((row.key, known.get(row.lines[0])) for row in projection)
    return {key: line for key, line in found if line is not None}


def _prices(document: Listing, projection: Projection, key: str) -> Prices | None:
    """The prices of one row; where it holds several lines only their sum holds."""
    members = next((row.lines for row in projection if row.key == key), ())
    lines = [line for line in document.wanted if line.id in members]
    if len(lines) <= 1:
        return lines[0].prices if lines else None
    totals = [line.prices.total for line in lines]
    if any(total is None for total in totals):
        return None
    taxes = tuple(tax for line in lines for tax in line.prices.taxes)
    discounts = tuple(discount for line in lines for discount in line.prices.discounts)
    total = sum(total for total in totals if total is not None)
    return Prices(taxes=taxes, discounts=discounts, total=total)
