"""The connector and the shop, talking over real HTTP."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from cartbridge_sandbox import Sandbox
from cartbridge_sandbox.shop import Shop

from cartbridge.sdk.contract import Moved, Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, Snapshot, TwinRef
from cartbridge.sdk.errors import Credentials, Ignore, Retry
from cartbridge.sdk.observations import CartSeen
from cartbridge.testing.connector import cart_of, is_echo

SANDBOX = Sandbox()
Posted = Callable[[Shop], Awaitable[None]]


def ref_of(external_id: str) -> TwinRef:
    return TwinRef(connection="con_1", external_id=external_id)


def write_to(ref: str, revision: int | None, push: str = "psh_1", **rows: str | int) -> Write:
    lines = tuple(
        WriteLine(key=sku, item=Item(sku=sku, title=sku), quantity=Decimal(quantity))
        for sku, quantity in ((name.replace("_", "-"), amount) for name, amount in rows.items())
    )
    return Write(push_id=push, ref=ref_of(ref), base_revision=revision, lines=lines)


async def fetched(ref: str, remote: Remote) -> Snapshot:
    document = await SANDBOX.fetch(ref_of(ref), remote)
    assert document is not None
    (seen,) = SANDBOX.read(document, remote.settings).observations
    assert isinstance(seen, CartSeen)
    return seen.snapshot


@pytest.fixture
async def ref(shopper: httpx.AsyncClient) -> str:
    basket = (await shopper.post("/carts", json={"mail": "lea@example.test"})).json()["ref"]
    await shopper.post(f"/carts/{basket}/lines", json={"sku": "PLAID", "quantity": "2"})
    return str(basket)


async def test_a_fetch_shows_what_a_hook_shows(
    ref: str, shop: Shop, remote: Remote, hooks: Any, posted: Posted
) -> None:
    await posted(shop)
    (seen,) = SANDBOX.read(hooks.taken[-1], remote.settings).observations
    assert isinstance(seen, CartSeen)
    assert await fetched(ref, remote) == seen.snapshot
    (row,) = SANDBOX.project(cart_of(seen.snapshot).lines, None)
    assert (row.key, row.quantity) == ("PLAID", Decimal(2))


async def test_a_write_at_its_revision_is_taken(ref: str, remote: Remote) -> None:
    result = await SANDBOX.push(write_to(ref, 2, PLAID=1, CABLE_TX="1.5"), remote)
    assert isinstance(result, Written)
    assert result.snapshot.basket == {"PLAID": 1, "CABLE-TX": Decimal("1.5")}
    assert (result.snapshot.revision, result.snapshot.last_push) == (3, "psh_1")
    assert await fetched(ref, remote) == result.snapshot


@pytest.mark.parametrize("revision", [1, 3, None])
async def test_a_write_at_another_revision_changes_nothing(
    ref: str, remote: Remote, revision: int | None
) -> None:
    before = await fetched(ref, remote)
    result = await SANDBOX.push(write_to(ref, revision, PLAID=9), remote)
    assert result == Moved(snapshot=before)
    assert await fetched(ref, remote) == before


async def test_a_repeated_write_answers_its_first_result(
    ref: str, remote: Remote, shopper: httpx.AsyncClient
) -> None:
    first = await SANDBOX.push(write_to(ref, 2, PLAID=1), remote)
    await shopper.post(f"/carts/{ref}/lines", json={"sku": "CUSHION"})
    assert await SANDBOX.push(write_to(ref, 2, PLAID=1), remote) == first
    assert (await fetched(ref, remote)).basket == {"PLAID": 1, "CUSHION": 1}


async def test_refusals_are_named_and_told_in_every_snapshot(
    ref: str, remote: Remote, shop: Shop, hooks: Any, posted: Posted
) -> None:
    write = write_to(ref, 2, VASE_BLUE=5, NO_SUCH=1, PLAID="2.5")
    result = await SANDBOX.push(write.model_copy(update={"codes": ("NOEL", "NOPE")}), remote)
    assert isinstance(result, Written)
    expected = [
        ("VASE-BLUE", Decimal(5), Decimal(1), "stock"),
        ("NO-SUCH", Decimal(1), Decimal(0), "unknown"),
        ("PLAID", Decimal("2.5"), Decimal(2), "whole pieces only"),
    ]
    refused = result.snapshot.refused
    assert [(row.key, row.wanted, row.accepted, row.reason) for row in refused] == expected
    assert result.snapshot.codes == ("NOEL",)
    assert [row.code for row in result.snapshot.refused_codes] == ["NOPE"]
    await posted(shop)
    (seen,) = SANDBOX.read(hooks.taken[-1], remote.settings).observations
    assert isinstance(seen, CartSeen)
    assert seen.snapshot == result.snapshot


async def test_the_answer_to_a_write_is_its_echo(
    ref: str, remote: Remote, shopper: httpx.AsyncClient
) -> None:
    before = await fetched(ref, remote)
    write = write_to(ref, 2, PLAID=3, VASE_BLUE=4)
    result = await SANDBOX.push(write, remote)
    assert is_echo(before, write, result.snapshot)
    await shopper.post(f"/carts/{ref}/lines", json={"sku": "CUSHION"})
    assert not is_echo(before, write, await fetched(ref, remote))


async def test_a_till_holds_the_checkout_until_a_time(
    ref: str, remote: Remote, shopper: httpx.AsyncClient
) -> None:
    until = datetime.now(UTC) + timedelta(minutes=15)
    await SANDBOX.freeze(ref_of(ref), until, "Lyon", remote)
    for path in ("checkout", "order"):
        refused = await shopper.post(f"/carts/{ref}/{path}")
        assert refused.status_code == 409
        assert refused.json()["detail"] == "Votre panier est à la caisse : Lyon."
    english = await shopper.post(f"/carts/{ref}/checkout", headers={"accept-language": "en"})
    assert english.json()["detail"] == "Your cart is at the till in Lyon."
    shown = await shopper.get(f"/carts/{ref}", headers={"accept": "text/html"})
    assert "à la caisse : Lyon" in shown.text
    assert (await fetched(ref, remote)).revision == 2  # nothing of the cart has changed
    await SANDBOX.thaw(ref_of(ref), remote)
    assert (await shopper.post(f"/carts/{ref}/order")).status_code == 201


async def test_a_frozen_checkout_thaws_by_itself(
    ref: str, remote: Remote, shopper: httpx.AsyncClient
) -> None:
    await SANDBOX.freeze(ref_of(ref), datetime.now(UTC) - timedelta(seconds=1), "Lyon", remote)
    assert (await shopper.post(f"/carts/{ref}/order")).status_code == 201


async def test_a_basket_that_ended_is_not_written(
    ref: str, remote: Remote, shopper: httpx.AsyncClient
) -> None:
    await shopper.post(f"/carts/{ref}/order")
    with pytest.raises(Ignore):
        await SANDBOX.push(write_to(ref, 3, PLAID=1), remote)
    with pytest.raises(Ignore):
        await SANDBOX.freeze(ref_of(ref), datetime.now(UTC), "Lyon", remote)
    assert await SANDBOX.fetch(ref_of("b_none"), remote) is None
    dropped = (await shopper.post("/carts")).json()["ref"]
    await shopper.delete(f"/carts/{dropped}")
    assert await SANDBOX.fetch(ref_of(dropped), remote) is None


async def test_another_secret_opens_nothing(ref: str, remote: Remote, shop: Shop) -> None:
    stranger = SANDBOX.manifest.settings.model_validate(
        {"webhook_secrets": ["sandbox-secret-of-nobody"], "shop_url": shop.url}
    )
    with pytest.raises(Credentials):
        await SANDBOX.push(write_to(ref, 2, PLAID=1), Remote(stranger, remote.client))
    assert (await fetched(ref, remote)).revision == 2


async def test_a_shop_that_is_away_is_tried_again(ref: str, remote: Remote, shop: Shop) -> None:
    await shop.stop()
    with pytest.raises(Retry):
        await SANDBOX.push(write_to(ref, 2, PLAID=1), remote)


def test_a_code_leads_to_the_shop() -> None:
    settings = SANDBOX.manifest.settings.model_validate(
        {"webhook_secrets": ["sandbox-secret-of-today-1"], "shop_url": "https://shop.example/"}
    )
    assert SANDBOX.continue_url("BCDF", settings) == "https://shop.example/continue/BCDF"
