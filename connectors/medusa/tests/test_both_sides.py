"""Prices, stock, holds, accounts and orders that are picked up, beyond what the suite promises."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import respx
from cartbridge_medusa import Medusa
from cartbridge_medusa.settings import Settings
from fake_medusa import API_KEY, Fake

from cartbridge.sdk.both_sides import HoldLine, PricesOf, StockHold
from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.documents import Fulfilment, Item
from cartbridge.sdk.errors import Ignore, Unknown
from cartbridge.sdk.observations import CartOrdered, CustomerSeen, OrderHandedOut

PAYLOADS = Path(__file__).parent / "payloads"
MEDUSA = Medusa()
BASE = "https://medusa.example/admin/cartbridge"
EUROS = PricesOf(currency="EUR")
LAMP = Item(sku="LAMP", gtin="3700123456780", title="Lampe")
TEA = Item(gtin="3760123451093", title="Tisane")
BY_HAND = Item(title="Retouche")
CLAIRE = {
    "state": "customer",
    "external_id": "cus_1",
    "updated_at": "2026-11-20T10:00:00.123456Z",
    "email": "claire@example.fr",
    "phone": None,
    "first_name": "Claire",
    "last_name": None,
}


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    settings = Settings.model_validate(
        {
            "base_url": "https://medusa.example",
            "api_key": API_KEY,
            "webhook_secrets": ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
            "storefront_url": "https://shop.example/panier",
            "customers": True,
        }
    )
    async with make_client() as client:
        yield Remote(settings, client)


@respx.mock
async def test_a_price_without_tax_is_told_so_with_its_rate_and_price_list(
    remote: Remote,
) -> None:
    row = {"gtin": "3760123451093", "amount": "8.056", "currency_code": "eur"}
    told = {"is_tax_inclusive": False, "tax_rate": "5.5", "promotion": "Soldes d'hiver"}
    route = respx.post(f"{BASE}/prices").respond(json={"prices": [{**row, **told}]})
    (price,) = await MEDUSA.prices([LAMP, TEA, BY_HAND], EUROS, remote)
    assert json.loads(route.calls.last.request.content) == {
        "currency": "EUR",
        "articles": [{"sku": "LAMP"}, {"gtin": "03760123451093"}],
    }
    assert (price.key, price.unit_price, price.tax_mode) == (TEA.key, 806, "exclusive")
    assert (price.tax_rate, price.promotion) == (Decimal("0.055"), "Soldes d'hiver")


@respx.mock
async def test_only_whole_pieces_are_held_and_the_end_is_told_in_utc(remote: Remote) -> None:
    route = respx.post(f"{BASE}/holds").respond(json={"held": [{"sku": "LAMP", "quantity": "1"}]})
    wanted = StockHold(
        name="crt_1/hnd_1",
        store="sloc_LYON",
        until=datetime(2026, 11, 20, 20, 0, tzinfo=UTC),
        label="WEB 1A2B",
        lines=(
            HoldLine(item=LAMP, quantity=Decimal(2)),
            HoldLine(item=TEA, quantity=Decimal("1.5"), unit="KGM"),
            HoldLine(item=BY_HAND, quantity=Decimal(1)),
        ),
    )
    (held,) = await MEDUSA.reserve_stock(wanted, remote)
    assert (held.key, held.quantity) == ("sku:LAMP", Decimal(1))
    assert json.loads(route.calls.last.request.content) == {
        "name": "crt_1/hnd_1",
        "location": "sloc_LYON",
        "until": "2026-11-20T20:00:00Z",
        "label": "WEB 1A2B",
        "lines": [{"sku": "LAMP", "quantity": 2}],
    }


@respx.mock
async def test_a_companion_that_knows_no_holds_is_not_asked_for_ever(remote: Remote) -> None:
    respx.post(f"{BASE}/holds/release").respond(404, json={"type": "not_found"})
    with pytest.raises(Ignore):
        await MEDUSA.release_stock("crt_1/hnd_1", remote)


@respx.mock
@pytest.mark.parametrize("row", [{"quantity": 3}, {"quantity": "-1"}, {"held": {"": "1"}}], ids=str)
async def test_a_level_that_is_none_is_no_answer(remote: Remote, row: dict[str, Any]) -> None:
    told = {"sku": "LAMP", "location": "sloc_LYON", "quantity": "3", "held": {}, **row}
    respx.post(f"{BASE}/stock").respond(json={"stock": [told]})
    with pytest.raises(Unknown, match=r"stock\[0\]"):
        await MEDUSA.stock([LAMP], ["sloc_LYON"], remote)


async def test_accounts_are_listed_after_the_carts_if_they_are_wanted(remote: Remote) -> None:
    shop = Fake()
    shop.new_cart()
    shop.accounts = [CLAIRE]
    with shop.reached():
        first = await MEDUSA.changed_since(None, remote)
        again = await MEDUSA.changed_since(first.cursor, remote)
        settings = remote.settings.model_copy(update={"customers": False})
        without = await MEDUSA.changed_since(None, replace(remote, settings=settings))
    assert [row["state"] for row in first.documents] == ["open", "customer"]
    assert (again.documents, again.cursor, again.more) == ([], first.cursor, False)
    assert [row["state"] for row in without.documents] == ["open"]
    (seen,) = MEDUSA.read(first.documents[1], remote.settings).observations
    assert isinstance(seen, CustomerSeen)
    assert (seen.customer.external_id, seen.customer.email) == ("cus_1", "claire@example.fr")
    assert (seen.customer.phone, seen.consent) == (None, None)


def test_an_order_tells_where_she_picks_it_up_and_that_she_has_it(remote: Remote) -> None:
    cart = json.loads((PAYLOADS / "cart.ordered.json").read_text())["body"]["data"]
    pick_up = {"kind": "pick_up", "location": "sloc_LYON"}
    waiting = {**cart["order"], "fulfilment": pick_up, "delivered_at": None}
    (bought,) = MEDUSA.read({**cart, "order": waiting}, remote.settings).observations
    assert isinstance(bought, CartOrdered)
    assert bought.fulfilment == Fulfilment(kind="pick_up", store="sloc_LYON")
    has_it = {**waiting, "delivered_at": "2026-11-21T17:00:00.000Z"}
    again, given = MEDUSA.read({**cart, "order": has_it}, remote.settings).observations
    assert again == bought
    assert isinstance(given, OrderHandedOut)
    assert given.at == datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
