"""The HTTP client connectors are given: bounded, without redirects, its failures classified."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from cartbridge.sdk import payload
from cartbridge.sdk.errors import Credentials, Ignore, Refuse, Retry, Unknown, Unreadable

TIMEOUT: Final = httpx.Timeout(10.0, connect=3.0)


def make_client() -> httpx.AsyncClient:
    """A client that follows no redirect, reads no proxy settings and never waits for ever."""
    return httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False)


async def post(
    client: httpx.AsyncClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    expected: frozenset[int] = frozenset({200, 201}),
) -> httpx.Response:
    """Posts once, and raises what is to be done when the platform's answer is not expected."""
    try:
        response = await client.post(
            url, content=body, headers={"content-type": "application/json", **headers}
        )
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Retry(f"cannot connect: {type(error).__name__}") from error
    except httpx.RequestError as error:
        raise Unknown(f"no answer: {type(error).__name__}") from error
    if response.status_code not in expected:
        raise failure(response)
    return response


def failure(response: httpx.Response) -> Exception:
    """The error a status means: wait, give up, forget it, read again, or renew the credentials."""
    status = response.status_code
    if status in (408, 425, 429, 503):
        return Retry(f"status {status}", _retry_after(response))
    if status in (401, 403):
        return Credentials(f"status {status}: check the secret of this connection")
    if status in (404, 410):
        return Ignore(f"status {status}: the document is gone")
    if status >= 500:
        return Unknown(f"status {status}")
    return Refuse(f"status {status}")


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    if text.isdigit():
        return min(float(text), 3600.0)
    try:
        wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait, 0.0), 3600.0)


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The object a platform answered; one that is none is a fault of the platform."""
    try:
        return payload.loads(response.content)
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
