"""What the shop asks the gateway for on behalf of a visitor, so that her browser holds no key."""

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from cartbridge_sandbox.basket import Basket
from cartbridge_sandbox.refusals import ShopRefuses

REFUSALS: Final = {409: (409, "link_of_another"), 404: (410, "link_over"), 410: (410, "link_over")}


@dataclass(frozen=True)
class Gateway:
    """The gateway this shop belongs to, and the shop's key there."""

    url: str
    connection: str
    key: str = field(repr=False)


async def join(client: httpx.AsyncClient, gateway: Gateway, code: str, basket: Basket) -> None:
    """Joins the visitor's basket to the cart behind a code; the same one may do so again."""
    body: dict[str, Any] = {"code": code, "external_id": basket.ref}
    if basket.mail is not None:
        body["customer"] = {"email": basket.mail}
    again = hashlib.sha256(f"{code}/{basket.ref}".encode()).hexdigest()
    await _call(client, gateway, "POST", "/v1/handovers/join", body, again)


async def own_pass(client: httpx.AsyncClient, gateway: Gateway, basket: Basket) -> dict[str, Any]:
    """A fresh code and the pass of the visitor's own cart, to show in the store."""
    query = {"connection": gateway.connection, "external_id": basket.ref}
    path = str(httpx.URL("/v1/carts", params=query))
    found = (await _call(client, gateway, "GET", path, None, None)).get("items") or []
    if not found:
        raise ShopRefuses(503, "store_away")
    path = f"/v1/carts/{found[0]['id']}/handovers"
    body = {"direction": "to_store"}
    return await _call(client, gateway, "POST", path, body, uuid.uuid4().hex)


async def _call(
    client: httpx.AsyncClient,
    gateway: Gateway,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    idempotency_key: str | None,
) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {gateway.key}"}
    if idempotency_key is not None:
        headers["idempotency-key"] = idempotency_key
    try:
        response = await client.request(method, gateway.url + path, json=body, headers=headers)
        if response.is_success:
            answer: dict[str, Any] = response.json()
            return answer
    except (httpx.HTTPError, ValueError):
        raise ShopRefuses(503, "store_away") from None
    status, code = REFUSALS.get(response.status_code, (503, "store_away"))
    raise ShopRefuses(status, code)
