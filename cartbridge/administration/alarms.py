"""`cartbridge alarms`: what an operator has to know now."""

from typing import Annotated, Any

import typer

from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, show
from cartbridge.database.directory import Tenant
from cartbridge.domain.alarm.lifecycle import State
from cartbridge.pages.alarms import say
from cartbridge.services.gateway import Gateway
from cartbridge.services.tell_timeline import names_of

COLUMNS = ("kind", "subject", "state", "since", "cleared_at", "title", "to_do")


def alarms(
    over: Annotated[bool, typer.Option("--over", help="Those that are over, too.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=200)] = 50,
    lang: Annotated[str, typer.Option(help="The language: en or fr.")] = "en",
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """List the alarms that are raised, and what to do about each.

    \b
    Examples:
      cartbridge alarms
      cartbridge alarms --over --json
    """

    async def work(gateway: Gateway, of: Tenant) -> list[tuple[Any, ...]]:
        state = None if over else State.RAISED.value
        page = await gateway.documents.find(of.uuid, "alarm", state=state, limit=limit)
        names = await names_of(gateway, of.uuid)
        found = [loaded.state for loaded in page.items]
        return [
            (x.kind, x.subject, x.state.value, x.since, x.cleared_at, *say(x, names, lang))
            for x in found
        ]

    show(COLUMNS, for_tenant(tenant, work), as_json=as_json, empty="No alarm is raised.")
