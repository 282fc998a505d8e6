"""What operators do with messages that were given up: look at them, and let them leave again."""

from typing import Final

from cartbridge.database.queues import OUTGOING_PREFIX, Letter
from cartbridge.domain.ids import is_id, uuid_of
from cartbridge.http import message_models as m
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.services.name_connection import (
    ConnectionNames,
    connection_named,
    connection_names,
)
from cartbridge.services.problems import Problem

routes: Final = Routes("ops")


@routes.add(
    "GET",
    "/v1/dead-letters",
    "What could not be brought out",
    query=m.DeadLettersQuery,
    answer=m.DeadLetters,
    problems=("not_found",),
)
async def dead_letters(call: Call) -> Answer:
    """Oldest first, with the reason of the last try; an errand is done anew when it is replayed."""
    query: m.DeadLettersQuery = call.query
    tenant = call.caller.tenant
    found = await call.gateway.queues.dead_letters(
        tenant,
        connection=await connection_named(call.gateway, tenant, query.connection),
        limit=query.limit,
        after=query.after,
    )
    names = await connection_names(call.gateway, tenant)
    items = tuple(letter_answer(letter, names) for letter in found)
    following = items[-1].id if len(items) == query.limit else None
    return Answer(m.DeadLetters(items=items, next=following))


@routes.add(
    "POST",
    "/v1/dead-letters/{letter}/replay",
    "Let a dead letter leave after all",
    answer=m.ReplayAnswer,
)
async def replay(call: Call) -> Answer:
    """It goes before newer messages of its lane; `replayed` is 0 for one that waits already."""
    tenant, letter = call.caller.tenant, call.path("letter")
    if not is_id(letter, OUTGOING_PREFIX):
        raise Problem("not_found", what="dead letter")
    done = await call.gateway.outbox.replay(tenant, ids=[uuid_of(letter)])
    repeated = call.drawn.status is not None
    if not done and not repeated and not await call.gateway.queues.waits(tenant, letter):
        raise Problem("not_found", what="dead letter")
    return Answer(m.ReplayAnswer(replayed=done))


@routes.add(
    "POST",
    "/v1/dead-letters/replay",
    "Let dead letters leave after all",
    body=m.ReplayRequest,
    answer=m.ReplayAnswer,
    problems=("not_found",),
)
async def replay_range(call: Call) -> Answer:
    """All of a connection, or those that were written in a time."""
    body: m.ReplayRequest = call.body
    tenant = call.caller.tenant
    done = await call.gateway.outbox.replay(
        tenant,
        connection=await connection_named(call.gateway, tenant, body.connection),
        since=body.since,
        until=body.until,
    )
    return Answer(m.ReplayAnswer(replayed=done))


def letter_answer(letter: Letter, names: ConnectionNames) -> m.DeadLetterAnswer:
    """A dead letter as operators see it."""
    return m.DeadLetterAnswer(
        id=letter.id,
        kind=letter.kind,
        connection=names.receiver(letter),
        document=letter.document,
        created_at=letter.created_at,
        attempts=letter.attempts,
        reason=letter.reason,
    )
