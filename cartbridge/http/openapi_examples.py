"""An example of each thing that is sent or answered: one cart's life, told by the real machine."""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

from cartbridge.domain.canonical import CanonicalCart, canonical
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.drift import TillPrice, TillSide, report
from cartbridge.domain.item_list import IndexedItem
from cartbridge.http import openapi_story as story
from cartbridge.http import pos_models as pos
from cartbridge.http import shop_models as shop
from cartbridge.http.cloud_events import CloudEvent
from cartbridge.http.feed import Events
from cartbridge.http.openapi_unlisted import Health, HookReceipt
from cartbridge.pages.names import Names
from cartbridge.pages.timeline import tell
from cartbridge.pages.told import Told

PLACE: Final = "https://gateway.example"

_NAMES: Final = Names(
    stores={story.STORE: "Lyon Part-Dieu"},
    terminals={story.TERMINAL: "Till 4"},
    connections={story.SHOP.connection: "French web shop"},
)


def _shown(cart: Cart) -> CanonicalCart:
    return canonical(cart, {str(story.SHOP): True})


OPEN, OFFERED, CLAIMED, SOLD, RETURNED = (_shown(each.cart) for each in story.CHAPTERS)
REMAINDER: Final = _shown(story.SALE.remainder or story.SALE.cart)
_TILL_SIDE: Final = TillSide(currency="EUR")
_CHECKED: Final = pos.CheckRequest(
    lines=(
        pos.CheckLine(line=story.LAMP, unit_price=4490, tax_rate="0.20", in_stock=Decimal(3)),
        pos.CheckLine(line=story.BOOK, unit_price=2490, tax_rate="0.055", in_stock=Decimal(1)),
    ),
    staff="S07",
)
_DRIFT: Final = report(
    story.TAKEN.cart,
    {
        line.line: TillPrice(
            unit_price=line.unit_price,
            tax_rate=None if line.tax_rate is None else Decimal(line.tax_rate),
            in_stock=line.in_stock,
        )
        for line in _CHECKED.lines
    },
    "till",
    _TILL_SIDE,
)
_CLAIM: Final = pos.ClaimAnswer(
    claim=story.CLAIM,
    fence=story.TAKEN.cart.fence,
    over=False,
    lease_seconds_left=900,
    as_of=story.CLAIMED,
    stale=False,
    cart=CLAIMED,
    drift=_DRIFT,
    late_sales=0,
)
_HELD: Final = pos.HeldCart(
    claim=story.CLAIM, terminal=story.TERMINAL, outcome=None, cart=CLAIMED
)
_ARTICLE: Final = IndexedItem(
    sku="LAMP-OAK",
    label="Lampe chêne H 40 cm",
    gtins=("3700123456780",),
    codes={story.SHOP.connection: "48291"},
    tax_rate="0.20",
    prices={"fr-stores": {"EUR": 4490}},
    eco_fee={"EUR": 30},
)


def _snapshot() -> shop.SnapshotRequest:
    """The web shop's cart, as a shop tells it: nested as the canonical webhook's data."""
    seen = story.SNAPSHOT
    rows: list[dict[str, Any]] = []
    for number, row in enumerate(seen.lines, start=1):
        prices = row.prices.model_dump(mode="json", exclude_defaults=True)
        item = row.item.model_dump(mode="json", exclude_defaults=True)
        amount = {"value": str(row.quantity), "unit": row.unit}
        rows.append({"external_id": str(number), "item": item, "quantity": amount, **prices})
    told = seen.model_dump(
        mode="json", include={"revision", "tax_mode", "channel", "codes", "attribution", "consent"}
    )
    customer = None if seen.customer is None else seen.customer.model_dump(exclude_none=True)
    return shop.SnapshotRequest.model_validate(
        {
            **told,
            "updated_at": story.BEGUN.isoformat().replace("+00:00", "Z"),
            "currency": "EUR",
            "customer": customer,
            "lines": rows,
        }
    )


def _events() -> Events:
    version = story.SALE.cart.version - len(story.SALE.events)
    items = tuple(
        CloudEvent(
            id=f"{story.CART_ID}-{number}",
            source=f"{PLACE}/v1",
            type=event.type,
            subject=story.CART_ID,
            time=story.SALE.at,
            dataschema=f"{PLACE}/schemas/{event.type}.v{event.schema_version}.json",
            sequence=f"{number:010d}",
            recordedtime=story.SALE.at + timedelta(seconds=1),
            actor="staff:S07",
            store=story.STORE,
            terminal=story.TERMINAL,
            data=event.model_dump(mode="json", exclude={"type"}),
        )
        for number, event in enumerate(story.SALE.events, start=version + 1)
    )
    return Events(items=items, next="eyIwIjo0MTJ9")


