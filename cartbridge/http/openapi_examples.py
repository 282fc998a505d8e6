"""An example of each thing that is sent or answered: one cart's life, told by the real machine."""

import base64
import json
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from cartbridge.domain.canonical import CanonicalCart, canonical
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.drift import Drift, TillPrice, TillSide, report
from cartbridge.domain.ids import shard_of_slot, slot_of
from cartbridge.domain.item_list import IndexedItem
from cartbridge.http import openapi_story as of
from cartbridge.http import pos_models as pos
from cartbridge.http import shop_models as shop
from cartbridge.http.cloud_events import CloudEvent
from cartbridge.http.feed import Events
from cartbridge.http.openapi_unlisted import Health, HookReceipt
from cartbridge.pages.names import Names
from cartbridge.pages.timeline import tell
from cartbridge.pages.told import Told

PLACE: Final = "https://gateway.example"
STAFF: Final = "S07"

_NAMES: Final = Names(
    stores={of.STORE: "Lyon Part-Dieu"},
    terminals={of.TERMINAL: "Till 4"},
    connections={of.SHOP.connection: "French web shop"},
)
_ARTICLE: Final = IndexedItem(
    sku="LAMP-OAK",
    label="Lampe chêne H 40 cm",
    gtins=("3700123456780",),
    codes={of.SHOP.connection: "48291"},
    tax_rate="0.20",
    prices={"fr-stores": {"EUR": 4490}},
    eco_fee={"EUR": 30},
)
_CHECKED: Final = pos.CheckRequest(
    lines=(
        pos.CheckLine(line=of.LAMP, unit_price=4490, tax_rate="0.20", in_stock=Decimal(3)),
        pos.CheckLine(line=of.BOOK, unit_price=2490, tax_rate="0.055", in_stock=Decimal(1)),
    ),
    staff=STAFF,
)


def sent(model: type[BaseModel]) -> Any:
    """What a caller could send of that model, or None where there is no example."""
    found = next((each for each in _sent() if type(each) is model), None)
    return None if found is None else _json(found, exclude_defaults=True)


def answered(model: type[BaseModel], operation: str) -> Any:
    """What the gateway could answer of that model there, or None where there is no example."""
    found = next((each for each in _answered() if type(each) is model), None)
    if operation == "pos_returns":
        found = pos.CartAnswer(cart=_shown(of.story().returned.cart))
    return None if found is None else _json(found, exclude_defaults=False)


def canonical_webhook() -> dict[str, Any]:
    """The body of a hook as the connector `standard` takes it: the whole cart as it is now."""
    cart = {"external_id": of.SHOP.external_id, **sent(shop.SnapshotRequest)}
    return {"type": "cart.snapshot", "timestamp": cart["updated_at"], "data": cart}


@cache
def _sent() -> tuple[BaseModel, ...]:
    return (
        _CHECKED,
        _snapshot(),
        _sale_told(),
        shop.HandoverRequest(direction="to_store", ttl_seconds=900),
        shop.JoinRequest(code=of.CODE, external_id="Z2NwOjIy"),
        shop.ItemsRequest(items=(_ARTICLE,)),
        pos.PairRequest(pairing_code="4815 0237"),
        pos.ClaimRequest(code=of.CODE, staff=STAFF),
        pos.ClaimAction(staff=STAFF),
        pos.ReturnRequest(
            receipt_number=of.RECEIPT,
            lines=(
                pos.ReturnLineRequest(
                    gtin="9782123456803", quantity=Decimal(1), reason="given twice"
                ),
            ),
            staff=STAFF,
        ),
        pos.BeginRequest(add=(_scanned("3700123456780"),), staff=STAFF),
        pos.ChangeRequest(
            set=(pos.SetLine(line=of.LAMP, quantity=Decimal(1)),),
            add=(_scanned("9782123456803"),),
            staff=STAFF,
        ),
    )


