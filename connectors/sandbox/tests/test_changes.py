"""What changed in the shop, and the hook it may switch off."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from cartbridge_sandbox import Sandbox, connector
from cartbridge_sandbox.shop import Shop

from cartbridge.sdk.contract import Changed, Remote

SANDBOX = Sandbox()
Posted = Callable[[Shop], Awaitable[None]]


async def begin(shopper: httpx.AsyncClient, *skus: str) -> str:
    ref = str((await shopper.post("/carts")).json()["ref"])
    for sku in skus:
        await shopper.post(f"/carts/{ref}/lines", json={"sku": sku})
    return ref


def seen(page: Changed, remote: Remote) -> list[tuple[str, ...]]:
    reads = [SANDBOX.read(document, remote.settings) for document in page.documents]
    return [tuple(type(each).__name__ for each in read.observations) for read in reads]


async def test_everything_at_first_then_what_changed(
    shopper: httpx.AsyncClient, remote: Remote
) -> None:
    one, other = await begin(shopper, "PLAID"), await begin(shopper)
    first = await SANDBOX.changed_since(None, remote)
    assert [x["basket"]["ref"] for x in first.documents] == [one, other]
    again = await SANDBOX.changed_since(first.cursor, remote)
    assert (again.documents, again.cursor, again.more) == ([], first.cursor, False)

    await shopper.post(f"/carts/{one}/lines", json={"sku": "LAMP-OAK"})
    (changed,) = (await SANDBOX.changed_since(first.cursor, remote)).documents
    assert (changed["basket"]["ref"], changed["basket"]["rev"]) == (one, 3)


async def test_each_basket_says_what_became_of_it(
    shopper: httpx.AsyncClient, remote: Remote
) -> None:
    await begin(shopper, "PLAID")
    await shopper.post(f"/carts/{await begin(shopper, 'PLAID')}/checkout")
    await shopper.post(f"/carts/{await begin(shopper, 'PLAID')}/order")
    await shopper.delete(f"/carts/{await begin(shopper, 'PLAID')}")
    page = await SANDBOX.changed_since(None, remote)
    assert seen(page, remote) == [
        ("CartSeen", "CheckoutSeen"),
        ("CartSeen", "CheckoutSeen"),
        ("CartOrdered",),
        ("CartGone",),
    ]
    steps = [SANDBOX.read(x, remote.settings).observations[-1] for x in page.documents[:2]]
    assert [getattr(step, "step", None) for step in steps] == ["left", "started"]


async def test_pages_follow_each_other(
    shopper: httpx.AsyncClient, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "PAGE", 2)
    refs = [await begin(shopper) for _ in range(5)]
    found, cursor, more = [], None, True
    while more:
        page = await SANDBOX.changed_since(cursor, remote)
        found += [document["basket"]["ref"] for document in page.documents]
        cursor, more = page.cursor, page.more
    assert found == refs


async def test_a_shop_that_comes_back_still_knows_what_changed(
    open_shop: Any, remote: Remote, shopper: httpx.AsyncClient
) -> None:
    ref = await begin(shopper)
    again = await open_shop()  # on the same file
    asked = Remote(remote.settings.model_copy(update={"shop_url": again.url}), remote.client)
    (document,) = (await SANDBOX.changed_since(None, asked)).documents
    assert document["basket"]["ref"] == ref


async def test_a_hook_that_is_off_posts_nothing_until_it_is_rearmed(
    shop: Shop, shopper: httpx.AsyncClient, remote: Remote, hooks: Any, posted: Posted
) -> None:
    assert await SANDBOX.hook_is_on("", remote)
    await shopper.post("/misbehave", json={"hook_off": True})
    await begin(shopper)
    await posted(shop)
    assert hooks.taken == []
    assert not await SANDBOX.hook_is_on("", remote)

    await SANDBOX.rearm("", remote)

    assert await SANDBOX.hook_is_on("", remote)
    await begin(shopper)
    await posted(shop)
    assert len(hooks.taken) == 1
