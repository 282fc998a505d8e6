"""The shop's webhooks to the gateway: whether all are there and on, and how they become so."""

from typing import Any, Final

from cartbridge.sdk.contract import Remote
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_woocommerce.calls import WC, call
from cartbridge_woocommerce.payloads import Webhook
from cartbridge_woocommerce.settings import Settings

ORDERS: Final = ("order.created", "order.updated", "order.deleted", "order.restored")
CARTS: Final = ("cart.updated",)
CUSTOMERS: Final = ("customer.created", "customer.updated")
PRODUCTS: Final = ("product.created", "product.updated")
PAGE: Final = 100  # without it WooCommerce lists ten
PAGES: Final = 20


async def are_on(hook_url: str, remote: Remote) -> bool:
    """Whether each topic that we need has a webhook here that is active."""
    ours = await _ours(hook_url, remote)
    active = {hook.topic for hook in ours if hook.status == "active"}
    return active.issuperset(_needed(remote.settings))


async def turn_on(hook_url: str, remote: Remote) -> None:
    """Activates what WooCommerce disabled and makes what is missing; who paused one meant it."""
    settings: Settings = remote.settings
    ours = await _ours(hook_url, remote)
    fresh = {"status": "active", "secret": settings.secrets[0]}
    for topic in _needed(settings):
        hooks = [hook for hook in ours if hook.topic == topic]
        if not hooks:
            made = {"name": f"CartBridge {topic}", "topic": topic, "delivery_url": hook_url}
            await call(remote, "POST", f"{WC}/webhooks", {**made, **fresh})
        elif not any(hook.status == "active" for hook in hooks):
            for hook in hooks:
                if hook.status == "disabled":
                    await call(remote, "PUT", f"{WC}/webhooks/{hook.id}", fresh)


def _needed(settings: Settings) -> tuple[str, ...]:
    asked = ((settings.companion, CARTS), (settings.customers, CUSTOMERS))
    also = (*asked, (settings.follows_products, PRODUCTS))
    return ORDERS + tuple(topic for wanted, topics in also if wanted for topic in topics)


async def _ours(hook_url: str, remote: Remote) -> list[Webhook]:
    found: list[Webhook] = []
    for page in range(1, PAGES + 1):
        asked: dict[str, Any] = {"per_page": PAGE, "page": page}
        rows = (await call(remote, "GET", f"{WC}/webhooks", asked=asked)).rows()
        try:
            found += (understood(Webhook, row) for row in rows)
        except Unreadable as error:
            raise Unknown(f"the answer cannot be understood: {error}") from error
        if len(rows) < PAGE:
            break
    return [hook for hook in found if hook.delivery_url == hook_url]
