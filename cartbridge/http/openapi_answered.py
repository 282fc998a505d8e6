"""An example of each thing that the gateway answers, out of the examples' story."""

import base64
import json
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Final

from pydantic import BaseModel

from cartbridge.domain.alarm.lifecycle import State
from cartbridge.domain.alarm.state import Alarm, Details
from cartbridge.domain.canonical import CanonicalCart, canonical
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.drift import Drift, TillPrice, TillSide, report
from cartbridge.domain.ids import shard_of_slot, slot_of
from cartbridge.domain.wishlist.canonical import canonical as canonical_wishlist
from cartbridge.http import message_models as messages
from cartbridge.http import openapi_story as of
from cartbridge.http import openapi_wishlists as wishlists
from cartbridge.http import pos_models as pos
from cartbridge.http import shop_models as shop
from cartbridge.http import stock_models as stock
from cartbridge.http import store_models as store
from cartbridge.http import subscription_models as subscriptions
from cartbridge.http.alarms import AlarmsAnswer, answer_of
from cartbridge.http.feed import Events
from cartbridge.http.openapi_browsing import browsing_answered
from cartbridge.http.openapi_customers import customers
from cartbridge.http.openapi_enquiries import enquiries_answered
from cartbridge.http.openapi_quotes import quotes_answered
from cartbridge.http.openapi_reports import reports
from cartbridge.http.openapi_sent import ARTICLE, CHECKED, RECEIVER
from cartbridge.http.openapi_unlisted import Health, HookReceipt
from cartbridge.http.store_work import order_answer, reservation_answer
from cartbridge.http.wishlist_models import MovedAnswer
from cartbridge.pages.drift_sentences import explained
from cartbridge.pages.names import Names
from cartbridge.pages.timeline import tell
from cartbridge.pages.told import Told
from cartbridge.services.tell_event import CloudEvent

_SHOWN: Final = "whsec_…"
_NAMES: Final = Names(
    stores={of.STORE: "Lyon Part-Dieu"},
    terminals={of.TERMINAL: "Till 4"},
    connections={of.SHOP.connection: "French web shop"},
)


@cache
def all_answered() -> tuple[BaseModel, ...]:
    """One example of each model that is answered."""
    told = of.story()
    remainder = told.sold.remainder
    claimed = shown(told.claimed.cart)
    held = pos.HeldCart(claim=of.CLAIM, terminal=of.TERMINAL, outcome=None, cart=claimed)
    return (
        claimed,
        _claim(claimed),
        _events(),
        _timeline(),
        _handover(),
        shop.Carts(items=(claimed,), next=None),
        shop.JoinAnswer(cart=shown(told.filled.cart)),
        shop.ItemsAnswer(accepted=1, refused=()),
        shop.Items(items=(ARTICLE,)),
        *_stock(),
        *wishlists.answered(),
        MovedAnswer(wishlist=canonical_wishlist(wishlists.wishlist(), {}), cart=claimed),
        *_subscriptions(),
        pos.PairAnswer(terminal=of.TERMINAL, store=of.STORE, key="cb_…"),
        pos.HeldCarts(items=(held,)),
        pos.CompleteAnswer(
            cart=shown(told.sold.cart),
            remainder=None if remainder is None else shown(remainder),
            conflict=False,
        ),
        pos.CartAnswer(cart=shown(told.filled.cart)),
        *_store_work(),
        *_operators(),
        _alarms(),
        *quotes_answered(),
        *enquiries_answered(claimed),
        *customers(),
        *browsing_answered(),
        *reports(),
        HookReceipt(message=of.MESSAGE, duplicate=False),
        Health(status="ok", version="0.1.0"),
    )


def _store_work() -> tuple[BaseModel, ...]:
    """The cart of the story, had she asked the store to set it aside, or bought it online."""
    reserved = reservation_answer(of.reserved().cart)
    order = order_answer(of.bought_online().cart)
    return (
        reserved,
        store.Reservations(items=(reserved,), next=None),
        store.Orders(items=(order,), next=None),
    )


def shown(cart: Cart) -> CanonicalCart:
    """A cart of the story in canonical form, its twin in step."""
    return canonical(cart, {str(of.SHOP): True})


def _operators() -> tuple[BaseModel, ...]:
    """A message of which a part was put aside, and an errand that was given up."""
    part = messages.PartAnswer(
        ordinal=0,
        lane=str(of.SHOP),
        state="quarantined",
        attempts=1,
        reason="lines.0.quantity: not a number",
        done_at=of.BEGUN + timedelta(seconds=1),
    )
    message = messages.MessageAnswer(
        id=of.MESSAGE,
        connection=of.SHOP.connection,
        received_at=of.BEGUN,
        size=1834,
        state="sorted",
        reason=None,
        parts=(part,),
    )
    letter = messages.DeadLetterAnswer(
        id=of.LETTER,
        kind="freeze",
        connection=of.SHOP.connection,
        document=of.CART_ID,
        created_at=of.CLAIMED,
        attempts=11,
        reason="the shop answers 500",
    )
    return (
        messages.Messages(items=(message,), next=None),
        messages.MessageShown(**dict(message)),
        messages.DeadLetters(items=(letter,), next=None),
        messages.ReplayAnswer(replayed=1),
    )


