"""Calling a subscription's receiver: Standard Webhooks, signed with every secret in force."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx

from cartbridge.database.subscribed import Subscription
from cartbridge.sdk.addresses import AddressRefused
from cartbridge.sdk.client import retry_after
from cartbridge.sdk.webhook import signature
from cartbridge.services.gateway import Gateway

ANSWER_BYTES: Final = 64 * 1024
_ANSWER_SECONDS: Final = 2.0  # for reading what nobody needs, so that the connection is kept
_DAY: Final = 86_400.0


@dataclass(frozen=True)
class Answered:
    """What a receiver made of a call: its status, or why there is none."""

    status: int | None
    why: str | None = None  # None: it took the event
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the event is the receiver's now."""
        return self.why is None


async def call_receiver(
    gateway: Gateway, subscription: Subscription, message: str, body: bytes
) -> Answered:
    """Posts one event once; whatever goes wrong is answered, and never raised."""
    headers = {
        "content-type": "application/cloudevents+json; charset=utf-8",
        **signed(subscription, message, gateway.clock(), body),
    }
    try:
        async with gateway.client.stream(
            "POST", subscription.url, content=body, headers=headers
        ) as response:
            with contextlib.suppress(httpx.HTTPError, TimeoutError):
                await _read(response)
            return _judged(response)
    except AddressRefused as error:
        return Answered(None, str(error))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answered(None, f"no answer: {type(error).__name__}")


def signed(subscription: Subscription, message: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers by which the receiver knows us: one signature per secret, the newest first."""
    timestamp = int(now.timestamp())
    believed = [one for one in subscription.secrets if one.until is None or one.until > now]
    signatures = [signature(one.value, message, timestamp, body) for one in believed]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _judged(response: httpx.Response) -> Answered:
    status = response.status_code
    if response.is_success:
        return Answered(status)
    why = f"status {status}"
    if response.is_redirect:
        why += ": redirects are not followed, change the subscription's address"
    return Answered(status, why, retry_after(response, _DAY))


async def _read(response: httpx.Response) -> None:
    size = 0
    async with asyncio.timeout(_ANSWER_SECONDS):
        async for part in response.aiter_raw():
            size += len(part)
            if size > ANSWER_BYTES:
                return
