"""Orders, webhooks and changes through WooCommerce's own REST API."""

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
from cartbridge_woocommerce.settings import Settings

from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, TwinRef
from cartbridge.sdk.errors import ConnectorError, Credentials, Ignore, Refuse, Retry, Unknown

WOO = WooCommerce()
REST = "https://shop.example/wp-json/wc/v3"
HOOK = "https://gateway.example/v1/hooks/hk"
ORDER = json.loads((Path(__file__).parent / "cases/document.order.pending.json").read_text())[
    "document"
]["order"]
TOLD: dict[str, Any] = {
    "webhook_secrets": ["woo-secret-of-today"],
    "shop_url": "https://shop.example",
    "consumer_key": "ck_1",
    "consumer_secret": "cs_1",
}


REFUSED = {"code": "woocommerce_rest_x", "message": "private"}


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    async with make_client() as client:
        yield Remote(Settings.model_validate(TOLD), client)


def write(*lines: WriteLine, push_id: str = "psh_1", codes: tuple[str, ...] = ()) -> Write:
    ref = TwinRef(connection="con_1", kind="order", external_id="18")
    return Write(push_id=push_id, ref=ref, lines=lines, codes=codes)


def line(sku: str, quantity: str, changed: bool = True) -> WriteLine:
    item = Item(sku=sku, title=sku)
    return WriteLine(key=f"sku:{sku}", item=item, quantity=Decimal(quantity), changed=changed)


@respx.mock
async def test_a_row_is_written_with_the_amounts_of_its_new_quantity(remote: Remote) -> None:
    """WooCommerce keeps the amounts of one piece for three unless it is told others."""
    respx.get(f"{REST}/orders/18").respond(json=ORDER)
    route = respx.put(f"{REST}/orders/18").respond(json=ORDER)
    await WOO.push(write(line("CB-001", "3"), line("OTHER", "1", changed=False)), remote)
    assert json.loads(route.calls.last.request.content) == {
        "line_items": [{"id": 11, "quantity": 3, "subtotal": "99.9900", "total": "99.9900"}],
        "meta_data": [{"key": "_cartbridge_push", "value": "psh_1"}],
    }


@respx.mock
async def test_an_article_that_is_not_there_yet_is_looked_up(remote: Remote) -> None:
    respx.get(f"{REST}/orders/18").respond(json=ORDER)
    products = respx.get(f"{REST}/products", params={"sku": "CB-003-S"}).respond(
        json=[{"id": 13, "type": "variation", "parent_id": 12, "sku": "CB-003-S"}]
    )
    route = respx.put(f"{REST}/orders/18").respond(json=ORDER)
    result = await WOO.push(write(line("CB-003-S", "2")), remote)
    assert products.called
    rows = json.loads(route.calls.last.request.content)["line_items"]
    assert rows == [{"product_id": 12, "variation_id": 13, "quantity": 2}]
    # The answer does not show it: it is refused, and by no means taken for an edit of the shop.
    assert [(one.key, one.accepted) for one in result.snapshot.refused] == [
        ("sku:CB-003-S", Decimal(0))
    ]


@respx.mock
async def test_an_article_named_by_its_gtin_is_not_refused_because_the_shop_shows_its_sku(
    remote: Remote,
) -> None:
    row = {**ORDER["line_items"][0], "id": 12, "sku": "CB-009", "product_id": 19}
    total = {"total": "80.00"}
    respx.get(f"{REST}/orders/18").respond(json=ORDER)
    respx.get(f"{REST}/products", params={"global_unique_id": "3760123450010"}).respond(
        json=[
            {"id": 20, "type": "simple", "parent_id": 0, "sku": "OTHER"},  # 8.9 knows no GTIN
            {"id": 19, "type": "simple", "global_unique_id": "3760123450010", "sku": "CB-009"},
        ]
    )
    after = {**ORDER, **total, "line_items": [*ORDER["line_items"], row]}
    respx.put(f"{REST}/orders/18").respond(json=after)
    item = Item(gtin="3760123450010", title="T")
    asked = WriteLine(key="gtin:03760123450010", item=item, quantity=Decimal(1))
    result = await WOO.push(write(asked), remote)
    assert result.snapshot.refused == ()
    assert result.snapshot.basket == {"sku:CB-001": 1, "sku:CB-009": 1}


@respx.mock
async def test_what_cannot_be_written_is_named(remote: Remote) -> None:
    respx.get(f"{REST}/orders/18").respond(json=ORDER)
    respx.get(f"{REST}/products").respond(json=[])
    respx.put(f"{REST}/orders/18").respond(json=ORDER)
    wanted = (line("NO-SUCH", "1"), line("CB-001", "1.5"))
    result = await WOO.push(write(*wanted, codes=("NOEL",)), remote)
    assert [(one.key, one.accepted, one.reason) for one in result.snapshot.refused] == [
        ("sku:NO-SUCH", Decimal(0), "unknown_item"),
        ("sku:CB-001", Decimal(1), "whole_pieces_only"),
    ]
    assert [one.code for one in result.snapshot.refused_codes] == ["NOEL"]


@respx.mock
async def test_a_repeated_push_writes_nothing(remote: Remote) -> None:
    done = {**ORDER, "meta_data": [{"id": 1, "key": "_cartbridge_push", "value": "psh_1"}]}
    respx.get(f"{REST}/orders/18").respond(json=done)
    put = respx.put(f"{REST}/orders/18").respond(json=done)
    result = await WOO.push(write(line("CB-001", "3")), remote)
    assert isinstance(result, Written)
    assert result.snapshot.last_push == "psh_1"
    assert not put.called


