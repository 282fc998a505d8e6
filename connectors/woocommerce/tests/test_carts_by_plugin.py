"""Calls to our plugin, replayed from a real shop: what is sent, and what the answers mean."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from cartbridge_woocommerce import WooCommerce
from cartbridge_woocommerce.settings import Settings

from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Moved, Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, TwinRef
from cartbridge.sdk.errors import Ignore, Refuse, Unknown
from cartbridge.sdk.observations import CartGone, CartSeen

CAPTURES = Path(__file__).parent / "captures"
WOO = WooCommerce()
SHOP = "https://shop.example"


def recorded(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((CAPTURES / f"rest.{name}.json").read_text("utf-8"))
    return told


def serve(name: str) -> respx.Route:
    """The shop answers the call of that recording as it once did."""
    told = recorded(name)
    asked, answer = told["request"], told["response"]
    route = respx.request(asked["method"], url__startswith=SHOP + asked["path"])
    return route.mock(
        return_value=httpx.Response(
            answer["status"], headers=answer["headers"], content=answer["body"].encode()
        )
    )


def ref(name: str) -> TwinRef:
    cart = recorded(name)["request"]["path"].split("/")[5]
    return TwinRef(connection="con_1", external_id=cart)


def write(name: str) -> Write:
    """The write that the recorded call was made of."""
    sent = recorded(name)["request"]["body"]
    return Write(
        push_id=sent["push_id"],
        ref=ref(name),
        base_revision=sent["base_revision"],
        lines=tuple(
            WriteLine(
                key=f"sku:{row['sku']}" if "sku" in row else f"gtin:{row['gtin'].zfill(14)}",
                item=Item(sku=row.get("sku"), gtin=row.get("gtin"), title="T"),
                quantity=Decimal(row["quantity"]),
            )
            for row in sent["lines"]
        ),
        codes=tuple(sent["codes"]),
    )


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    settings = Settings.model_validate(
        {
            "webhook_secrets": ["capture-secret-0123456789"],
            "shop_url": f"{SHOP}/",
            "consumer_key": "ck_1",
            "consumer_secret": "cs_1",
            "companion": True,
        }
    )
    async with make_client() as client:
        yield Remote(settings, client)


@respx.mock
@pytest.mark.parametrize("name", ["cart.write", "cart.write.refused", "cart.write.repeated"])
async def test_a_write_is_sent_as_the_protocol_says(remote: Remote, name: str) -> None:
    route = serve(name)
    result = await WOO.push(write(name), remote)
    request = route.calls.last.request
    assert json.loads(request.content) == recorded(name)["request"]["body"]
    given = base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
    assert given == b"ck_1:cs_1"
    assert "ck_1" not in str(request.url)
    assert isinstance(result, Written)
    assert result.snapshot.last_push == write(name).push_id


@respx.mock
async def test_refusals_come_back_by_name_with_what_was_accepted(remote: Remote) -> None:
    serve("cart.write.refused")
    result = await WOO.push(write("cart.write.refused"), remote)
    refused = {
        row.key: (str(row.wanted), str(row.accepted), row.reason) for row in result.snapshot.refused
    }
    assert refused["sku:VASE-BLUE"] == ("2", "1", "out_of_stock")
    assert refused["sku:NO-SUCH"] == ("1", "0", "unknown_item")
    assert refused["sku:BULB-E27"] == ("1.5", "0", "whole_pieces_only")
    assert refused["gtin:03760123451024"] == refused["sku:BULB-E27"]  # by whatever name
    assert "gtin:03760123451055" not in refused  # it is there
    assert [row.code for row in result.snapshot.refused_codes] == ["ETE", "HELLO"]
    assert result.snapshot.basket == {"sku:LAMP-OAK": 1, "sku:VASE-BLUE": 1}


@respx.mock
async def test_a_cart_that_moved_is_shown_as_it_is(remote: Remote) -> None:
    serve("cart.write.moved")
    result = await WOO.push(write("cart.write.moved"), remote)
    assert isinstance(result, Moved)
    assert result.snapshot.revision == 4
    assert result.snapshot.basket["sku:BOOK-LIGHT"] == 2


@respx.mock
async def test_a_cart_that_was_joined_is_to_be_read(remote: Remote) -> None:
    serve("cart.write.ended")
    with pytest.raises(Unknown, match="read it"):
        await WOO.push(write("cart.write.ended"), remote)
    serve("cart.read.merged")
    document = await WOO.fetch(ref("cart.read.merged"), remote)
    assert document is not None
    (gone,) = WOO.read(document, remote.settings).observations
    assert isinstance(gone, CartGone)
    assert (gone.merged_into, gone.into_revision) == ("2", 13)


@respx.mock
async def test_a_write_that_is_malformed_is_given_up(remote: Remote) -> None:
    serve("cart.malformed")
    with pytest.raises(Refuse, match="cartbridge_malformed"):
        await WOO.push(
            write("cart.write").model_copy(update={"ref": ref("cart.malformed")}), remote
        )


@respx.mock
@pytest.mark.parametrize("name", ["cart.read", "cart.read.customer"])
async def test_a_read_brings_the_cart(remote: Remote, name: str) -> None:
    serve(name)
    document = await WOO.fetch(ref(name), remote)
    assert document is not None
    seen = WOO.read(document, remote.settings).observations[0]
    assert isinstance(seen, CartSeen)
    assert seen.external_id == ref(name).external_id
    told = json.loads(recorded(name)["response"]["body"])
    assert len(seen.snapshot.lines) == len(told["lines"])
    total = sum(row.prices.total or 0 for row in seen.snapshot.lines) + seen.snapshot.shipping
    assert total == Decimal(told["totals"]["total"]) * 100


@respx.mock
async def test_a_cart_the_shop_does_not_have_reads_as_none(remote: Remote) -> None:
    serve("cart.not_found")
    assert await WOO.fetch(ref("cart.not_found"), remote) is None


@respx.mock
async def test_a_shop_without_the_plugin_says_nothing_of_a_cart(remote: Remote) -> None:
    body = {"code": "rest_no_route", "message": "No route", "data": {"status": 404}}
    respx.get(url__startswith=SHOP).respond(404, json=body)
    with pytest.raises(Unknown, match="plugin"):
        await WOO.fetch(ref("cart.read"), remote)


@respx.mock
async def test_a_cart_id_cannot_leave_its_path(remote: Remote) -> None:
    serve("cart.not_found")
    route = respx.get(url__startswith=SHOP).respond(404, json={})
    with pytest.raises(Unknown):
        await WOO.fetch(TwinRef(connection="con_1", external_id="../../wc/v3/orders?x"), remote)
    assert route.calls.last.request.url.raw_path == (
        b"/wp-json/cartbridge/v1/carts/..%2F..%2Fwc%2Fv3%2Forders%3Fx"
    )


@respx.mock
async def test_a_freeze_says_until_when_and_where(remote: Remote) -> None:
    route = serve("cart.freeze")
    until = datetime.now(UTC) + timedelta(minutes=15)
    await WOO.freeze(ref("cart.freeze"), until, "Lyon Part-Dieu", remote)
    sent = json.loads(route.calls.last.request.content)
    assert sent == {"until": until.strftime("%Y-%m-%dT%H:%M:%SZ"), "where": "Lyon Part-Dieu"}
    await WOO.freeze(ref("cart.freeze"), until + timedelta(days=3), "Lyon Part-Dieu", remote)
    latest = datetime.fromisoformat(json.loads(route.calls.last.request.content)["until"])
    assert latest < datetime.now(UTC) + timedelta(days=1)


@respx.mock
async def test_a_thaw_needs_no_body(remote: Remote) -> None:
    route = serve("cart.thaw")
    await WOO.thaw(ref("cart.thaw"), remote)
    assert route.calls.last.request.content == b""


@respx.mock
async def test_a_cart_that_is_gone_need_not_be_held(remote: Remote) -> None:
    gone = recorded("cart.not_found")["response"]
    respx.route(url__startswith=SHOP).respond(404, content=gone["body"].encode())
    with pytest.raises(Ignore):
        await WOO.freeze(ref("cart.freeze"), datetime.now(UTC), "Lyon", remote)
    with pytest.raises(Ignore):
        await WOO.thaw(ref("cart.thaw"), remote)
    with pytest.raises(Ignore):
        await WOO.push(write("cart.write"), remote)


def test_going_on_online_joins_and_copies_nothing(remote: Remote) -> None:
    code = "BCDFGHJKLNPRSTVXBCDFGHJKLNPRSTVX"
    assert WOO.continue_url(code, remote.settings) == f"{SHOP}/?cartbridge={code}"