def _subscriptions() -> tuple[BaseModel, ...]:
    told = subscriptions.Subscription(
        id=of.SUBSCRIPTION,
        url=RECEIVER,
        types=("cart.*",),
        description="Loyalty",
        state="active",
        reason=None,
        created_at=of.BEGUN,
        last_delivered_at=of.SOLD,
        waiting=0,
        lag_seconds=0,
        failing_since=None,
        last_error=None,
        last_error_at=None,
    )
    return (
        told,
        subscriptions.SubscriptionAdded(**told.model_dump(), secret=_SHOWN),
        subscriptions.Subscriptions(items=(told,), next=None),
        subscriptions.SecretRotated(secret=_SHOWN, old_until=of.SOLD + timedelta(hours=24)),
        subscriptions.SubscriptionTried(delivered=True, status=204, why=None, milliseconds=38),
    )


def _claim(cart: CanonicalCart) -> pos.ClaimAnswer:
    return pos.ClaimAnswer(
        claim=of.CLAIM,
        fence=of.story().claimed.cart.fence,
        over=False,
        lease_seconds_left=900,
        as_of=of.CLAIMED,
        stale=False,
        cart=cart,
        drift=_drift(),
        late_sales=0,
    )


def _drift() -> Drift:
    """The report for what the till tells of itself in the example of a check."""
    told = {
        line.line: TillPrice(
            unit_price=line.unit_price,
            tax_rate=Decimal(line.tax_rate or 0),
            in_stock=line.in_stock,
        )
        for line in CHECKED.lines
    }
    side = TillSide(currency="EUR", policy="lower", policy_from="tenant")
    return explained(report(of.story().claimed.cart, told, "till", side), "en")


def _stock() -> tuple[BaseModel, ...]:
    """A level that was taken beside one that was not, and what is known of an article."""
    refused = stock.RefusedRow(
        row=2, reason="store_unknown", name="lyon-9", mend="Use the id of a store."
    )
    level = stock.StockLevelAnswer(
        store=of.STORE, quantity=Decimal(3), as_of=of.CLAIMED, source=of.SHOP.connection
    )
    return stock.StockAnswer(accepted=1, refused=(refused,)), stock.StockLevels(items=(level,))


def _handover() -> shop.HandoverAnswer:
    picture = f"{of.PLACE}/h/{of.CODE}/qr"
    return shop.HandoverAnswer(
        id=of.HANDOVER,
        direction="to_store",
        code=of.CODE,
        short_code="48150237",
        url=f"{of.PLACE}/h/{of.CODE}".upper(),
        qr_svg_url=f"{picture}.svg",
        qr_png_url=f"{picture}.png",
        pass_url=f"{of.PLACE}/c/{of.CODE[::-1]}",
        expires_at=of.OFFERED + timedelta(minutes=15),
        reserve=None,
    )


def _events() -> Events:
    sold = of.story().sold
    version = sold.cart.version - len(sold.events)
    items = tuple(
        CloudEvent(
            id=f"{of.CART_ID}-{number}",
            source=f"{of.PLACE}/v1",
            type=event.type,
            subject=of.CART_ID,
            time=sold.at,
            dataschema=f"{of.PLACE}/schemas/{event.type}.v{event.schema_version}.json",
            sequence=f"{number:010d}",
            recordedtime=sold.at + timedelta(seconds=1),
            actor=f"staff:{of.STAFF}",
            store=of.STORE,
            terminal=of.TERMINAL,
            data=event.model_dump(mode="json", exclude={"type"}),
        )
        for number, event in enumerate(sold.events, start=version + 1)
    )
    return Events(items=items, next=_cursor())


def _alarms() -> AlarmsAnswer:
    alarm = Alarm(
        id=of.ALARM,
        version=1,
        state=State.RAISED,
        kind="outcome_unknown",
        subject=of.STORE,
        since=of.SOLD,
        details=Details(number=2),
        told_at=of.SOLD,
    )
    return AlarmsAnswer(items=(answer_of(alarm, _NAMES, "en"),), next=None)


def _cursor() -> str:
    """A cursor of a young database: a position for each of its shards."""
    places = [0] * 16
    places[shard_of_slot(slot_of(of.CART_ID), len(places))] = of.story().sold.cart.version
    return base64.urlsafe_b64encode(json.dumps(places, separators=(",", ":")).encode()).decode()


def _timeline() -> shop.Timeline:
    told, version = [], 0
    for chapter in of.story():
        in_store = chapter.at >= of.CLAIMED
        for event in chapter.events:
            version += 1
            told.append(
                Told(
                    event=event,
                    version=version,
                    occurred_at=chapter.at,
                    recorded_at=chapter.at + timedelta(seconds=1),
                    connection=None if in_store else of.SHOP.connection,
                    store=of.STORE if in_store else None,
                    terminal=of.TERMINAL if in_store else None,
                )
            )
    return shop.Timeline(items=tuple(tell(told, _NAMES, "en", "Europe/Paris")))