@cache
def _answered() -> tuple[BaseModel, ...]:
    told = of.story()
    remainder = told.sold.remainder
    claimed = _shown(told.claimed.cart)
    held = pos.HeldCart(claim=of.CLAIM, terminal=of.TERMINAL, outcome=None, cart=claimed)
    return (
        claimed,
        _claim(claimed),
        _events(),
        _timeline(),
        _handover(),
        shop.Carts(items=(claimed,), next=None),
        shop.JoinAnswer(cart=_shown(told.filled.cart)),
        shop.ItemsAnswer(accepted=1, refused=()),
        shop.Items(items=(_ARTICLE,)),
        pos.PairAnswer(terminal=of.TERMINAL, store=of.STORE, key="cb_…"),
        pos.HeldCarts(items=(held,)),
        pos.CompleteAnswer(
            cart=_shown(told.sold.cart),
            remainder=None if remainder is None else _shown(remainder),
            conflict=False,
        ),
        pos.CartAnswer(cart=_shown(told.filled.cart)),
        HookReceipt(message=of.MESSAGE, duplicate=False),
        Health(status="ok", version="0.1.0"),
    )


def _shown(cart: Cart) -> CanonicalCart:
    return canonical(cart, {str(of.SHOP): True})


def _scanned(gtin: str) -> pos.ScannedLine:
    return pos.ScannedLine(item=pos.ItemTold(gtin=gtin), quantity=Decimal(1))


def _snapshot() -> shop.SnapshotRequest:
    """The web shop's cart, as a shop tells it: the data of the canonical webhook."""
    seen = of.SNAPSHOT
    rows: list[dict[str, Any]] = []
    for number, row in enumerate(seen.lines, start=1):
        prices = row.prices.model_dump(mode="json", exclude_defaults=True)
        item = row.item.model_dump(mode="json", exclude_defaults=True)
        amount = {"value": str(row.quantity), "unit": row.unit}
        rows.append({"external_id": str(number), "item": item, "quantity": amount, **prices})
    told = seen.model_dump(
        mode="json",
        include={"revision", "tax_mode", "channel", "codes", "attribution", "consent", "customer"},
        exclude_none=True,
    )
    at = of.BEGUN.isoformat().replace("+00:00", "Z")
    return shop.SnapshotRequest.model_validate(
        {**told, "updated_at": at, "currency": "EUR", "lines": rows}
    )


def _sale_told() -> pos.CompleteRequest:
    lines = (
        pos.SoldLineRequest(line=of.LAMP, quantity=Decimal(1), total=4490),
        pos.SoldLineRequest(line=of.BOOK, quantity=Decimal(1)),
        pos.SoldLineRequest(line=of.CABLE, quantity=Decimal("2.5")),
    )
    return pos.CompleteRequest(
        fence=of.story().claimed.cart.fence,
        receipt_number=of.RECEIPT,
        sold_at=of.SOLD,
        staff=STAFF,
        lines=lines,
        not_taken=(of.NOT_TAKEN,),
        codes_used=("NOEL",),
        total=7780,
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
        for line in _CHECKED.lines
    }
    return report(of.story().claimed.cart, told, "till", TillSide(currency="EUR"))


def _handover() -> shop.HandoverAnswer:
    picture = f"{PLACE}/h/{of.CODE}/qr"
    return shop.HandoverAnswer(
        id=of.HANDOVER,
        direction="to_store",
        code=of.CODE,
        short_code="48150237",
        url=f"{PLACE}/h/{of.CODE}".upper(),
        qr_svg_url=f"{picture}.svg",
        qr_png_url=f"{picture}.png",
        pass_url=f"{PLACE}/c/{of.CODE[::-1]}",
        expires_at=of.OFFERED + timedelta(minutes=15),
    )


def _events() -> Events:
    sold = of.story().sold
    version = sold.cart.version - len(sold.events)
    items = tuple(
        CloudEvent(
            id=f"{of.CART_ID}-{number}",
            source=f"{PLACE}/v1",
            type=event.type,
            subject=of.CART_ID,
            time=sold.at,
            dataschema=f"{PLACE}/schemas/{event.type}.v{event.schema_version}.json",
            sequence=f"{number:010d}",
            recordedtime=sold.at + timedelta(seconds=1),
            actor=f"staff:{STAFF}",
            store=of.STORE,
            terminal=of.TERMINAL,
            data=event.model_dump(mode="json", exclude={"type"}),
        )
        for number, event in enumerate(sold.events, start=version + 1)
    )
    return Events(items=items, next=_cursor())


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


def _json(value: BaseModel, *, exclude_defaults: bool) -> Any:
    return json.loads(value.model_dump_json(by_alias=True, exclude_defaults=exclude_defaults))