@respx.mock
@pytest.mark.parametrize("status", ["processing", "cancelled", "on-hold"])
async def test_an_order_that_is_paid_or_ended_is_left_alone(remote: Remote, status: str) -> None:
    respx.get(f"{REST}/orders/18").respond(json={**ORDER, "status": status})
    with pytest.raises(Unknown, match="read it"):
        await WOO.push(write(line("CB-001", "3")), remote)


@respx.mock
async def test_without_the_plugin_there_are_no_carts(remote: Remote) -> None:
    settings = remote.settings
    assert WOO.writes(settings) == "best_effort"
    able = {"fetch", "push", "place", "changed_since", "hook", "prices"}
    assert WOO.capabilities(settings) == able
    counted = settings.model_copy(update={"stock_store": "Lyon Part-Dieu"})
    assert WOO.capabilities(counted) == able | {"stock"}
    cart = TwinRef(connection="con_1", external_id="7")
    with pytest.raises(Refuse, match="companion"):
        await WOO.fetch(cart, remote)
    with pytest.raises(Refuse, match="companion"):
        await WOO.push(write().model_copy(update={"ref": cart}), remote)
    with pytest.raises(Ignore):
        await WOO.fetch(TwinRef(connection="con_1", kind="order", external_id="../1"), remote)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, json={"code": "woocommerce_rest_cannot_view"}), Credentials),
        (httpx.Response(200, json=REFUSED | {"data": {"status": 401}}), Credentials),
        (httpx.Response(404, content=b"<html>"), Unknown),
        (httpx.Response(301, headers={"location": "https://www.shop.example/"}), Refuse),
        (httpx.Response(400, json=REFUSED | {"data": {"status": 400}}), Refuse),
        (httpx.Response(500, content=b"<b>Fatal error</b>"), Unknown),
        (httpx.Response(503, headers={"retry-after": "7"}), Retry),
        (httpx.Response(200, content=b"<br>Notice: ...[]"), Unknown),
        (httpx.Response(200, content=b"[1]"), Unknown),
        (httpx.Response(200, content=b'[{"id": 1}]'), Unknown),
    ],
)
async def test_an_answer_tells_what_to_do(
    remote: Remote, answer: httpx.Response, error: type[ConnectorError]
) -> None:
    respx.get(url__startswith=REST).mock(return_value=answer)
    with pytest.raises(error) as caught:
        await WOO.changed_since(None, remote)
    assert "ck_1" not in str(caught.value) + repr(remote)


@respx.mock
async def test_missing_webhooks_are_made_and_disabled_ones_activated(remote: Remote) -> None:
    hooks = [
        {"id": 1, "status": "disabled", "topic": "order.created", "delivery_url": HOOK},
        {"id": 2, "status": "paused", "topic": "order.updated", "delivery_url": HOOK},
        {"id": 3, "status": "active", "topic": "order.deleted", "delivery_url": HOOK},
        {"id": 4, "status": "active", "topic": "order.restored", "delivery_url": HOOK + "x"},
    ]
    route = respx.get(f"{REST}/webhooks").respond(json=hooks)
    put = respx.put(url__startswith=f"{REST}/webhooks/").respond(json={})
    post = respx.post(f"{REST}/webhooks").respond(201, json={})
    assert not await WOO.hook_is_on(HOOK, remote)
    assert route.calls.last.request.url.params["per_page"] == "100"
    await WOO.rearm(HOOK, remote)
    assert [call.request.url.path[-2:] for call in put.calls] == ["/1"]  # a person paused 2
    fresh = {"status": "active", "secret": "woo-secret-of-today"}
    assert json.loads(put.calls.last.request.content) == fresh
    (made,) = [json.loads(call.request.content) for call in post.calls]
    assert made == {
        "name": "CartBridge order.restored",
        "topic": "order.restored",
        "delivery_url": HOOK,
        **fresh,
    }


@respx.mock
@pytest.mark.parametrize(
    ("told", "topics"),
    [
        ({"customers": True}, {"customer.created", "customer.updated"}),
        ({"stock_store": "Lyon"}, {"product.created", "product.updated"}),
        ({"price_list": "web", "currency": "EUR"}, {"product.created", "product.updated"}),
    ],
)
async def test_only_what_is_wanted_has_webhooks(
    remote: Remote, told: dict[str, Any], topics: set[str]
) -> None:
    orders = {"order.created", "order.updated", "order.deleted", "order.restored"}
    hooks = [{"id": 1, "status": "active", "topic": one, "delivery_url": HOOK} for one in orders]
    respx.get(f"{REST}/webhooks").respond(json=hooks)
    post = respx.post(f"{REST}/webhooks").respond(201, json={})
    assert await WOO.hook_is_on(HOOK, remote)
    also = replace(remote, settings=Settings.model_validate({**TOLD, **told}))
    assert not await WOO.hook_is_on(HOOK, also)
    await WOO.rearm(HOOK, also)
    assert {json.loads(call.request.content)["topic"] for call in post.calls} == topics


@respx.mock
async def test_all_webhooks_are_looked_through(remote: Remote) -> None:
    others = [{"id": n, "status": "active", "topic": "x", "delivery_url": "y"} for n in range(100)]
    topics = ("order.created", "order.updated", "order.deleted", "order.restored")
    ours = [
        {"id": 200 + n, "status": "active", "topic": topic, "delivery_url": HOOK}
        for n, topic in enumerate(topics)
    ]
    respx.get(f"{REST}/webhooks", params={"page": "1"}).respond(json=others)
    respx.get(f"{REST}/webhooks", params={"page": "2"}).respond(json=ours)
    assert await WOO.hook_is_on(HOOK, remote)
