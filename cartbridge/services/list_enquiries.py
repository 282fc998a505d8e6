"""Finding enquiries: those of a store or a team that wait for somebody, the late ones first."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from cartbridge.database.documents import Page
from cartbridge.domain.enquiry.lifecycle import OVER, State
from cartbridge.domain.enquiry.state import Enquiry, team_place
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem

_ALIVE: Final = tuple(x.value for x in State if x not in OVER and x is not State.NONE)


@dataclass(frozen=True)
class Looked:
    """Which enquiries are looked for; None: whichever."""

    store: str | None = None
    team: str | None = None
    state: str | None = None
    late: bool | None = None
    customer: str | None = None


@dataclass(frozen=True)
class Found:
    """Some of the enquiries, and where to go on; a page may hold fewer, and still go on."""

    enquiries: tuple[Enquiry, ...]
    next: str | None


async def list_enquiries(
    gateway: Gateway, tenant: UUID, looked: Looked, limit: int, after: str | None
) -> Found:
    """Those alive in the order in which they are due; a customer's, and closed ones, by change."""
    try:
        page = await _page(gateway, tenant, looked, limit, after)
    except ValueError:
        raise Problem("invalid_request", errors=({"field": "after", "why": "bad"},)) from None
    now = gateway.clock()
    chosen = [
        x
        for x in (item.state for item in page.items)
        if (looked.late is None or x.is_late(now) == looked.late) and _is_there(x, looked)
    ]
    return Found(tuple(chosen), page.next)


def _is_there(enquiry: Enquiry, looked: Looked) -> bool:
    there: dict[str, Any] = {"store": looked.store, "team": looked.team}
    return all(value in (None, getattr(enquiry, name)) for name, value in there.items())


async def _page(
    gateway: Gateway, tenant: UUID, looked: Looked, limit: int, after: str | None
) -> Page:
    over = looked.state is not None and looked.state in set(OVER)
    if looked.customer is not None or over:
        return await gateway.documents.find(
            tenant,
            "enquiry",
            state=looked.state,
            customer=looked.customer,
            limit=limit,
            after=after,
        )
    place = looked.store or (team_place(looked.team) if looked.team is not None else None)
    states = _ALIVE if looked.state is None else (looked.state,)
    return await gateway.documents.find_in_store(
        tenant, "enquiry", place, states, limit=limit, after=after
    )
