"""Signed calls to the system behind a connection."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from cartbridge.sdk import client, payload, webhook
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.errors import Retry, Unknown, Unreadable
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


async def ask(remote: Remote, url: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """Gets one page; what is signed in place of a body is the query string as it is sent."""
    settings: Settings = remote.settings
    target = httpx.URL(url).copy_merge_params(asked)
    message = f"msg_{uuid.uuid4().hex}"
    headers = webhook.sign(settings.secrets[0], message, datetime.now(UTC), target.query)
    try:
        response = await remote.client.get(target, headers=headers)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Retry(f"cannot connect: {type(error).__name__}") from error
    except httpx.RequestError as error:  # nothing was changed by asking
        raise Retry(f"no answer: {type(error).__name__}") from error
    if response.status_code != 200:
        raise client.failure(response)
    return client.json_object(response)


def data_of(response: httpx.Response) -> dict[str, Any]:
    """The cart in an answer, bare or in the canonical envelope; its numbers exact."""
    try:
        answer = payload.loads(response.content)
    except Unreadable as error:
        raise Unknown(f"the answer cannot be read: {error}") from error
    inner = answer.get("data")
    return inner if "type" in answer and isinstance(inner, dict) else answer
