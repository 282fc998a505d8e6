"""Sales: what a till tells is kept as it was told, and nothing of it is ever a payment."""

from typing import Any
from uuid import uuid4

import pytest

from tests.acceptance.world import (
    BOOK,
    CUSHION,
    LAMP,
    PLAID,
    Json,
    Till,
    World,
    line,
    refused,
    shown,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOLD_AT = "2026-11-20T11:00:00Z"


async def held(world: World, *lines: Json, till: Till | None = None) -> tuple[str, Json]:
    """A cart of the shop, held by the till: its name in the shop, and the claim."""
    name = f"web-{uuid4().hex[:12]}"
    await world.shop.snapshot(name, *(lines or (line(LAMP, 2), line(BOOK), line(PLAID))))
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None
    claim = await (till or world.till()).claim(cart=cart["id"])
    assert claim.status_code == 201, claim.text
    return name, claim.json()


def line_of(cart: Json, sku: str) -> str:
    found = next(row["id"] for row in cart["lines"] if row["item"]["sku"] == sku)
    return str(found)


async def test_more_than_was_in_the_cart_is_sold_and_nothing_is_left_below_zero(
    shared: World,
) -> None:
    _, claim = await held(shared, line(LAMP, 2))
    lamp = line_of(claim["cart"], "LAMP-OAK")

    sold = await shared.till().complete(
        claim, uuid4().hex, lines=[{"line": lamp, "quantity": "5", "total": 20000}]
    )

    answer = sold.json()
    assert sold.status_code == 200, sold.text
    assert shown(answer["cart"]) == {"LAMP-OAK": "5"}
    assert answer["cart"]["sale"]["lines"][0]["quantity"] == "5"
    assert answer["cart"]["sale"]["lines"][0]["total"] == 20000
    assert answer["remainder"] is None


async def test_a_line_sold_twice_on_one_ticket_counts_together(shared: World) -> None:
    _, claim = await held(shared, line(LAMP, 3))
    lamp = line_of(claim["cart"], "LAMP-OAK")

    sold = await shared.till().complete(
        claim,
        uuid4().hex,
        lines=[
            {"line": lamp, "quantity": "1", "unit_price": 4990},
            {"line": lamp, "quantity": "1", "unit_price": 2500},
        ],
    )

    told = sold.json()["cart"]["sale"]["lines"]
    assert [(row["quantity"], row["total"]) for row in told] == [("2", 7490)]
    assert shown(sold.json()["remainder"]) == {"LAMP-OAK": "1"}


async def test_what_she_did_not_take_is_kept_or_let_go_as_she_wished_with_the_reason(
    shared: World,
) -> None:
    name, claim = await held(shared)
    cart = claim["cart"]
    declined = [
        {
            "line": line_of(cart, "BOOK-LIGHT"),
            "quantity": "1",
            "reason": "out_of_stock",
            "keep": True,
        },
        {"line": line_of(cart, "PLAID"), "quantity": "1", "reason": "did_not_fit", "keep": False},
    ]

    sold = await shared.till().complete(
        claim,
        uuid4().hex,
        lines=[{"line": line_of(cart, "LAMP-OAK"), "quantity": "2"}],
        not_taken=declined,
    )

    answer = sold.json()
    assert answer["cart"]["sale"]["not_taken"] == declined
    assert shown(answer["remainder"]) == {"BOOK-LIGHT": "1"}
    await shared.settled()
    online = await shared.shop.cart(name)
    assert online is not None
    assert online["id"] == answer["remainder"]["id"]


async def test_what_was_not_told_is_taken_from_the_cart_and_marked(shared: World) -> None:
    _, claim = await held(shared)
    plaid = line_of(claim["cart"], "PLAID")

    sold = await shared.till().complete(
        claim,
        uuid4().hex,
        not_taken=[{"line": plaid, "quantity": "1", "reason": "price", "keep": True}],
    )

    rows = sold.json()["cart"]["sale"]["lines"]
    assert {row["quantity"] for row in rows} == {"2", "1"}
    assert all(row["assumed"] for row in rows)
    assert shown(sold.json()["remainder"]) == {"PLAID": "1"}


async def test_when_nothing_is_left_a_later_touch_begins_a_new_cart_with_its_parent(
    shared: World,
) -> None:
    name, claim = await held(shared, line(LAMP))
    sold = (await shared.till().complete(claim, uuid4().hex)).json()
    assert sold["remainder"] is None

    await shared.shop.snapshot(name, line(LAMP), line(BOOK), revision=2)
    await shared.settled()

    fresh = await shared.shop.cart(name)
    assert fresh is not None
    assert fresh["parent"] == sold["cart"]["id"]
    assert shown(fresh) == {"BOOK-LIGHT": "1"}  # the lamp in her web cart is the one she has
    assert (await shared.cart(sold["cart"]["id"]))["state"] == "fulfilled"


async def test_a_ticket_cancelled_twice_gives_its_lines_back_once(shared: World) -> None:
    till = shared.till()
    _, claim = await held(shared)
    receipt = uuid4().hex
    lamp = line_of(claim["cart"], "LAMP-OAK")
    await till.complete(claim, receipt, lines=[{"line": lamp, "quantity": "1"}])

    once = await till.call("POST", f"/v1/pos/sales/{receipt}/void", {})
    await shared.settled()
    async with shared.nothing_written():
        twice = await till.call("POST", f"/v1/pos/sales/{receipt}/void", {})

    assert once.status_code == twice.status_code == 200, twice.text
    assert shown(once.json()["cart"]) == {"LAMP-OAK": "2", "BOOK-LIGHT": "1", "PLAID": "1"}
    assert twice.json()["cart"]["id"] == once.json()["cart"]["id"]
    assert shown(twice.json()["cart"]) == shown(once.json()["cart"])


async def test_a_whole_sale_that_is_cancelled_reopens_its_cart(shared: World) -> None:
    till = shared.till()
    _, claim = await held(shared)
    receipt = uuid4().hex
    await till.complete(claim, receipt)

    voided = await till.call("POST", f"/v1/pos/sales/{receipt}/void", {})

    assert voided.json()["cart"]["id"] == claim["cart"]["id"]
    assert voided.json()["cart"]["state"] == "open"
    assert shown(voided.json()["cart"]) == shown(claim["cart"])


async def test_a_ticket_cancelled_after_the_rest_was_sold_gives_back_its_own_lines_alone(
    shared: World,
) -> None:
    till = shared.till()
    _, claim = await held(shared)
    first, second = uuid4().hex, uuid4().hex
    lamp = line_of(claim["cart"], "LAMP-OAK")
    sold = await till.complete(claim, first, lines=[{"line": lamp, "quantity": "2"}])
    rest = (await till.claim(cart=sold.json()["remainder"]["id"])).json()
    await till.complete(rest, second)

    voided = await till.call("POST", f"/v1/pos/sales/{first}/void", {})

    assert voided.status_code == 200, voided.text
    assert shown(voided.json()["cart"]) == {"LAMP-OAK": "2"}
    other = await shared.cart(rest["cart"]["id"])
    assert other["sale"]["receipt_number"] == second
    assert shown(other) == {"BOOK-LIGHT": "1", "PLAID": "1"}


async def test_a_ticket_cancelled_while_the_rest_is_at_a_till_gives_its_lines_to_that_cart(
    shared: World,
) -> None:
    till, neighbour = shared.till(), shared.till(0, 1)
    _, claim = await held(shared)
    receipt = uuid4().hex
    lamp = line_of(claim["cart"], "LAMP-OAK")
    sold = await till.complete(claim, receipt, lines=[{"line": lamp, "quantity": "2"}])
    rest = (await neighbour.claim(cart=sold.json()["remainder"]["id"])).json()

    voided = await till.call("POST", f"/v1/pos/sales/{receipt}/void", {})

    assert voided.status_code == 200, voided.text
    now = (await neighbour.act(rest, "renew")).json()
    assert now["over"] is False
    assert shown(now["cart"]) == {"BOOK-LIGHT": "1", "PLAID": "1", "LAMP-OAK": "2"}


async def test_a_receipt_number_nobody_knows_is_refused(shared: World) -> None:
    till = shared.till()
    back = {"receipt_number": "none", "lines": [{"gtin": LAMP["gtin"], "quantity": "1"}]}

    async with shared.nothing_written():
        voided = await till.call("POST", "/v1/pos/sales/none/void", {})
        returned = await till.call("POST", "/v1/pos/returns", back)

    assert "none" in refused(voided, 404, "sale_unknown")["detail"]
    refused(returned, 404, "sale_unknown")


async def test_a_sale_that_was_refused_leaves_no_receipt_number_behind(shared: World) -> None:
    till = shared.till()
    _, claim = await held(shared)
    _, other = await held(shared)
    taken, free = uuid4().hex, uuid4().hex
    await till.complete(other, taken)
    wrong = [{"line": "lin_" + "0" * 32, "quantity": "1"}]

    async with shared.nothing_written():
        for receipt in (taken, free):
            refused(await till.complete(claim, receipt, lines=wrong), 422, "line_unknown")
        refused(await till.call("POST", f"/v1/pos/sales/{free}/void", {}), 404, "sale_unknown")

    voided = await till.call("POST", f"/v1/pos/sales/{taken}/void", {})
    assert voided.json()["cart"]["id"] == other["cart"]["id"]


async def test_a_late_report_does_not_take_the_receipt_number_of_a_real_sale(
    shared: World,
) -> None:
    till, neighbour = shared.till(), shared.till(0, 1)
    _, real = await held(shared)
    receipt = uuid4().hex
    await till.complete(real, receipt)
    _, claim = await held(shared)
    taken = {"reason": "frozen"}
    await neighbour.claim(cart=claim["cart"]["id"], take_over=taken)
    assert (await till.complete(claim, receipt)).json()["conflict"] is True

    voided = await till.call("POST", f"/v1/pos/sales/{receipt}/void", {})

    assert voided.json()["cart"]["id"] == real["cart"]["id"]


async def test_goods_come_back_by_article_number_and_by_line(shared: World) -> None:
    till = shared.till()
    _, claim = await held(shared)
    receipt = uuid4().hex
    await till.complete(claim, receipt)
    book = line_of(claim["cart"], "BOOK-LIGHT")

    back = await till.call(
        "POST",
        "/v1/pos/returns",
        {
            "receipt_number": receipt,
            "lines": [
                {"gtin": LAMP["gtin"], "quantity": "1", "reason": "too bright"},
                {"line": book, "quantity": "1"},
            ],
        },
    )

    assert back.status_code == 200, back.text
    returned = {row["line"]: row["returned"] for row in back.json()["cart"]["sale"]["lines"]}
    assert returned[line_of(claim["cart"], "LAMP-OAK")] == "1"
    assert returned[book] == "1"
    assert returned[line_of(claim["cart"], "PLAID")] == "0"
    assert back.json()["cart"]["state"] == "fulfilled"


async def test_goods_come_back_to_another_store_by_the_cart(shared: World) -> None:
    _, claim = await held(shared, line(LAMP))
    await shared.till().complete(claim, uuid4().hex)
    body = {"cart": claim["cart"]["id"], "lines": [{"gtin": LAMP["gtin"], "quantity": "1"}]}

    back = await shared.till(1).call("POST", "/v1/pos/returns", body)

    assert back.json()["cart"]["state"] == "returned"


@pytest.mark.parametrize(
    ("lines", "status", "code"),
    [
        ([{"gtin": LAMP["gtin"], "quantity": "3"}], 409, "return_exceeds_sale"),
        ([{"gtin": CUSHION["gtin"], "quantity": "1"}], 422, "line_unknown"),
        ([{"line": "lin_" + "0" * 32, "quantity": "1"}], 422, "line_unknown"),
        ([{"gtin": LAMP["gtin"], "quantity": "0"}], 400, "invalid_request"),
        ([{"gtin": LAMP["gtin"], "quantity": "-1"}], 400, "invalid_request"),
        ([{"gtin": "3700123456781", "quantity": "1"}], 400, "invalid_request"),
        ([{"quantity": "1"}], 400, "invalid_request"),
        ([], 400, "invalid_request"),
    ],
)
async def test_a_return_that_cannot_be_is_refused(
    shared: World, lines: list[Json], status: int, code: str
) -> None:
    till = shared.till()
    _, claim = await held(shared)
    receipt = uuid4().hex
    await till.complete(claim, receipt)

    async with shared.nothing_written():
        answer = await till.call(
            "POST", "/v1/pos/returns", {"receipt_number": receipt, "lines": lines}
        )

    refused(answer, status, code)


async def test_what_came_back_is_not_given_back_again_when_the_ticket_is_cancelled(
    shared: World,
) -> None:
    till = shared.till()
    _, claim = await held(shared)
    receipt = uuid4().hex
    await till.complete(claim, receipt)
    body = {"receipt_number": receipt, "lines": [{"gtin": LAMP["gtin"], "quantity": "1"}]}
    await till.call("POST", "/v1/pos/returns", body)

    voided = await till.call("POST", f"/v1/pos/sales/{receipt}/void", {})

    assert shown(voided.json()["cart"])["LAMP-OAK"] == "1"


async def test_the_same_receipt_number_in_another_store_is_another_sale(shared: World) -> None:
    lyon, paris = shared.till(), shared.till(1)
    _, here = await held(shared, line(LAMP), till=lyon)
    _, there = await held(shared, line(BOOK), till=paris)
    receipt = uuid4().hex
    await lyon.complete(here, receipt)
    await paris.complete(there, receipt)

    voided = await paris.call("POST", f"/v1/pos/sales/{receipt}/void", {})

    assert voided.json()["cart"]["id"] == there["cart"]["id"]
    assert (await shared.cart(here["cart"]["id"]))["sale"]["receipt_number"] == receipt


async def test_a_till_that_counts_anew_cancels_its_newest_sale_of_that_number(
    shared: World,
) -> None:
    till = shared.till()
    _, old = await held(shared, line(LAMP))
    _, new = await held(shared, line(BOOK))
    receipt = uuid4().hex
    await till.complete(old, receipt)
    await till.complete(new, receipt)

    voided = await till.call("POST", f"/v1/pos/sales/{receipt}/void", {})

    assert voided.json()["cart"]["id"] == new["cart"]["id"]


async def test_a_repeated_complete_is_one_sale_whatever_its_key(shared: World) -> None:
    till = shared.till()
    _, claim = await held(shared)
    lamp = line_of(claim["cart"], "LAMP-OAK")
    told: Json = {
        "fence": claim["fence"],
        "receipt_number": uuid4().hex,
        "sold_at": SOLD_AT,
        "lines": [{"line": lamp, "quantity": "2"}],
    }
    path = f"/v1/pos/claims/{claim['claim']}/complete"
    again = {"Idempotency_Key": uuid4().hex}
    first = await till.call("POST", path, told, **again)
    await shared.settled()

    async with shared.nothing_written():
        same_key = await till.call("POST", path, told, **again)
        new_key = await till.call("POST", path, told)
        other = await till.call("POST", path, {**told, "lines": None}, **again)

    assert same_key.headers["Idempotent-Replayed"] == "true"
    for repeated in (same_key, new_key):
        assert repeated.json()["conflict"] is False
        assert repeated.json()["cart"]["id"] == first.json()["cart"]["id"]
        assert repeated.json()["remainder"]["id"] == first.json()["remainder"]["id"]
    refused(other, 422, "idempotency_conflict")


PAYMENTS = ("tender", "amount_received", "payment", "payments", "paid", "change_given", "card")


@pytest.mark.parametrize("field", PAYMENTS)
async def test_no_payment_is_taken_anywhere(shared: World, field: str) -> None:
    till = shared.till()
    _, claim = await held(shared)
    lamp = line_of(claim["cart"], "LAMP-OAK")
    sale: dict[str, Any] = {"fence": 1, "receipt_number": "P-1", "sold_at": SOLD_AT}
    sold = {"line": lamp, "quantity": "1"}
    item = {"item": {"sku": "LAMP-OAK"}, "quantity": "1"}
    at = f"/v1/pos/claims/{claim['claim']}"
    cart = claim["cart"]["id"]
    calls: list[tuple[str, str, Json, str]] = [
        ("POST", f"{at}/complete", {**sale, field: 100}, field),
        ("POST", f"{at}/complete", {**sale, "lines": [{**sold, field: 1}]}, f"lines.0.{field}"),
        (
            "POST",
            f"{at}/complete",
            {**sale, "extra_lines": [{**item, field: 1}]},
            f"extra_lines.0.{field}",
        ),
        ("POST", f"{at}/renew", {field: 1}, field),
        ("POST", f"{at}/check", {"lines": [], field: 1}, field),
        ("POST", "/v1/pos/sales/P-1/void", {field: 1}, field),
        (
            "POST",
            "/v1/pos/returns",
            {"receipt_number": "P-1", "lines": [sold], field: 1},
            field,
        ),
        ("POST", "/v1/pos/carts", {"add": [item], field: 1}, field),
        ("POST", "/v1/pos/carts", {"add": [{**item, field: 1}]}, f"add.0.{field}"),
        ("PATCH", f"/v1/pos/carts/{cart}", {field: 1}, field),
        ("POST", f"/v1/carts/{cart}/handovers", {"direction": "to_store", field: 1}, field),
        ("POST", "/v1/pos/claims", {"cart": cart, field: 1}, field),
    ]

    async with shared.nothing_written():
        for method, path, body, named in calls:
            problem = refused(await till.call(method, path, body), 400, "unknown_field")
            assert [fault["field"] for fault in problem["errors"]] == [named]
            assert field in problem["detail"]
