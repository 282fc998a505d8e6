"""The sandbox shop, as shoppers and the gateway see it."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from cartbridge_sandbox.catalogue import ARTICLES
from cartbridge_sandbox.shop import Shop

from cartbridge.sdk.documents import is_gtin

Posted = Callable[[Shop], Awaitable[None]]


async def begin(shopper: httpx.AsyncClient, *lines: tuple[str, str], **told: Any) -> str:
    ref: str = (await shopper.post("/carts", json=told)).json()["ref"]
    for sku, quantity in lines:
        answer = await shopper.post(f"/carts/{ref}/lines", json={"sku": sku, "quantity": quantity})
        assert answer.status_code == 201, answer.text
    return ref


def test_every_article_has_a_valid_ean_or_none() -> None:
    numbers = [article.ean for article in ARTICLES.values() if article.ean is not None]
    assert all(len(ean) == 13 and is_gtin(ean) for ean in numbers)
    assert len(set(numbers)) == len(numbers) >= 10
    assert all(a.tied_to in ARTICLES for a in ARTICLES.values() if a.tied_to is not None)


async def test_a_basket_merges_rows_and_adds_up(shopper: httpx.AsyncClient) -> None:
    ref = await begin(shopper, ("LAMP-OAK", "1"), ("CABLE-TX", "2.5"), ("LAMP-OAK", "1"))
    await shopper.post(f"/carts/{ref}/codes", json={"code": "NOEL"})
    basket = (await shopper.get(f"/carts/{ref}")).json()
    assert [(r["sku"], r["qty"], r["sum"], r["eco"]) for r in basket["rows"]] == [
        ("LAMP-OAK", "2", "89.82", "1.20"),
        ("CABLE-TX", "2.5", "8.77", "0.00"),
    ]
    assert (basket["total"], basket["coupons"], basket["rev"]) == ("98.59", ["NOEL"], 5)


async def test_lines_change_and_go(shopper: httpx.AsyncClient) -> None:
    ref = await begin(shopper, ("LAMP-OAK", "1"), ("LAMP-OAK-W2", "1"), ("PLAID", "1"))
    await shopper.patch(f"/carts/{ref}/lines/PLAID", json={"quantity": "3"})
    await shopper.delete(f"/carts/{ref}/lines/LAMP-OAK")
    basket = (await shopper.get(f"/carts/{ref}")).json()
    assert [(r["sku"], r["qty"]) for r in basket["rows"]] == [
        ("PLAID", "3")
    ]  # no lamp, no warranty
    await shopper.post(f"/carts/{ref}/codes", json={"code": "NOEL"})
    await shopper.delete(f"/carts/{ref}/codes/NOEL")
    assert (await shopper.get(f"/carts/{ref}")).json()["coupons"] == []


@pytest.mark.parametrize(
    ("sku", "quantity", "status", "code"),
    [
        ("NO-SUCH", "1", 404, "no_such_article"),
        ("PLAID", "0.5", 422, "whole_pieces"),
        ("PLAID", "0", 422, "wrong_quantity"),
        ("PLAID", "-1", 422, "wrong_quantity"),
        ("VASE-BLUE", "2", 409, "out_of_stock"),
        ("LAMP-OAK-W2", "1", 409, "tied"),
    ],
)
async def test_the_shop_says_why_not(
    shopper: httpx.AsyncClient, sku: str, quantity: str, status: int, code: str
) -> None:
    ref = await begin(shopper)
    answer = await shopper.post(f"/carts/{ref}/lines", json={"sku": sku, "quantity": quantity})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    basket = (await shopper.get(f"/carts/{ref}")).json()
    assert (basket["rows"], basket["rev"]) == ([], 1)


async def test_an_order_takes_the_stock(shopper: httpx.AsyncClient) -> None:
    first, second = [await begin(shopper, ("CANDLE-FIG", "2")) for _ in range(2)]
    assert (await shopper.post(f"/carts/{first}/checkout")).json()["state"] == "checkout"
    assert (await shopper.post(f"/carts/{first}/order")).status_code == 201
    refused = await shopper.post(f"/carts/{second}/order")
    assert (refused.status_code, refused.json()["code"]) == (409, "out_of_stock")
    assert (await shopper.get(f"/carts/{second}")).json()["state"] == "open"
    again = await shopper.post(f"/carts/{first}/lines", json={"sku": "PLAID"})
    assert (again.status_code, again.json()["code"]) == (410, "basket_ended")


async def test_each_change_is_a_hook_in_order(
    shop: Shop, shopper: httpx.AsyncClient, hooks: Any, posted: Posted
) -> None:
    ref = await begin(shopper, ("PLAID", "1"), ("PLAID", "1"))
    await shopper.post(f"/carts/{ref}/checkout")
    await shopper.delete(f"/carts/{ref}/checkout")
    await shopper.post(f"/carts/{ref}/order")
    await posted(shop)
    assert hooks.seen == [*["CartSeen"] * 3, *["CheckoutSeen"] * 2, "CartOrdered"]
    assert hooks.revisions == [1, 2, 3, None, None, 4]


async def test_hooks_wait_for_a_gateway_that_is_away(
    open_shop: Any, hooks: Any, posted: Posted
) -> None:
    hooks.status = 503
    shop = await open_shop()
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False) as shopper:
        ref = await begin(shopper, ("PLAID", "1"))
        basket = (await shopper.get(f"/carts/{ref}")).json()
    await shop.stop()
    hooks.status = 202
    reopened = await open_shop()
    await posted(reopened)
    assert hooks.revisions == [1, 2]
    async with httpx.AsyncClient(base_url=reopened.url, trust_env=False) as shopper:
        assert (await shopper.get(f"/carts/{ref}")).json() == basket


async def test_pages_speak_french_and_english_and_escape(shopper: httpx.AsyncClient) -> None:
    page = {"accept": "text/html"}
    french = (await shopper.get("/cart", headers=page)).text
    assert '<html lang="fr">' in french
    assert "Votre panier est vide." in french
    assert "Your cart is empty." in (await shopper.get("/cart?lang=en", headers=page)).text
    ref = await begin(shopper, ("LAMP-OAK", "1"), ("CABLE-TX", "2.5"))
    shown = (await shopper.get(f"/carts/{ref}", headers=page)).text
    assert "Lampe chêne" in shown
    assert "dont éco-participation 0,60 €" in shown
    assert "59,65 €" in shown
    english = (await shopper.get(f"/carts/{ref}?lang=en", headers=page)).text
    assert "Oak lamp" in english
    assert "€59.65" in english


async def test_a_visitor_finds_her_basket_again(shop: Shop) -> None:
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False) as one:
        ref = (await one.get("/cart")).json()["ref"]
        assert (await one.get("/cart")).json()["ref"] == ref
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False) as other:
        assert (await other.get("/cart")).json()["ref"] != ref


async def test_unknown_baskets_and_bodies_are_refused(shopper: httpx.AsyncClient) -> None:
    assert (await shopper.get("/carts/b_none")).status_code == 404
    ref = await begin(shopper)
    for body in (b"[]", b"{", b'{"sku": 1}', b'{"sku": "\\ud800"}', b"\xff"):
        answer = await shopper.post(f"/carts/{ref}/lines", content=body)
        assert answer.status_code in (404, 422), body
