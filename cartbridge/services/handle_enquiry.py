"""An enquiry in a store's hands: who has it, when she comes, and what she was shown."""

from dataclasses import dataclass
from datetime import datetime

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.items import Item
from cartbridge.services.carry_out import carry_out
from cartbridge.services.enquiry_place import due_again, place_of
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.identify_customer import customer_told
from cartbridge.services.machines import ENQUIRY
from cartbridge.services.open_enquiry import named_items
from cartbridge.services.problems import Problem


@dataclass(frozen=True)
class Changed:
    """What is to change; None: nothing of it. `assign` gives it to `assigned`, or to nobody."""

    store: str | None = None
    team: str | None = None
    assign: bool = False
    assigned: str | None = None
    due_at: datetime | None = None
    subject: str | None = None
    customer: Customer | None = None
    version: int | None = None  # the version the caller looked at


async def change_enquiry(
    gateway: Gateway, caller: Caller, enquiry: Enquiry, changed: Changed, attempt: Attempt
) -> Enquiry:
    """Sent elsewhere, given to somebody, due at another time, if it is still that version."""
    if changed.store is not None:
        await place_of(gateway, caller.tenant, changed.store, None, None)
    due_at = await due_again(gateway, caller.tenant, enquiry)
    here = await gateway.directory.stores.get(caller.tenant, caller.store or "")
    customer = await customer_told(gateway, caller, here, changed.customer, enquiry.locale)

    async def make(now: Enquiry) -> c.Change:
        if changed.version is not None and now.version != changed.version:
            raise Problem("precondition_failed", version=str(now.version))
        return c.Change(
            due_again=due_at,
            store=changed.store,
            team=changed.team,
            staff=changed.assigned,
            unassign=changed.assign and changed.assigned is None,
            due_at=changed.due_at,
            subject=changed.subject,
            customer=customer,
        )

    done = await carry_out(gateway, caller, ENQUIRY, enquiry.id, attempt.command_id, make)
    return done.document


async def schedule_enquiry(
    gateway: Gateway,
    caller: Caller,
    enquiry: Enquiry,
    at: datetime,
    store: str | None,
    assigned: str | None,
    attempt: Attempt,
) -> Enquiry:
    """She is expected at that time: in the store named, else where the enquiry is.

    A team makes a demonstration's date in the store of the terminal that makes it.
    """
    if store is not None:
        await place_of(gateway, caller.tenant, store, None, None)
    due_at = await due_again(gateway, caller.tenant, enquiry)

    async def make(now: Enquiry) -> c.SetDate:
        where = store
        if where is None and now.store is None and now.kind == "demonstration":
            where = caller.store
            if where is None:
                errors = ({"field": "store", "why": "say in which store she is expected"},)
                raise Problem("invalid_request", errors=errors)
        return c.SetDate(at, where, assigned, due_at)

    done = await carry_out(gateway, caller, ENQUIRY, enquiry.id, attempt.command_id, make)
    return done.document


async def note_demonstration(
    gateway: Gateway, caller: Caller, enquiry: Enquiry, items: tuple[Item, ...], attempt: Attempt
) -> Enquiry:
    """The demonstration took place in the store of the terminal that says so."""
    shown = await named_items(gateway, caller, items)
    at = gateway.clock()

    async def make(now: Enquiry) -> c.NoteDemonstration:
        return c.NoteDemonstration(at, shown, caller.store or now.store, caller.staff)

    done = await carry_out(gateway, caller, ENQUIRY, enquiry.id, attempt.command_id, make)
    return done.document
