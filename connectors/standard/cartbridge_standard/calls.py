"""Signed calls to the system behind a connection."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from cartbridge.sdk import client, payload, webhook
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge_standard.settings import Settings


async def call(
    remote: Remote,
    url: str,
    kind: str,
    data: Mapping[str, Any],
    message_id: str,
    expected: frozenset[int],
) -> httpx.Response:
    """Posts one canonical body, signed with the first secret; raises what is to be done."""
    settings: Settings = remote.settings
    now = datetime.now(UTC)
    body = json.dumps(
        {"type": kind, "timestamp": now.isoformat(timespec="seconds"), "data": data},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    headers = webhook.sign(settings.secrets[0], message_id, now, body)
    try:
        return await client.post(remote.client, url, body, headers, expected)
    except httpx.RequestError as error:  # an answer that cannot be decoded
        raise Unknown(f"no readable answer: {type(error).__name__}") from None


def data_of(response: httpx.Response) -> dict[str, Any]:
    """The cart in an answer, bare or in the canonical envelope; its numbers exact."""
    try:
        answer = payload.loads(response.content)
    except Unreadable as error:
        raise Unknown(f"the answer cannot be read: {error}") from error
    inner = answer.get("data")
    return inner if "type" in answer and isinstance(inner, dict) else answer
