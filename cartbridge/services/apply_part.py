"""Applying one sorted part of an inbox message, or putting it aside where an operator sees it."""

import random
import uuid
from typing import Any, Final

import structlog

from cartbridge.database.connection import Unavailable
from cartbridge.database.documents import Mark
from cartbridge.database.history import NewerVersion
from cartbridge.database.inbox import Part, count_part
from cartbridge.domain.retry import delay
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import Browsed, Observation
from cartbridge.services.apply_observation import apply_observation, part_command
from cartbridge.services.carry_out import Done
from cartbridge.services.gateway import Gateway
from cartbridge.services.observe_twin import Cause
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import Outcome
from cartbridge.services.sort_inbox import raw_of

log = structlog.get_logger(__name__)

_PASSES: Final = frozenset({"unavailable", "held_elsewhere"})  # the same part may succeed later


async def settle_part(gateway: Gateway, part: Part) -> bool:
    """Applies the part, or puts one that is refused aside; False: it has to be tried again."""
    try:
        await apply_part(gateway, part)
    except NewerVersion as error:  # only this cart: a gateway of that version takes the part
        await _again(gateway, part, str(error))
    except Unavailable:
        raise
    except Problem as problem:
        if problem.code in _PASSES:
            return await _again(gateway, part, problem.code)
        # Trying again would only hold back what the shopper did since.
        await gateway.inbox.finish(part, "quarantined", problem.code)
    except Exception as error:  # one bad message must not hold back the others
        log.exception("inbox.apply_failed", message=part.message, ordinal=part.ordinal)
        return await _again(gateway, part, type(error).__name__)
    return True


async def _again(gateway: Gateway, part: Part, reason: str) -> bool:
    wait = delay(part.attempts, random.random())  # noqa: S311 - jitter, not a secret
    await gateway.inbox.retry(part, wait, reason)
    return False


async def apply_part(gateway: Gateway, part: Part) -> None:
    """Lets the part take effect once; what its connector cannot read goes to quarantine."""
    link = await gateway.connectors.by_id(part.tenant, part.connection)
    if link is None or part.ref is None:
        await gateway.inbox.finish(part, "ignored", "the connection was removed")
        return
    try:
        read = link.connector.read(
            raw_of(gateway, link, part.message, part.delivery), link.settings
        )
    except Unreadable as error:
        await gateway.inbox.finish(part, "quarantined", str(error))
        return
    command = part_command(part.message, part.ordinal)
    ours = [x for x in read.observations if _is(part.ref, x)]
    outcome: Outcome | Done[Any] | None = None
    refused: Problem | None = None
    for place, seen in enumerate(ours, start=1):
        mark = Mark(part.shard, part.message, part.ordinal, "applied")
        cause = Cause(
            command=uuid.uuid5(command, str(place)),
            message=part.message,
            marks=(mark,) if place == len(ours) else (),
        )
        try:
            outcome = await apply_observation(gateway, link, seen, cause)
        except Problem as problem:
            if part.ref.kind != "item":
                raise
            refused = problem  # each price, and each store's stock, is taken by itself
    if refused is not None:
        raise refused
    if outcome is None or not outcome.marked:
        await gateway.inbox.finish(part, "applied")
    else:
        count_part(part, "applied")
    if ours and all(isinstance(seen, Browsed) for seen in ours):
        await gateway.inbox.drop(part)  # it tells more than may be kept: the moment, the session


def _is(ref: TwinRef, seen: Observation) -> bool:
    return (seen.kind, seen.external_id) == (ref.kind, ref.external_id)
