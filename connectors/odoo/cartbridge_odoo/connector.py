"""Odoo as a shop and as a till: hints in, orders read back, carts put before its cashiers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import urlencode, urlsplit

from cartbridge.sdk import payload, webhook
from cartbridge.sdk.both_sides import LoyaltyShown, PriceNow, PricesOf, StockNow
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
    ThreadMessage,
    Write,
    Written,
)
from cartbridge.sdk.documents import Item, Line, Projection, TwinKind, TwinRef, Writes, project_by
from cartbridge.sdk.errors import Forged
from cartbridge.sdk.observations import Hint, Read
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.calls import Calls
from cartbridge_odoo.changes import changes
from cartbridge_odoo.companion import freeze_cart, push_cart, thaw_cart
from cartbridge_odoo.documents import SALE, TILL
from cartbridge_odoo.kinds import ASIDE, fetch_any, read_any
from cartbridge_odoo.leads import post_message
from cartbridge_odoo.loyalty import card_shown
from cartbridge_odoo.placing import place_on_till
from cartbridge_odoo.prices import prices_now
from cartbridge_odoo.quotations import place_quotation
from cartbridge_odoo.revisions import push_quotation
from cartbridge_odoo.rules import rearm_rules, rules_are_on
from cartbridge_odoo.settings import Settings
from cartbridge_odoo.stock import stock_now
from cartbridge_odoo.traces import OURS
from cartbridge_odoo.wishes import push_wishes
from cartbridge_odoo.withdrawing import withdraw_quotation, withdraw_till_order
from cartbridge_odoo.writing import push_rows

_WITH_COMPANION: Final[frozenset[Capability]] = frozenset({"freeze", "continue_online", "join"})
_ARTICLES: Final = frozenset({"goods", "service", "gift_card"})


class Odoo(Connector):
    """One Odoo database: its tills, its quotations, and its website if there is one."""

    manifest: ClassVar[Manifest] = Manifest(
        name="odoo",
        title="Odoo",
        kind="pos",
        capabilities=frozenset(
            {
                *("fetch", "push", "place", "freeze", "continue_online", "join"),
                *("changed_since", "hook"),
                *("push_wishlists", "push_quotes", "answer_enquiries"),
                *("prices", "stock", "loyalty"),
            }
        ),
        writes="conditional",
        login="adopts",
        versions="Odoo 19.0 by JSON-2, 17.0 and 18.0 by JSON-RPC; Community and Enterprise",
        settings=Settings,
    )

    def writes(self, settings: Any) -> Writes:
        """Conditional with our website add-on; without it Odoo can only be overwritten."""
        return "conditional" if settings.companion else "best_effort"

    def capabilities(self, settings: Any) -> frozenset[Capability]:
        """What the add-on, the apps that are read and the user's rights allow."""
        has: dict[Capability, bool] = {
            **dict.fromkeys(_WITH_COMPANION, settings.companion),
            "hook": settings.provision,
            "push_quotes": settings.quotations,
            "push_wishlists": settings.wishlists,
            "answer_enquiries": settings.leads,
            "prices": settings.prices,
            "stock": settings.stock,
            "loyalty": settings.loyalty,
        }
        return self.manifest.capabilities - {one for one, there in has.items() if not there}

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        """Believes what came to the secret address: Odoo signs nothing, so it is only a hint."""
        given = urlsplit(raw.url).path.rpartition("/")[2].encode("utf-8", "surrogateescape")
        if not any([webhook.same(secret.encode(), given) for secret in settings.secrets]):
            raise Forged("the secret at the end of the hook's address is not this connection's")
        return Delivery()

    @property
    def accepted(self) -> Reply:
        """Odoo waits a second for it, and its cashier with it."""
        return Reply(status=200)

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        """The record that changed; saved twice in one transaction it is one mention."""
        body = payload.loads(hook.body)
        model = understood(wire.Hinted, body, "").model
        if model == TILL:
            till = understood(wire.TillHint, body, "")
            elsewhere = till.config_id is not None and till.config_id.id not in (
                settings.config_ids or (till.config_id.id,)
            )
            if elsewhere:
                return []
            dedup = f"{model}/{till.id}/{till.state}/{till.write_date}"
            return [Named(external_id=till.uuid, kind="till_order", dedup=dedup)]
        if model in ASIDE:
            return ASIDE[model](body, settings)
        if model != SALE:
            return []
        sale = understood(wire.SaleHint, body, "")
        told = "origin" in sale.model_fields_set
        if sale.website_id is None and told and not (sale.origin or "").startswith(OURS):
            if not settings.quotations:
                return []  # a quotation of the retailer's own
            kind: TwinKind = "quote"
        else:
            kind = "draft_order" if sale.website_id is None else "cart"
        dedup = f"{model}/{sale.id}/{sale.state}/{sale.write_date}"
        return [Named(external_id=str(sale.id), kind=kind, dedup=dedup)]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        """A hook only says what to read; a record that was read says all."""
        if not isinstance(document, Raw):
            return read_any(document)
        named = self.identify(document, settings)
        hints = (Hint(kind=one.kind, external_id=one.external_id) for one in named)
        return Read(observations=tuple(hints))

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        """Articles by internal reference, else bar code, else name; delivery is Odoo's own."""
        return project_by(lines, _key)

    def lane(self, terminal: str | None, settings: Any) -> str | None:
        """Orders of one pos.config wait for its numbering: they are sent one at a time."""
        till = settings.till(terminal)
        return None if till is None else f"pos.config {till}"

    def placing(self, settings: Any) -> Placing:
        """A quotation as soon as the cart is on offer; a till's order once a till claimed it."""
        return "on_offer" if settings.mode == "quotation" else "on_claim"

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        """The order, wish list or lead with all that belongs to it; None if it is gone."""
        return await fetch_any(Calls(remote), ref)

    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        """Orders written since then, with an overlap, each state once."""
        return await changes(cursor, remote)

    async def hook_is_on(self, hook_url: str, remote: Remote) -> bool:
        """Whether Odoo's automation rules call our hook with its secret."""
        return await rules_are_on(hook_url, remote)

    async def rearm(self, hook_url: str, remote: Remote) -> None:
        """Switches the rules on again, or makes them."""
        await rearm_rules(hook_url, remote)

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        """A web cart on condition where our add-on is; else the rows that differ."""
        if write.ref.kind == "wishlist":
            return await push_wishes(write, remote)
        if write.ref.kind == "quote":
            return await push_quotation(write, remote)
        if remote.settings.companion and write.ref.kind == "cart":
            return await push_cart(write, remote)
        return await push_rows(write, remote)

    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        """Posts the message on the lead, once; closed, the lead goes to the stage for that."""
        await post_message(ref, message, remote)

    async def place(self, placement: Placement, remote: Remote) -> Placed:
        """On the till that claimed it as an unpaid order; on offer as a quotation."""
        if remote.settings.mode == "quotation":
            return await place_quotation(placement, remote)
        return await place_on_till(placement, remote)

    async def withdraw(self, ref: TwinRef, remote: Remote) -> bool:
        """Takes the order off the till, or cancels the quotation; False: it was sold."""
        if ref.kind == "till_order":
            return await withdraw_till_order(Calls(remote), ref.external_id)
        return await withdraw_quotation(Calls(remote), ref)

    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        """What the store's tills sell them at; what cannot be told is left out."""
        return await prices_now(items, of, remote)

    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        """What of them is free to sell in these warehouses."""
        return await stock_now(items, stores, remote)

    async def loyalty(self, number: str, remote: Remote) -> LoyaltyShown | None:
        """The balance of the card, or of the contact, with that number."""
        return await card_shown(number, remote)

    async def freeze(self, ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
        """The website's checkout refuses, saying where the cart is, until thawed or that time."""
        await freeze_cart(ref, until, where, remote)

    async def thaw(self, ref: TwinRef, remote: Remote) -> None:
        """The website's checkout goes on."""
        await thaw_cart(ref, remote)

    def continue_url(self, code: str, settings: Any) -> str:
        """The add-on's own page, which joins the session it finds and leads to the cart."""
        query = urlencode({"code": code})
        return f"{settings.base_url}/cartbridge/join?{query}"


def _key(line: Line) -> str | None:
    return line.item.key if line.kind in _ARTICLES else None
