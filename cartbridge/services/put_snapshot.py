"""A shop without webhooks tells a whole cart: merged like a snapshot that came by a hook."""

import uuid
from typing import Any

from cartbridge.domain.cart.state import Cart
from cartbridge.sdk.errors import Unreadable
from cartbridge.services.apply_observation import apply_observation
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.observe_twin import Cause
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import Outcome


async def put_snapshot(
    gateway: Gateway, link: Link, external_id: str, document: dict[str, Any]
) -> Cart:
    """The cart after the snapshot; Problem with the field if its connector cannot read it."""
    try:
        read = link.connector.read({**document, "external_id": external_id}, link.settings)
    except Unreadable as error:
        raise Problem("invalid_request", errors=({"field": "", "why": str(error)},)) from None
    cart = None
    for seen in read.observations:
        command = uuid.UUID(bytes=gateway.draw(16))
        outcome = await apply_observation(gateway, link, seen, Cause(command=command))
        cart = outcome.cart if isinstance(outcome, Outcome) else cart
    if cart is None:
        raise Problem("invalid_request", errors=({"field": "", "why": "no cart in it"},))
    await gateway.directory.connections.heard(link.tenant, link.connection.id)
    return cart
