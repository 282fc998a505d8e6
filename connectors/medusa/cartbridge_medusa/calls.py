"""Calls to the companion's routes of the Admin API, and what it means that it has no such cart."""

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx
from pydantic_core import to_json

from cartbridge.sdk import client, payload
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.errors import Retry, Unknown, Unreadable
from cartbridge_medusa.settings import Settings

NO_CART: Final = "cart_not_found"
OK: Final = frozenset({200})
ANSWERS: Final = OK | {404}
OR_CONFLICT: Final = ANSWERS | {409}


async def call(
    remote: Remote,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    answers: frozenset[int] = ANSWERS,
) -> httpx.Response:
    """The companion's answer to one call; a status not among `answers` is an error by kind."""
    settings: Settings = remote.settings
    # Medusa takes a secret API key as the user name of Basic, with no password.
    key = base64.b64encode(f"{settings.api_key.get_secret_value()}:".encode()).decode()
    headers = {"authorization": f"Basic {key}", "content-type": "application/json"}
    try:
        response = await remote.client.request(
            method,
            f"{settings.base_url}/admin/cartbridge/{path}",
            content=None if body is None else to_json(body),
            headers=headers,
        )
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Retry(f"cannot connect: {type(error).__name__}") from error
    except httpx.RequestError as error:
        raise Unknown(f"no answer: {type(error).__name__}") from error
    if response.status_code not in answers:
        raise client.failure(response)
    return response


def cart_path(external_id: str, what: str = "") -> str:
    """Where the companion takes calls about a cart."""
    return f"carts/{quote(external_id, safe='')}{what}"


def missing(response: httpx.Response) -> bool:
    """Whether the shop has no such cart.

    A 404 of anybody else, such as a shop whose plugin is not loaded, says nothing of the cart.
    """
    if response.status_code != 404:
        return False
    try:
        known = payload.loads(response.content).get("error") == NO_CART
    except Unreadable:
        known = False
    if not known:
        raise Unknown("404, and not by the companion: check base_url and that its plugin runs")
    return True


def snapshot_of(response: httpx.Response) -> dict[str, Any]:
    """The cart that an answer holds; Unknown if it holds none."""
    shown = client.json_object(response).get("snapshot")
    if not isinstance(shown, dict):
        raise Unknown("the answer holds no snapshot: check that base_url leads to the shop")
    return shown
