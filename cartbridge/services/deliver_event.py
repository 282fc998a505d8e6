"""Delivering one event to one subscription; the journal is read at that moment, not before."""

import json
from typing import Final

import structlog

from cartbridge.database.outbox import OutboxMessage
from cartbridge.database.subscribed import PREFIX, Subscription
from cartbridge.domain.ids import named
from cartbridge.sdk import errors
from cartbridge.services.call_receiver import call_receiver
from cartbridge.services.gateway import Gateway
from cartbridge.services.tell_event import cloud_event

log = structlog.get_logger(__name__)

_GONE: Final = 410
_PAUSED_SECONDS: Final = 60.0


async def deliver_event(gateway: Gateway, message: OutboxMessage) -> None:
    """Posts the event a message points to; raises a ConnectorError if it was not taken."""
    if message.connection is None:
        raise errors.Refuse("an event for no subscription")
    name = named(PREFIX, message.connection)
    subscription = await gateway.subscriptions.remembered(message.tenant, name)
    if subscription is None or subscription.state == "ended":
        raise errors.Ignore("the subscription is no more")
    if subscription.state == "paused":
        await _hold(gateway, subscription, subscription.reason or "paused")
        raise errors.Retry("the subscription is paused", _PAUSED_SECONDS)
    place = json.loads(message.payload)
    stored = await gateway.feed.event(message.tenant, place["shard"], place["position"])
    if stored is None:
        raise errors.Ignore("the document was removed by its retention")
    event = cloud_event(stored, gateway.public_url, gateway.vault)
    body = event.model_dump_json(exclude_none=True).encode()
    answered = await call_receiver(gateway, subscription, event.id, body)
    if answered.taken:
        await gateway.subscriptions.delivered(subscription)
        return
    why = answered.why or ""
    if answered.status == _GONE:
        await _end(gateway, subscription)
        raise errors.Ignore(why)
    if await gateway.subscriptions.failed(subscription, why) == "paused":
        await _hold(gateway, subscription, why)
    raise errors.Retry(why, answered.retry_after)


async def _hold(gateway: Gateway, subscription: Subscription, reason: str) -> None:
    """Nothing more is handed out for it until an operator resumes it."""
    log.warning("subscription.paused", subscription=subscription.id, why=reason)
    await gateway.circuits.pause(subscription.tenant, subscription.uuid, reason)


async def _end(gateway: Gateway, subscription: Subscription) -> None:
    dropped = await gateway.outbox.drop(subscription.tenant, subscription.uuid)
    reason = f"410: its receiver wants no more; {dropped} more events waited for it"
    log.warning("subscription.ended", subscription=subscription.id, why=reason)
    await gateway.subscriptions.end(subscription, reason)
