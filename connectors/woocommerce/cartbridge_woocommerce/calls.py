"""Calls to the shop's REST API, and what its answers mean."""

import re
from collections.abc import Mapping
from typing import Any, Final

import httpx
from pydantic_core import to_json

from cartbridge.sdk import client, payload
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.errors import Credentials, Refuse, Retry, Unknown, Unreadable
from cartbridge_woocommerce.settings import Settings

WC: Final = "wc/v3"
PLUGIN: Final = "cartbridge/v1"
NO_ROUTE: Final = "rest_no_route"
_CODE: Final = re.compile(r"[a-z0-9_\-.]{1,100}", re.ASCII)
_DONE: Final = frozenset({200, 201})
# WooCommerce says 404 of what is gone with a code of its own; anybody else's 404 says nothing.
_GONE: Final = frozenset(
    {
        "cartbridge_cart_not_found",
        "woocommerce_rest_shop_order_invalid_id",
        "woocommerce_rest_invalid_id",
    }
)


class Answer:
    """What the shop answered: its status, which may stand in the body alone, and its code."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.code: str | None = None
        try:
            body = payload.loads(response.content, client.ANSWER_VALUES)
        except Unreadable:
            return
        code, data = body.get("code"), body.get("data")
        if isinstance(code, str) and "message" in body and isinstance(data, dict):
            self.code = code if _CODE.fullmatch(code) else "unknown_code"
            told = data.get("status")
            if self.status in _DONE and isinstance(told, int) and 400 <= told < 600:
                self.status = told  # a WordPress error behind a proxy that answers 200

    @property
    def is_gone(self) -> bool:
        """Whether the shop itself says that there is no such document."""
        return self.status in (404, 410) and self.code in _GONE

    def failure(self) -> Exception:
        """The error that this answer means; its text holds codes alone, never what was sent."""
        said = f"status {self.status}" + (f" {self.code}" if self.code else "")
        if self.code == NO_ROUTE:
            return Unknown(f"{said}: the shop has no such route: is the plugin there and active?")
        if self.status in (404, 410):
            return Unknown(f"{said}: not by WooCommerce itself: check shop_url and its permalinks")
        if self.status in (401, 403):
            return Credentials(f"{said}: renew the REST key; it has to be read/write")
        if 300 <= self.status < 400:
            return Refuse(f"{said}: the shop has another address: correct shop_url")
        if self.code and self.status < 500 and self.status not in (408, 425, 429):
            return Refuse(said)
        return client.failure(self.response)

    def json(self) -> dict[str, Any]:
        """The object answered; Unknown if it is none (a PHP notice before it, an HTML page)."""
        return client.json_object(self.response)

    def rows(self) -> list[dict[str, Any]]:
        """The list of objects answered."""
        try:
            wrapped = payload.loads(
                b'{"rows":' + self.response.content + b"}", client.ANSWER_VALUES
            )
        except Unreadable as error:
            raise Unknown(f"the answer cannot be understood: {error}") from error
        rows = wrapped["rows"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Unknown("the answer is no list")
        return rows


async def call(
    remote: Remote,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    asked: Mapping[str, Any] | None = None,
    also: frozenset[int] = frozenset(),
) -> Answer:
    """One call with the REST key; an answer that is neither good nor among `also` is raised."""
    settings: Settings = remote.settings
    auth = httpx.BasicAuth(
        settings.consumer_key.get_secret_value(), settings.consumer_secret.get_secret_value()
    )
    try:
        response = await remote.client.request(
            method,
            f"{settings.shop_url}/wp-json/{path}",
            params=dict(asked) if asked else None,
            content=None if body is None else to_json(body),
            headers={"content-type": "application/json"} if body is not None else {},
            auth=auth,
        )
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Retry(f"cannot connect: {type(error).__name__}") from error
    except httpx.RequestError as error:
        raise Unknown(f"no answer: {type(error).__name__}") from error
    answer = Answer(response)
    if answer.status not in _DONE | also and not answer.is_gone:
        raise answer.failure()
    return answer
