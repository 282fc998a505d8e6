"""What an operator does with subscriptions: add, change, pause, resume, rotate, try, remove."""

import base64
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.database.pointers import slot_of_key
from cartbridge.database.subscribed import OVERLAP, PREFIX, Subscription
from cartbridge.domain.ids import is_id, make_id
from cartbridge.sdk.addresses import AddressRefused
from cartbridge.services.call_receiver import Answered, call_receiver
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.tell_event import CloudEvent

TEST_TYPE: Final = "subscription.test"


@dataclass(frozen=True)
class Standing:
    """A subscription, how much waits for its receiver, and how old the oldest of that is."""

    subscription: Subscription
    waiting: int
    lag: timedelta


@dataclass(frozen=True)
class Wish:
    """What an operator wants of a subscription; what is None stays as it is."""

    url: str | None = None
    description: str | None = None
    types: tuple[str, ...] | None = None
    retype: bool = False  # whether `types` is told
    state: Literal["active", "paused"] | None = None


@dataclass(frozen=True)
class Rotated:
    """The new secret, shown this once, and until when the old one signs too."""

    secret: str = field(repr=False)
    old_until: datetime


async def add_subscription(
    gateway: Gateway, tenant: UUID, wish: Wish, attempt: Attempt
) -> tuple[Subscription, str]:
    """A new subscription, told what happens from now on, and its secret; a repeat adds none."""
    slot = slot_of_key(tenant.bytes)
    identifier = make_id(PREFIX, attempt.started_at, slot, attempt.entropy("subscription"))
    secret = _secret(gateway, attempt)
    if await gateway.subscriptions.get(tenant, identifier) is None:
        url = wish.url or ""
        await _check(gateway, url)
        await gateway.subscriptions.add(
            tenant,
            identifier,
            url,
            secret,
            await gateway.feed.now(),
            types=wish.types,
            description=wish.description,
        )
    return await find_subscription(gateway, tenant, identifier), secret


async def find_subscription(gateway: Gateway, tenant: UUID, identifier: str) -> Subscription:
    """The retailer's subscription of that id; Problem if there is none."""
    found = None
    if is_id(identifier, PREFIX):
        found = await gateway.subscriptions.get(tenant, identifier)
    if found is None:
        raise Problem("not_found", what="subscription")
    return found


async def list_subscriptions(
    gateway: Gateway, tenant: UUID, limit: int, after: str | None
) -> Sequence[Subscription]:
    """The retailer's subscriptions, the oldest first."""
    if after is not None and not is_id(after, PREFIX):
        why = "this is no cursor of this list: begin again without one"
        raise Problem("invalid_request", errors=({"field": "after", "why": why},))
    return await gateway.subscriptions.list(tenant, limit, after)


async def standing(gateway: Gateway, subscription: Subscription) -> Standing:
    """How far behind a receiver is: what waits in the outbox, and what is not there yet."""
    tenant = subscription.tenant
    backlog = await gateway.outbox.backlog(tenant, subscription.uuid)
    oldest = [backlog.oldest] if backlog.oldest is not None else []
    if subscription.state != "ended":
        events, _ = await gateway.feed.headlines(
            tenant, subscription.cursor, subscription.types, limit=1
        )
        oldest += [event.recorded_at for event in events]
    lag = gateway.clock() - min(oldest) if oldest else timedelta(0)
    return Standing(subscription, backlog.waiting, max(lag, timedelta(0)))


async def change_subscription(
    gateway: Gateway, tenant: UUID, identifier: str, wish: Wish
) -> Subscription:
    """Changes what the wish tells; pausing holds what waits, resuming lets it go at once."""
    subscription = await find_subscription(gateway, tenant, identifier)
    if wish.url is not None:
        await _check(gateway, wish.url)
    changed = await gateway.subscriptions.change(
        tenant,
        identifier,
        url=wish.url,
        description=wish.description,
        retype=wish.retype,
        types=wish.types,
        state=wish.state,
    )
    if not changed:
        raise Problem("subscription_ended")
    if wish.state == "paused":
        await gateway.circuits.pause(tenant, subscription.uuid, "by an operator")
    elif wish.state == "active":
        await gateway.circuits.resume(tenant, subscription.uuid)
    return await find_subscription(gateway, tenant, identifier)


async def remove_subscription(gateway: Gateway, tenant: UUID, identifier: str) -> None:
    """Removes it with everything that waits for its receiver, dead letters too."""
    subscription = await find_subscription(gateway, tenant, identifier)
    await gateway.subscriptions.remove(tenant, identifier)
    await gateway.outbox.drop(tenant, subscription.uuid, dead_letters=True)


async def rotate_secret(
    gateway: Gateway, tenant: UUID, identifier: str, attempt: Attempt
) -> Rotated:
    """A new secret; for a day each call carries the signature of the old one, too."""
    await find_subscription(gateway, tenant, identifier)
    secret = _secret(gateway, attempt)
    now = gateway.clock()
    if not await gateway.subscriptions.rotate(tenant, identifier, secret, now):
        raise Problem("not_found", what="subscription")
    return Rotated(secret, now + OVERLAP)


async def try_subscription(gateway: Gateway, tenant: UUID, identifier: str) -> tuple[Answered, int]:
    """Posts a test event now, once; what the receiver answered, in how many milliseconds."""
    subscription = await find_subscription(gateway, tenant, identifier)
    name = f"test-{uuid.uuid4().hex}"
    now = gateway.clock()
    event = CloudEvent(
        id=name,
        source=f"{gateway.public_url}/v1",
        type=TEST_TYPE,
        subject=subscription.id,
        time=now,
        dataschema=f"{gateway.public_url}/openapi.json",
        sequence="0",
        recordedtime=now,
        actor="operator",
        data={"description": subscription.description},
    )
    began = time.monotonic()
    body = event.model_dump_json(exclude_none=True).encode()
    answered = await call_receiver(gateway, subscription, name, body)
    return answered, int((time.monotonic() - began) * 1000)


async def _check(gateway: Gateway, url: str) -> None:
    try:
        await gateway.client.check(url)
    except AddressRefused as error:
        raise Problem("address_refused", errors=({"field": "url", "why": str(error)},)) from None


def _secret(gateway: Gateway, attempt: Attempt) -> str:
    """The secret of this call: the same in every repeat of it, unknown to the database."""
    drawn = attempt.secret(gateway.vault, "subscription secret")
    return "whsec_" + base64.b64encode(drawn).decode()
