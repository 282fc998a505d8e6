"""A platform calls: the signature is checked on the exact bytes, then stored, then answered."""

from dataclasses import dataclass

from cartbridge.database.inbox import Arrival
from cartbridge.sdk.contract import Raw, Reply
from cartbridge.sdk.errors import Forged
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem


@dataclass(slots=True)
class Receipt:
    """What the platform is answered; `message` is None for a ping, which is nothing to keep."""

    reply: Reply
    message: str | None = None
    duplicate: bool = False


async def receive_webhook(gateway: Gateway, hook: str, raw: Raw) -> Receipt:
    """Durable before it is answered. An unknown hook and a bad signature are answered alike."""
    link = await gateway.connectors.by_hook(hook)
    if link is None:
        raise Problem("unauthorized")
    return await take_webhook(gateway, link, raw)


async def take_webhook(gateway: Gateway, link: Link, raw: Raw) -> Receipt:
    """As `receive_webhook`, for a hook whose link was found already."""
    answer = link.connector.answer(raw, link.settings)
    if answer is not None:
        return Receipt(answer)
    try:
        delivery = link.connector.verify(raw, link.settings, gateway.clock())
    except Forged:
        raise Problem("unauthorized") from None
    received = await gateway.inbox.receive(
        Arrival(
            tenant=link.tenant,
            connection=link.uuid,
            method=raw.method,
            headers=tuple(raw.headers.items()),
            body=raw.body,
            dedup=None if delivery.key is None else delivery.key.encode(),
        )
    )
    return Receipt(link.connector.accepted, received.message, received.duplicate)
