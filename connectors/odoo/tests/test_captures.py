"""Traffic of a real Odoo 19 with our add-ons, replayed: what we asked, and what it means."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cartbridge_odoo import Odoo
from cartbridge_odoo.settings import Settings
from fake_odoo import KEY, NAME
from odoo_carts import SECRET

from cartbridge.sdk.contract import Moved, Raw, Remote, Write, Written
from cartbridge.sdk.documents import Snapshot, TwinRef, plain
from cartbridge.sdk.errors import Ignore
from cartbridge.sdk.observations import CartGone, CartSeen, Hint, Read, SaleSeen

CAPTURES = Path(__file__).parent / "captures"
JOURNEY = {
    *("quotation_revised", "quotation_before_tax_revised", "quotation_sold"),
    *("wishlist_written", "wishlist_not_allowed", "lead_answered", "lead_closed"),
}
ODOO = Odoo()
SETTINGS = Settings.model_validate(
    {
        "base_url": "https://odoo.example",
        "database": NAME,
        "api_key": KEY,
        "path_secrets": [SECRET],
        "mode": "add_on",
        "config_ids": [1, 2],
        "unknown_product_id": 16,
        "discount_product_id": 17,
        "companion": True,
        "company_id": 1,
    }
)
Rows = list[tuple[str, str, int]]  # key, quantity, total in minor units


def capture(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((CAPTURES / f"{name}.json").read_text("utf-8"))
    return told


async def replay(
    name: str, what: Callable[[Remote], Awaitable[Any]], settings: Settings = SETTINGS
) -> Any:
    """The same calls get the same answers; another call, or one less, is a failure."""
    waiting = capture(name)["calls"]

    def answer(request: httpx.Request) -> httpx.Response:
        call = waiting.pop(0)
        asked = {"method": request.method, "path": request.url.path}
        assert {**asked, "json": json.loads(request.content)} == call["request"]
        return httpx.Response(call["response"]["status"], json=call["response"]["json"])

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        try:
            return await what(Remote(settings, client))
        finally:
            assert waiting == []


async def fetched(name: str) -> Read:
    """What the order of a capture says, read again as it was then."""
    ref = TwinRef(connection="con_1", **capture(name)["ref"])
    document = await replay(name, lambda remote: ODOO.fetch(ref, remote))
    return ODOO.read(document, SETTINGS)


def rows_of(snapshot: Snapshot) -> Rows:
    return [(row.key, plain(row.quantity), row.prices.total or 0) for row in snapshot.lines]


HOOKS = {
    "hook_ticket_saved": ("till_order", "29b4d689-f5d1-4d0b-a986-c300e5698354"),
    "hook_ticket_withdrawn": ("till_order", "29b4d689-f5d1-4d0b-a986-c300e5698354"),
    "hook_ticket_paid": ("till_order", "52c26914-9809-5fe8-9068-f76a6a9aa9c5"),
    "hook_website_cart": ("cart", "9"),
}


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_of_the_add_ons_names_its_order_and_says_no_more(name: str) -> None:
    told = capture(name)["hook"]
    url = f"https://gateway.example/v1/hooks/hk/{SECRET}"
    raw = Raw(told["method"], url, told["headers"], told["body"].encode())
    ODOO.verify(raw, SETTINGS, datetime.now(UTC))
    (named,) = ODOO.identify(raw, SETTINGS)
    assert (named.kind, named.external_id) == HOOKS[name]
    assert ODOO.read(raw, SETTINGS) == Read(
        observations=(Hint(kind=named.kind, external_id=named.external_id),)
    )


# On the till a cart of a WooCommerce shop: one article known by reference, one by its bar code
# alone, one not at all.
SEEN: dict[str, tuple[Rows, int, int]] = {
    "woo_cart_placed": (
        [
            ("sku:LAMP-OAK", "2", 9980),
            ("sku:BOUGIE-01", "1", 2790),
            ("sku:COUSSIN-ECRU", "1", 2990),
        ],
        *(15760, 2626),
    ),
    # Of 25.11 € and 26.91 € Odoo rounds half a cent of tax up.
    "woo_cart_with_coupon_placed": (
        [
            ("sku:LAMP-OAK", "2", 8982),
            ("sku:BOUGIE-01", "1", 2511),
            ("sku:COUSSIN-ECRU", "1", 2691),
            ("sku:BOOK-LIGHT", "3", 5130),
        ],
        *(19314, 2632),
    ),
    "woo_cart_at_other_prices_placed": (
        [
            ("sku:LAMP-OAK", "2", 9980),
            ("sku:BOUGIE-01", "1", 2590),
            ("sku:COUSSIN-ECRU", "1", 2990),
        ],
        *(15560, 2593),
    ),
    "website_cart_begun": (
        [("sku:LAMP-OAK", "2", 9980), ("sku:BOOK-LIGHT", "1", 1900)],
        *(11880, 1762),
    ),
    "website_cart_written": (
        [("sku:LAMP-OAK", "3", 14970), ("sku:CUSHION", "1", 3490)],
        *(18460, 3077),
    ),
    "website_cart_frozen": (
        [("sku:LAMP-OAK", "3", 14970), ("sku:CUSHION", "1", 3490)],
        *(18460, 3077),
    ),
}


@pytest.mark.parametrize("name", SEEN)
async def test_a_cart_is_read_to_the_cent(name: str) -> None:
    read = await fetched(name)
    (seen,) = read.observations
    assert isinstance(seen, CartSeen)
    assert seen.kind == ("cart" if name.startswith("website") else "till_order")
    assert seen.external_id == capture(name)["ref"]["external_id"]
    rows, total, tax = SEEN[name]
    assert rows_of(seen.snapshot) == rows
    assert sum(cents for *_, cents in rows) == total
    taxes = [each for row in seen.snapshot.lines for each in row.prices.taxes]
    assert sum(each.amount or 0 for each in taxes) == tax
    assert read.report == ()


SOLD: dict[str, tuple[str, Rows, int]] = {
    "addon_pos_order_sold": (
        "260-2-000002",
        [("sku:LAMP-OAK", "2", 9980), ("sku:BOOK-LIGHT", "1", 1900)],
        11880,
    ),
    "woo_cart_sold_in_part": (
        "260-1-000013",
        [("sku:LAMP-OAK", "2", 9980), ("sku:COUSSIN-ECRU", "1", 2990)],
        12970,
    ),
    "woo_cart_with_coupon_sold": (
        "260-1-000017",
        [
            ("sku:LAMP-OAK", "2", 8982),
            ("sku:COUSSIN-ECRU", "1", 2691),
            ("sku:BOOK-LIGHT", "3", 5130),
        ],
        16803,
    ),
    "woo_cart_at_other_prices_sold": (
        "260-1-000015",
        [("sku:LAMP-OAK", "2", 9980), ("sku:COUSSIN-ECRU", "1", 2990)],
        12970,
    ),
}


@pytest.mark.parametrize("name", SOLD)
async def test_a_sale_is_told_with_its_articles_and_never_how_it_was_paid(name: str) -> None:
    read = await fetched(name)
    (sale,) = read.observations
    assert isinstance(sale, SaleSeen)
    receipt, rows, total = SOLD[name]
    assert (sale.external_id, sale.receipt_number) == (capture(name)["ref"]["external_id"], receipt)
    assert [(row.key, plain(row.quantity), row.total) for row in sale.lines] == rows
    assert sum(row.total or 0 for row in sale.lines) == total
    assert read.report == ()
    said = read.model_dump_json().lower()
    assert not [word for word in ("payment", "tender", "paid", "card", "cash") if word in said]


GONE = ("addon_pos_order_withdrawn", "till_ticket_bought_at_woo")


@pytest.mark.parametrize("name", GONE)
async def test_a_ticket_that_was_taken_off_the_till_is_gone(name: str) -> None:
    (gone,) = (await fetched(name)).observations
    assert isinstance(gone, CartGone)
    assert (gone.kind, gone.external_id) == ("till_order", capture(name)["ref"]["external_id"])


def write_of(name: str) -> Write:
    """The write that the recorded call was made of."""
    told = capture(name)
    ref = TwinRef(connection="con_1", **told["ref"])
    return Write.model_validate({**told["write"], "ref": ref})


WRITES: dict[str, type[Written | Moved]] = {
    "website_write_written": Written,
    "website_write_repeated": Written,
    "website_write_moved": Moved,
}


@pytest.mark.parametrize("name", WRITES)
async def test_a_write_to_a_web_cart_shows_what_became_of_it(name: str) -> None:
    answer = await replay(name, lambda remote: ODOO.push(write_of(name), remote))
    assert isinstance(answer, WRITES[name])
    shown = answer.snapshot
    assert rows_of(shown) == [("sku:LAMP-OAK", "3", 14970), ("sku:CUSHION", "1", 3490)]
    assert (shown.revision, shown.last_push) == (6, write_of("website_write_written").push_id)
    assert [(one.key, one.reason) for one in shown.refused] == [("sku:NOPE", "unknown_item")]
    assert [(one.code, one.reason) for one in shown.refused_codes] == [("NOEL", "not_supported")]


async def test_a_web_cart_that_is_no_more_cannot_be_written() -> None:
    name = "website_write_missing"
    with pytest.raises(Ignore, match="gone"):
        await replay(name, lambda remote: ODOO.push(write_of(name), remote))


async def test_a_web_cart_is_frozen_and_thawed() -> None:
    told = capture("website_freeze")
    ref = TwinRef(connection="con_1", **told["ref"])
    until = datetime.fromisoformat(told["until"])
    await replay("website_freeze", lambda far: ODOO.freeze(ref, until, "Lyon Part-Dieu", far))
    await replay("website_thaw", lambda far: ODOO.thaw(ref, far))


def test_every_capture_is_replayed() -> None:
    elsewhere = {"errors", "addon_till_calls"}  # refusals of Odoo; the till's own calls to its Odoo
    elsewhere |= JOURNEY  # what is no cart, replayed beside this
    here = {*HOOKS, *SEEN, *SOLD, *GONE, *WRITES}
    here |= {"website_write_missing", "website_freeze", "website_thaw"}
    assert {file.stem for file in CAPTURES.iterdir()} == here | elsewhere
