"""The alarms over HTTP: what an operator has to know now, and what there was."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from cartbridge.domain.alarm.state import Alarm, AlarmKind
from cartbridge.domain.model import Strict
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.pages.alarms import say
from cartbridge.pages.names import Names
from cartbridge.services.problems import Problem
from cartbridge.services.tell_timeline import names_of

routes: Final = Routes("ops")


class AlarmsQuery(Strict):
    """Which alarms, the last changed first."""

    state: Annotated[
        Literal["raised", "cleared"] | None, Field(description="Those that go on, or are over.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Annotated[str, Field(max_length=200)] | None = None


class AlarmAnswer(Strict):
    """One alarm: what it tells of, since when, and what to do about it."""

    id: str
    kind: AlarmKind
    subject: Annotated[
        str, Field(description="The connection's or the store's id, or `gateway` for all of it.")
    ]
    state: Literal["raised", "cleared"]
    since: datetime
    cleared_at: datetime | None
    number: int | None
    why: str | None
    title: str
    to_do: str


class AlarmsAnswer(Strict):
    """A page of alarms."""

    items: tuple[AlarmAnswer, ...]
    next: str | None


@routes.add("GET", "/v1/alarms", "The alarms", query=AlarmsQuery, answer=AlarmsAnswer)
async def alarms(call: Call) -> Answer:
    """What should not be so and is, or was; in words, with what to do about it.

    The feed tells each as it happens: `alarm.raised`, `alarm.updated`, `alarm.cleared`.
    """
    query: AlarmsQuery = call.query
    try:
        page = await call.gateway.documents.find(
            call.caller.tenant, "alarm", state=query.state, limit=query.limit, after=query.after
        )
    except ValueError:
        fault = {"field": "after", "why": "this is no cursor of this list"}
        raise Problem("invalid_request", errors=(fault,)) from None
    names = await names_of(call.gateway, call.caller.tenant)
    items = tuple(answer_of(loaded.state, names, call.locale) for loaded in page.items)
    return Answer(AlarmsAnswer(items=items, next=page.next))


def answer_of(alarm: Alarm, names: Names, locale: str) -> AlarmAnswer:
    """An alarm as it is answered, in the caller's language."""
    told = {
        **alarm.model_dump(include={"id", "kind", "subject", "state", "since", "cleared_at"}),
        **alarm.details.model_dump(),
        **say(alarm, names, locale)._asdict(),
    }
    return AlarmAnswer.model_validate(told)
