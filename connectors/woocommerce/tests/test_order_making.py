"""Without our plugin a link leads to an order: made once, paid in the shop, or cancelled."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from cartbridge_woocommerce import WooCommerce
from cartbridge_woocommerce.settings import Settings
from fake_woocommerce import KEY, SECRET, OrderShop

from cartbridge.sdk.contract import PlacedLine, Placement, Remote
from cartbridge.sdk.documents import Customer, Item, TwinRef
from cartbridge.sdk.errors import Ignore, Unknown

WOO = WooCommerce()
TOLD: dict[str, Any] = {
    "webhook_secrets": ["woo-secret-of-today"],
    "shop_url": "https://shop.example",
    "consumer_key": KEY,
    "consumer_secret": SECRET,
}


@pytest.fixture
def shop() -> OrderShop:
    return OrderShop()


@pytest.fixture
async def remote(shop: OrderShop) -> AsyncIterator[Remote]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(shop.handle)) as client:
        yield Remote(Settings.model_validate(TOLD), client)


def row(sku: str, quantity: str, name: str = "lin_1") -> PlacedLine:
    item = Item(sku=sku, title=sku.title())
    return PlacedLine(line=name, key=f"sku:{sku}", item=item, quantity=Decimal(quantity))


def placement(*lines: PlacedLine, name: str = "crt_1") -> Placement:
    return Placement(
        cart="crt_1",
        name=name,
        label="WEB 7F3K",
        currency="EUR",
        tax_mode="inclusive",
        lines=lines,
        customer=Customer(email="anna@example.org"),
        codes=("NOEL",),
    )


def ref(external_id: str) -> TwinRef:
    return TwinRef(connection="con_1", kind="order", external_id=external_id)


async def test_the_cart_becomes_an_order_to_be_paid(shop: OrderShop, remote: Remote) -> None:
    """Rows of one article are one; the prices are the shop's, with tax, to the cent."""
    placed = await WOO.place(placement(row("TASSE", "2"), row("TASSE", "1", "lin_2")), remote)
    (row_there,) = shop.orders[placed.external_id]["line_items"]
    assert (row_there["sku"], row_there["quantity"]) == ("TASSE", 3)
    assert placed.kind == "order"
    assert sum(line.prices.total or 0 for line in placed.snapshot.lines) == 3564
    assert [one.code for one in placed.snapshot.refused_codes] == ["NOEL"]
    url = await WOO.pay_url(ref(placed.external_id), remote)
    assert url == shop.orders[placed.external_id]["payment_url"]


async def test_the_same_cart_makes_one_order_also_when_no_answer_was_heard(
    shop: OrderShop, remote: Remote
) -> None:
    shop.lose_answer()
    with pytest.raises(Unknown):
        await WOO.place(placement(row("TASSE", "1")), remote)
    again = await WOO.place(placement(row("TASSE", "1")), remote)
    assert shop.placed() == [again.external_id]
    other = await WOO.place(placement(row("TASSE", "1"), name="crt_2"), remote)
    assert shop.placed() == [again.external_id, other.external_id]


async def test_what_the_shop_does_not_sell_is_refused_by_name(
    shop: OrderShop, remote: Remote
) -> None:
    lines = (row("TASSE", "1"), row("GHOST", "2", "lin_2"), row("CARNET", "0.5", "lin_3"))
    placed = await WOO.place(placement(*lines), remote)
    assert {one.key: one.reason for one in placed.snapshot.refused} == {
        "sku:GHOST": "unknown_item",
        "sku:CARNET": "whole_pieces_only",
    }
    with pytest.raises(Ignore):
        await WOO.place(placement(row("GHOST", "1"), name="crt_3"), remote)
    assert len(shop.placed()) == 1


async def test_an_unpaid_order_is_cancelled_and_a_paid_one_is_left(
    shop: OrderShop, remote: Remote
) -> None:
    names = [
        (await WOO.place(placement(row("TASSE", "1"), name=f"crt_{n}"), remote)).external_id
        for n in range(2)
    ]
    shop.sell(names[1])
    gone = await asyncio.gather(*(WOO.withdraw(ref(name), remote) for name in names))
    assert gone == [True, False]
    assert [shop.orders[name]["status"] for name in names] == ["cancelled", "processing"]
    assert await WOO.withdraw(ref(names[0]), remote)
    assert await WOO.withdraw(ref("4711"), remote)
    assert [await WOO.pay_url(ref(name), remote) for name in names] == [None, None]


def test_only_a_shop_without_our_plugin_makes_orders() -> None:
    with_plugin = Settings.model_validate({**TOLD, "companion": True})
    without = Settings.model_validate(TOLD)
    assert [WOO.placing(one) for one in (with_plugin, without)] == ["never", "on_link"]
    assert "place" not in WOO.capabilities(with_plugin)