def _timeline() -> shop.Timeline:
    told, version = [], 0
    for chapter in story.CHAPTERS:
        in_store = chapter.at >= story.CLAIMED
        for event in chapter.events:
            version += 1
            told.append(
                Told(
                    event=event,
                    version=version,
                    occurred_at=chapter.at,
                    recorded_at=chapter.at + timedelta(seconds=1),
                    connection=None if in_store else story.SHOP.connection,
                    store=story.STORE if in_store else None,
                    terminal=story.TERMINAL if in_store else None,
                )
            )
    return shop.Timeline(items=tuple(tell(told, _NAMES, "en", "Europe/Paris")))


def _handover() -> shop.HandoverAnswer:
    picture = f"{PLACE}/h/{story.CODE}/qr"
    return shop.HandoverAnswer(
        id=story.HANDOVER,
        direction="to_store",
        code=story.CODE,
        short_code="48150237",
        url=f"{PLACE}/h/{story.CODE}".upper(),
        qr_svg_url=f"{picture}.svg",
        qr_png_url=f"{picture}.png",
        pass_url=f"{PLACE}/c/{story.CODE[::-1]}",
        expires_at=story.OFFERED + timedelta(minutes=15),
    )


_SENT: Final[tuple[BaseModel, ...]] = (
    _CHECKED,
    _snapshot(),
    shop.HandoverRequest(direction="to_store", ttl_seconds=900),
    shop.JoinRequest(code=story.CODE, external_id="Z2NwOjIy"),
    shop.ItemsRequest(items=(_ARTICLE,)),
    pos.PairRequest(pairing_code="4815 0237"),
    pos.ClaimRequest(code=story.CODE, staff="S07"),
    pos.ClaimAction(staff="S07"),
    pos.CompleteRequest(
        fence=story.TAKEN.cart.fence,
        receipt_number=story.RECEIPT,
        sold_at=story.SOLD,
        staff="S07",
        lines=(
            pos.SoldLineRequest(line=story.LAMP, quantity=Decimal(1), total=4490),
            pos.SoldLineRequest(line=story.BOOK, quantity=Decimal(1)),
            pos.SoldLineRequest(line=story.CABLE, quantity=Decimal("2.5")),
        ),
        not_taken=(story.NOT_TAKEN,),
        codes_used=("NOEL",),
        total=7780,
    ),
    pos.ReturnRequest(
        receipt_number=story.RECEIPT,
        lines=(
            pos.ReturnLineRequest(gtin="9782123456803", quantity=Decimal(1), reason="given twice"),
        ),
        staff="S07",
    ),
    pos.BeginRequest(
        lines=(pos.ScannedLine(item=pos.ItemTold(gtin="3700123456780"), quantity=Decimal(1)),),
        staff="S07",
    ),
    pos.ChangeRequest(
        set=(pos.SetLine(line=story.LAMP, quantity=Decimal(1)),),
        add=(pos.ScannedLine(item=pos.ItemTold(gtin="9782123456803"), quantity=Decimal(1)),),
        staff="S07",
    ),
)
_ANSWERED: Final[tuple[BaseModel, ...]] = (
    CLAIMED,
    _CLAIM,
    _events(),
    _timeline(),
    _handover(),
    shop.Carts(items=(CLAIMED,), next=None),
    shop.JoinAnswer(cart=OPEN),
    shop.ItemsAnswer(accepted=1, refused=()),
    shop.Items(items=(_ARTICLE,)),
    pos.PairAnswer(terminal=story.TERMINAL, store=story.STORE, key="cb_pos_made_once_and_shown_once"),
    pos.HeldCarts(items=(_HELD,)),
    pos.CompleteAnswer(cart=SOLD, remainder=REMAINDER, conflict=False),
    pos.CartAnswer(cart=OPEN),
    HookReceipt(message=story.MESSAGE, duplicate=False),
    Health(status="ok", version="0.1.0"),
)
# Where the cart of an answer is another one than its model's example shows.
_OF_OPERATION: Final[Mapping[str, BaseModel]] = {
    "pos_returns": pos.CartAnswer(cart=RETURNED),
    "health_ready": Health(status="ready", version="0.1.0"),
}


def sent(model: type[BaseModel]) -> Any:
    """What a caller could send of that model, or None where there is no example."""
    found = next((each for each in _SENT if type(each) is model), None)
    return None if found is None else _json(found, exclude_defaults=True)


def answered(model: type[BaseModel], operation: str) -> Any:
    """What the gateway could answer of that model there, or None where there is no example."""
    found = next((each for each in _ANSWERED if type(each) is model), None)
    found = _OF_OPERATION.get(operation, found)
    return None if found is None else _json(found, exclude_defaults=False)


def _json(value: BaseModel, *, exclude_defaults: bool) -> Any:
    return json.loads(value.model_dump_json(by_alias=True, exclude_defaults=exclude_defaults))
