"""WooCommerce: its signed webhooks in; its orders and, through our plugin, its carts out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from cartbridge.sdk.both_sides import PriceNow, PricesOf, StockNow
from cartbridge.sdk.contract import (
    Capability,
    Changed,
    Connector,
    Delivery,
    Manifest,
    Moved,
    Named,
    Placed,
    Placement,
    Placing,
    Raw,
    Remote,
    Reply,
    Write,
    Written,
)
from cartbridge.sdk.documents import Item, Line, Projection, TwinRef, Writes, project_by
from cartbridge.sdk.errors import Refuse
from cartbridge.sdk.observations import Read
from cartbridge_woocommerce import changes, webhooks
from cartbridge_woocommerce.cart_writing import fetch_cart, freeze_cart, thaw_cart, write_cart
from cartbridge_woocommerce.keys import key_of
from cartbridge_woocommerce.offers import prices_now, stock_now
from cartbridge_woocommerce.order_making import cancel_order, make_order, pay_url
from cartbridge_woocommerce.order_writing import fetch_order, write_order
from cartbridge_woocommerce.settings import Settings
from cartbridge_woocommerce.signature import check, is_ping
from cartbridge_woocommerce.translate import mentions, read_fetched, read_webhook

# What only our plugin in the shop can do.
BY_PLUGIN: Final = frozenset[Capability]({"freeze", "continue_online", "join"})
WITHOUT_PLUGIN: Final = frozenset[Capability]({"place"})
NO_PLUGIN: Final = "this connection has no plugin (companion): the shop tells of its orders alone"


class WooCommerce(Connector):
    """A WooCommerce shop: orders by itself, carts through our plugin, rows merged by article."""

    manifest: ClassVar[Manifest] = Manifest(
        name="woocommerce",
        title="WooCommerce",
        kind="shop",
        capabilities=frozenset(
            {
                "fetch",
                "push",
                "changed_since",
                "hook",
                "prices",
                "stock",
                *BY_PLUGIN,
                *WITHOUT_PLUGIN,
            }
        ),
        writes="conditional",
        login="merges",
        versions="WooCommerce 8.9 to 11.0 on WordPress 6.5 to 7.1, with the plugin cartbridge 1",
        settings=Settings,
    )

    def writes(self, settings: Any) -> Writes:
        """Conditional through the plugin; without it unpaid orders, as well as it goes."""
        return "conditional" if settings.companion else "best_effort"

    def capabilities(self, settings: Any) -> frozenset[Capability]:
        """What is declared; without the plugin no freezing and joining, but an order to be paid.

        Stock only where a store of the retailer's is said to hold it.
        """
        left_out = WITHOUT_PLUGIN if settings.companion else BY_PLUGIN
        if settings.stock_store is None:
            left_out |= {"stock"}
        return self.manifest.capabilities - left_out

    def placing(self, settings: Any) -> Placing:
        """Where no session can be joined, a link leads to an order made for it."""
        return "never" if settings.companion else "on_link"

    def answer(self, request: Raw, settings: Any) -> Reply | None:
        """The unsigned form by which WooCommerce tries an address wants exactly 200."""
        return Reply(status=200, body=b"", content_type="text/plain") if is_ping(request) else None

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        """Believes the bytes that one of the secrets signed; WooCommerce signs no time."""
        check(raw, settings.secrets)
        return Delivery()  # its delivery id is shared by all bodies of one second

    @property
    def accepted(self) -> Reply:
        """WooCommerce counts anything but 2xx and 3xx as a failure, and disables the webhook."""
        return Reply(status=200)

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        """The cart, order, customer or article a webhook speaks of; a cart that went into it."""
        return mentions(hook, settings)

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        """What a webhook says, or a cart or order that was read or listed."""
        if isinstance(document, Raw):
            return read_webhook(document, settings)
        return read_fetched(document)

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        """Pieces of articles that the shop has a name for, one row each."""
        return project_by(lines, _key)

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        """The cart through the plugin, or the order, as it is now; None if it is gone."""
        if ref.kind != "cart":
            return await fetch_order(ref, remote)
        if not remote.settings.companion:
            raise Refuse(NO_PLUGIN)
        return await fetch_cart(ref, remote)

    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        """Orders by their time of change, two minutes over again; carts through the plugin."""
        return await changes.changed(cursor, remote, companion=remote.settings.companion)

    async def hook_is_on(self, hook_url: str, remote: Remote) -> bool:
        """Whether all the webhooks that we need are there and active."""
        return await webhooks.are_on(hook_url, remote)

    async def rearm(self, hook_url: str, remote: Remote) -> None:
        """Activates what WooCommerce disabled after failures, and makes what is missing."""
        await webhooks.turn_on(hook_url, remote)

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        """The cart on condition through the plugin; an unpaid order as well as it goes."""
        if write.ref.kind != "cart":
            return await write_order(write, remote)
        if not remote.settings.companion:
            raise Refuse(NO_PLUGIN)
        return await write_cart(write, remote)

    async def freeze(self, ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
        """The shop's checkout refuses, saying where the cart is, until thawed or that time."""
        await freeze_cart(ref, until, where, remote)

    async def thaw(self, ref: TwinRef, remote: Remote) -> None:
        """The shop's checkout goes on."""
        await thaw_cart(ref, remote)

    async def place(self, placement: Placement, remote: Remote) -> Placed:
        """The cart as an order that waits for its payment, at the shop's own prices."""
        return await make_order(placement, remote)

    async def withdraw(self, ref: TwinRef, remote: Remote) -> bool:
        """Cancels the order unless it was bought."""
        return await cancel_order(ref, remote)

    async def pay_url(self, ref: TwinRef, remote: Remote) -> str | None:
        """The shop's page to pay that order."""
        return await pay_url(ref, remote)

    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        """What the shop asks for the articles now: its own price, a sale's while there is one."""
        return await prices_now(items, of, remote)

    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        """What is left in the shop's one stock, as that of the store which it is said to be."""
        return await stock_now(items, stores, remote)

    def continue_url(self, code: str, settings: Any) -> str:
        """The shop itself, whose plugin joins the session it finds and leads to its cart."""
        return f"{settings.shop_url}/?cartbridge={code}"


def _key(line: Line) -> str | None:
    return key_of(line.item) if line.quantity.unit == "C62" else None
