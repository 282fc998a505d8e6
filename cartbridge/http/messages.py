"""What operators do with messages that came in: look at them, and let them be read again."""

from dataclasses import asdict
from typing import Final

import structlog

from cartbridge.database.inbox import MessageSummary
from cartbridge.domain.ids import is_id
from cartbridge.http import message_models as m
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.services.name_connection import (
    ConnectionNames,
    connection_named,
    connection_names,
)
from cartbridge.services.problems import Problem
from cartbridge.services.show_delivery import show_delivery

routes: Final = Routes("ops")
BODIES: Final = "bodies"  # the scope of keys that may see what platforms sent

log = structlog.get_logger(__name__)


@routes.add(
    "GET",
    "/v1/messages",
    "What platforms sent, and what became of it",
    query=m.MessagesQuery,
    answer=m.Messages,
    problems=("not_found",),
)
async def messages(call: Call) -> Answer:
    """Newest first, with states and reasons, never with what was sent."""
    query: m.MessagesQuery = call.query
    tenant = call.caller.tenant
    found = await call.gateway.inbox.messages(
        tenant,
        state=query.state,
        connection=await connection_named(call.gateway, tenant, query.connection),
        limit=query.limit,
        before=query.after,
    )
    names = await connection_names(call.gateway, tenant)
    items = tuple(_answer(one, names) for one in found)
    return Answer(m.Messages(items=items, next=_next([x.id for x in items], query.limit)))


@routes.add(
    "GET",
    "/v1/messages/{message}",
    "One message",
    query=m.MessageQuery,
    answer=m.MessageShown,
)
async def message(call: Call) -> Answer:
    """Without what was sent, which holds personal data, unless the key may see that.

    `?body=true` adds headers and body for a key made with `--scope bodies`; that look is logged.
    """
    tenant, identifier = call.caller.tenant, _named(call)
    if call.query.body and BODIES not in call.caller.scopes:
        raise Problem("forbidden", role=call.caller.role, scope=BODIES)
    names = await connection_names(call.gateway, tenant)
    if not call.query.body:
        summary = await call.gateway.inbox.summary(tenant, identifier)
        if summary is None:
            raise Problem("not_found", what="message")
        return Answer(_shown(summary, names, None))
    stored = await call.gateway.inbox.read(tenant, identifier)
    if stored is None:
        raise Problem("not_found", what="message")
    log.info("message.body_shown", message=identifier, key=call.caller.actor.id)
    if stored.delivery is None:
        return Answer(_shown(stored.summary, names, None))
    content = m.Content(**asdict(show_delivery(stored.delivery)))
    return Answer(_shown(stored.summary, names, content))


@routes.add(
    "POST",
    "/v1/messages/{message}/replay",
    "Read a message again",
    answer=m.ReplayAnswer,
)
async def replay(call: Call) -> Answer:
    """A message that was put aside or ignored is sorted again, its parts put aside applied again.

    What took effect is left as it is: `replayed` is 0 then.
    """
    tenant, identifier = call.caller.tenant, _named(call)
    if await call.gateway.inbox.summary(tenant, identifier) is None:
        raise Problem("not_found", what="message")
    done = await call.gateway.inbox.replay(tenant, identifier)
    return Answer(m.ReplayAnswer(replayed=int(done)))


@routes.add(
    "POST",
    "/v1/messages/replay",
    "Read again what was put aside",
    body=m.ReplayRequest,
    answer=m.ReplayAnswer,
    problems=("not_found",),
)
async def replay_range(call: Call) -> Answer:
    """Everything that was put aside, of a connection or a time of acceptance."""
    body: m.ReplayRequest = call.body
    tenant = call.caller.tenant
    done = await call.gateway.inbox.replay_range(
        tenant,
        connection=await connection_named(call.gateway, tenant, body.connection),
        since=body.since,
        until=body.until,
    )
    return Answer(m.ReplayAnswer(replayed=done))


def _named(call: Call) -> str:
    identifier = call.path("message")
    if not is_id(identifier, "msg"):
        raise Problem("not_found", what="message")
    return identifier


def _next(ids: list[str], limit: int) -> str | None:
    return ids[-1] if len(ids) == limit else None


def _answer(summary: MessageSummary, names: ConnectionNames) -> m.MessageAnswer:
    return m.MessageAnswer(**_fields(summary, names))


def _shown(
    summary: MessageSummary, names: ConnectionNames, content: m.Content | None
) -> m.MessageShown:
    return m.MessageShown(**_fields(summary, names), content=content)


def _fields(summary: MessageSummary, names: ConnectionNames) -> dict[str, object]:
    parts = tuple(m.PartAnswer(**asdict(part)) for part in summary.parts)
    return {
        "id": summary.message,
        "connection": names.of(summary.connection),
        "received_at": summary.received_at,
        "size": summary.size,
        "state": summary.state,
        "reason": summary.reason,
        "parts": parts,
    }
