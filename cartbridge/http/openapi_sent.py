"""An example of each thing that callers send, out of the examples' story."""

from decimal import Decimal
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from cartbridge.domain.item_list import IndexedItem
from cartbridge.http import customer_models as customers
from cartbridge.http import message_models as messages
from cartbridge.http import openapi_story as of
from cartbridge.http import openapi_wishlists as wishlists
from cartbridge.http import pos_models as pos
from cartbridge.http import shop_models as shop
from cartbridge.http import stock_models as stock
from cartbridge.http import store_models as store
from cartbridge.http import subscription_models as subscriptions
from cartbridge.http.openapi_browsing import browsing_sent
from cartbridge.http.openapi_enquiries import enquiries_sent
from cartbridge.http.openapi_quotes import quotes_sent

RECEIVER: Final = f"{of.PLACE}/loyalty/events"
ARTICLE: Final = IndexedItem(
    sku="LAMP-OAK",
    label="Lampe chêne H 40 cm",
    gtins=("3700123456780",),
    codes={of.SHOP.connection: "48291"},
    tax_rate="0.20",
    prices={"fr-stores": {"EUR": 4490}},
    eco_fee={"EUR": 30},
)
CHECKED: Final = pos.CheckRequest(
    lines=(
        pos.CheckLine(line=of.LAMP, unit_price=4490, tax_rate="0.20", in_stock=Decimal(3)),
        pos.CheckLine(line=of.BOOK, unit_price=2490, tax_rate="0.055", in_stock=Decimal(1)),
    ),
    staff=of.STAFF,
)


@cache
def all_sent() -> tuple[BaseModel, ...]:
    """One example of each model that is sent."""
    return (
        CHECKED,
        *quotes_sent(),
        *enquiries_sent(),
        _snapshot(),
        _sale_told(),
        customers.SearchRequest(
            loyalty_number="ML-204-881", purpose="she asks for her web basket", staff=of.STAFF
        ),
        *browsing_sent(),
        messages.ReplayRequest(connection=of.SHOP.connection, since=of.BEGUN),
        shop.HandoverRequest(direction="to_store", ttl_seconds=900),
        shop.JoinRequest(code=of.CODE, external_id="Z2NwOjIy"),
        shop.ItemsRequest(items=(ARTICLE,)),
        stock.StockRequest(
            levels=(
                stock.LevelTold(sku="LAMP-OAK", store=of.STORE, quantity=Decimal(3)),
                stock.LevelTold(sku="LAMP-OAK", store="lyon-9", quantity=Decimal(1)),
            )
        ),
        subscriptions.SubscriptionRequest(url=RECEIVER, types=("cart.*",), description="Loyalty"),
        subscriptions.SubscriptionChange(state="paused"),
        pos.PairRequest(pairing_code="4815 0237"),
        pos.ClaimRequest(code=of.CODE, staff=of.STAFF),
        pos.ClaimAction(staff=of.STAFF),
        pos.ReturnRequest(
            receipt_number=of.RECEIPT,
            lines=(
                pos.ReturnLineRequest(
                    gtin="9782123456803", quantity=Decimal(1), reason="given twice"
                ),
            ),
            staff=of.STAFF,
        ),
        store.MarkRequest(
            lines=(
                store.MarkLine(line=of.LAMP, mark="set_aside", quantity=Decimal(1)),
                store.MarkLine(line=of.BOOK, mark="not_found"),
            ),
            staff=of.STAFF,
        ),
        store.HandOutRequest(staff=of.STAFF),
        *wishlists.sent(),
        pos.BeginRequest(add=(_scanned("3700123456780"),), staff=of.STAFF),
        pos.ChangeRequest(
            set=(pos.SetLine(line=of.LAMP, quantity=Decimal(1)),),
            add=(_scanned("9782123456803"),),
            staff=of.STAFF,
        ),
    )


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
        staff=of.STAFF,
        lines=lines,
        not_taken=(of.NOT_TAKEN,),
        codes_used=("NOEL",),
        total=7780,
    )
