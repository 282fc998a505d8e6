"""Articles: what the shop asks and has now, by its recorded answers, and what its webhooks tell."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from cartbridge_woocommerce import WooCommerce
from cartbridge_woocommerce.keys import ways_to_write
from cartbridge_woocommerce.settings import Settings

from cartbridge.sdk.both_sides import PricesOf
from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Raw, Remote
from cartbridge.sdk.documents import Item
from cartbridge.sdk.errors import Unknown
from cartbridge.sdk.observations import PriceSeen, Read, StockSeen

CAPTURES = Path(__file__).parent / "captures"
WOO = WooCommerce()
REST = "https://shop.example/wp-json/wc/v3"
LYON = "Lyon Part-Dieu"
EUR = PricesOf(currency="EUR")
LAMP = Item(sku="LAMP-OAK", title="Lampe")
LINEN = Item(sku="COUSSIN-ECRU", title="Coussin")
BLUE = Item(sku="COUSSIN-BLEU", title="Coussin")
VASE = Item(sku="VASE-BLUE", title="Vase")
BOOK = Item(sku="BOOK-LIGHT", title="Livre")
COVER = Item(sku="COUSSIN", title="Coussin, any colour")
ALL = (LAMP, LINEN, BLUE, VASE, BOOK, COVER, Item(sku="NOBODY-SELLS-THIS", title="?"))
TOLD: dict[str, Any] = {
    "webhook_secrets": ["capture-secret-0123456789"],
    "shop_url": "https://shop.example",
    "consumer_key": "ck_1",
    "consumer_secret": "cs_1",
    "stock_store": LYON,
    "price_list": "fr-web",
    "currency": "EUR",
}
SETTINGS = Settings.model_validate(TOLD)


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    async with make_client() as client:
        yield Remote(SETTINGS, client)


def recorded(name: str) -> Any:
    return json.loads(json.loads((CAPTURES / f"rest.{name}.json").read_text())["response"]["body"])


def serve(products: Any = None, **options: str) -> respx.Route:
    """A shop that answers as the recorded one did, some of its settings being others."""
    for group in ("general", "tax"):
        rows = [{**row, "value": options.get(row["id"], row["value"])} for row in terms(group)]
        respx.get(f"{REST}/settings/{group}").respond(json=rows)
    shown = recorded("products.sku") if products is None else products
    return respx.get(f"{REST}/products").respond(json=shown)


def terms(group: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = recorded(f"settings.{group}")
    return told


def hook(name: str, **other: Any) -> Raw:
    told = json.loads((CAPTURES / f"webhook.{name}.json").read_text())
    body = told["body"]
    if other:
        body = json.dumps({**json.loads(body), **other})
    return Raw("POST", "https://gateway.example/v1/hooks/hk", told["headers"], body.encode())


def said(name: str, settings: Settings = SETTINGS, **other: Any) -> Read:
    one = hook(name, **other)
    named = [(mention.kind, mention.external_id) for mention in WOO.identify(one, settings)]
    read = WOO.read(one, settings)
    assert {(seen.kind, seen.external_id) for seen in read.observations} <= set(named)
    return read


@respx.mock
async def test_a_price_is_the_one_asked_now_a_sales_price_too(remote: Remote) -> None:
    asked = serve()
    told = await WOO.prices(ALL, EUR, remote)
    assert {one.key: one.unit_price for one in told} == {
        "sku:LAMP-OAK": 4990,  # instead of 59.90
        "sku:COUSSIN-ECRU": 2990,
        "sku:COUSSIN-BLEU": 2990,
        "sku:VASE-BLUE": 5900,
        "sku:BOOK-LIGHT": 1900,
    }
    assert {(one.currency, one.tax_mode) for one in told} == {("EUR", "inclusive")}
    assert asked.call_count == 1
    assert asked.calls.last.request.url.params["sku"].split(",") == sorted(str(x.sku) for x in ALL)


@respx.mock
@pytest.mark.parametrize(
    "option", [{"woocommerce_prices_include_tax": "no"}, {"woocommerce_calc_taxes": "no"}]
)
async def test_a_price_without_tax_is_said_to_be_one(
    remote: Remote, option: dict[str, str]
) -> None:
    serve(**option)
    told = await WOO.prices((LAMP,), EUR, remote)
    assert [(one.unit_price, one.tax_mode) for one in told] == [(4990, "exclusive")]


@respx.mock
async def test_another_currency_is_no_price(remote: Remote) -> None:
    serve()
    assert await WOO.prices((LAMP,), PricesOf(currency="CHF"), remote) == []
    serve(woocommerce_currency="")
    with pytest.raises(Unknown, match="currency"):
        await WOO.prices((LAMP,), EUR, remote)


@respx.mock
async def test_the_plugin_tells_the_shops_terms_in_one_call(remote: Remote) -> None:
    respx.get(f"{REST}/products").respond(json=recorded("products.sku"))
    status = respx.get("https://shop.example/wp-json/cartbridge/v1/status")
    by_plugin = replace(remote, settings=SETTINGS.model_copy(update={"companion": True}))
    for holds, mode in ((True, "inclusive"), (False, "exclusive")):
        status.respond(json={**recorded("status"), "prices_include_tax": holds})
        told = await WOO.prices((LAMP,), EUR, by_plugin)
        assert [(one.unit_price, one.tax_mode) for one in told] == [(4990, mode)]


@respx.mock
async def test_stock_is_what_is_counted_and_never_less_than_nothing(remote: Remote) -> None:
    shown = recorded("products.sku")
    assert {row["sku"]: row["manage_stock"] for row in shown}["COUSSIN-ECRU"] == "parent"
    serve(shown)
    told = await WOO.stock(ALL, ("Paris", LYON), remote)
    assert {(one.key, one.store): one.quantity for one in told} == {
        ("sku:LAMP-OAK", LYON): 3,
        ("sku:COUSSIN-ECRU", LYON): 7,  # what the variations have in common
        ("sku:COUSSIN-BLEU", LYON): 2,
        ("sku:VASE-BLUE", LYON): 0,  # one was sold that is still to come
    }


@respx.mock
async def test_no_other_store_has_the_shops_stock(remote: Remote) -> None:
    asked = serve()
    assert await WOO.stock(ALL, ("Paris",), remote) == []
    assert not asked.called


@respx.mock
async def test_an_article_without_sku_is_asked_by_its_gtin(remote: Remote) -> None:
    asked = serve(recorded("products.gtin"))
    item = Item(gtin="3700123456780", title="Lampe")
    told = await WOO.stock((item,), (LYON,), remote)
    assert [(one.key, one.quantity) for one in told] == [("gtin:03700123456780", Decimal(3))]
    params = asked.calls.last.request.url.params
    assert params["global_unique_id"] == "03700123456780,3700123456780"


@respx.mock
async def test_a_shop_that_knows_no_gtin_lists_others_which_are_not_meant(remote: Remote) -> None:
    older = [
        {k: v for k, v in row.items() if k != "global_unique_id"}
        for row in recorded("products.sku")
    ]
    serve(older)
    assert await WOO.stock((Item(gtin="3700123456780", title="x"),), (LYON,), remote) == []


@respx.mock
async def test_a_sku_with_a_comma_is_asked_alone(remote: Remote) -> None:
    lamp = {**recorded("products.gtin")[0], "sku": "LAMP,OAK"}

    def answer(request: httpx.Request) -> httpx.Response:
        alone = request.url.params["sku"] == "LAMP,OAK"
        return httpx.Response(200, json=[lamp] if alone else [])

    respx.get(f"{REST}/products").mock(side_effect=answer)
    told = await WOO.stock((VASE, Item(sku="LAMP,OAK", title="x")), (LYON,), remote)
    assert [one.key for one in told] == ["sku:LAMP,OAK"]


@respx.mock
async def test_two_posts_of_one_sku_that_differ_say_nothing(remote: Remote) -> None:
    """Translated shops have a post of an article for each language."""
    lamp = recorded("products.gtin")[0]
    serve([lamp, {**lamp, "id": 99}])
    assert len(await WOO.stock((LAMP,), (LYON,), remote)) == 1
    serve([lamp, {**lamp, "id": 99, "stock_quantity": 1}])
    assert await WOO.stock((LAMP,), (LYON,), remote) == []


@respx.mock
@pytest.mark.parametrize(
    "other", [{"status": "private"}, {"type": "variable"}, {"type": "external"}, {"price": ""}]
)
async def test_what_cannot_be_bought_as_it_is_has_no_price(
    remote: Remote, other: dict[str, str]
) -> None:
    serve([{**recorded("products.gtin")[0], **other}])
    assert await WOO.prices((LAMP,), EUR, remote) == []


@respx.mock
async def test_a_large_cart_is_asked_in_a_few_calls(remote: Remote) -> None:
    asked = serve([])
    items = [Item(sku=f"S-{number}", title="x") for number in range(700)]
    assert await WOO.stock(items, (LYON,), remote) == []
    assert asked.call_count == 8


@pytest.mark.parametrize(
    ("gtin", "written"),
    [
        ("3700123456780", ("03700123456780", "3700123456780")),
        ("96385074", ("00000096385074", "0000096385074", "000096385074", "96385074")),
        ("13700123456787", ("13700123456787",)),
    ],
)
def test_a_gtin_is_written_in_every_length_it_may_have(gtin: str, written: tuple[str, ...]) -> None:
    assert ways_to_write(gtin) == written


def test_a_webhook_tells_price_and_stock() -> None:
    price, stock = said("product.updated.sale").observations
    assert isinstance(price, PriceSeen)
    assert isinstance(stock, StockSeen)
    assert (price.price_list, price.currency, price.unit_price) == ("fr-web", "EUR", 4990)
    assert (stock.store, stock.quantity, stock.item.sku) == (LYON, Decimal(4), "LAMP-OAK")
    _, sold_out = said("product.updated.backorder").observations
    assert isinstance(sold_out, StockSeen)
    assert sold_out.quantity == 0


def test_a_variation_is_an_article_and_what_it_is_one_of_is_none() -> None:
    price, _ = said("product.updated.variation").observations
    assert (price.external_id, getattr(price, "unit_price", None)) == ("23", 2990)
    whole = said("product.updated.variable")
    assert (whole.observations, [lost.field for lost in whole.report]) == ((), ["type"])


def test_what_is_no_longer_sold_leaves_the_list_and_is_not_counted() -> None:
    read = said("product.updated.draft")
    (price,) = read.observations
    assert isinstance(price, PriceSeen)
    assert price.unit_price is None
    assert [lost.field for lost in read.report] == ["manage_stock"]
    begun = said("product.updated.draft", status="auto-draft")
    assert (begun.observations, [lost.field for lost in begun.report]) == ((), ["status"])


def test_a_variation_without_sku_is_found_by_its_numbers() -> None:
    (price, _) = said("product.updated.variation", sku="", global_unique_id="").observations
    assert isinstance(price, PriceSeen)
    assert price.item.attributes == {"woocommerce": "21/23"}


@pytest.mark.parametrize(
    ("left_out", "kinds"),
    [
        ({"stock_store": None}, [PriceSeen]),
        ({"price_list": None}, [StockSeen]),
        ({"stock_store": None, "price_list": None}, []),
    ],
)
def test_only_what_the_connection_has_a_place_for_is_told(
    left_out: dict[str, None], kinds: list[type]
) -> None:
    read = said("product.updated.sale", Settings.model_validate({**TOLD, **left_out}))
    assert [type(seen) for seen in read.observations] == kinds
    assert bool(kinds) or [lost.field for lost in read.report] == ["body"]
