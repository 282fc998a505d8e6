"""Signed calls to the companion, and what it means that it has no such order."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from pydantic_core import to_json

from cartbridge.sdk import client, payload, webhook
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge_vendure.settings import Settings

NO_CART: Final = "cart_not_found"
OK: Final = frozenset({200})
ANSWERS: Final = OK | {404}
OR_CONFLICT: Final = ANSWERS | {409}


async def call(
    remote: Remote,
    name: str,
    body: Mapping[str, Any],
    answers: frozenset[int] = ANSWERS,
    message: str | None = None,
) -> httpx.Response:
    """The companion's answer to a call; one not among `answers` is an error by kind."""
    settings: Settings = remote.settings
    raw = to_json(body)
    identifier = message or f"msg_{uuid.uuid4().hex}"
    headers = webhook.sign(settings.secrets[0], identifier, datetime.now(UTC), raw)
    url = f"{settings.shop_url}/cartbridge/v1/{name}"
    return await client.post(remote.client, url, raw, headers, answers)


def missing(response: httpx.Response) -> Mapping[str, Any] | None:
    """What the companion still knows of an order that is gone; None if the order is there.

    A 404 of anybody else, such as a proxy while the shop is installed anew, says nothing of it.
    """
    if response.status_code != 404:
        return None
    try:
        answer = payload.loads(response.content)
    except Unreadable:
        answer = {}
    if answer.get("error") != NO_CART:
        raise Unknown("404, and not by the companion: check shop_url and that its plugin runs")
    return answer
