"""Traffic of a real Odoo 19, replayed: quotations, wish lists and leads as they were written."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cartbridge_odoo import Odoo
from cartbridge_odoo.settings import Settings
from test_captures import JOURNEY, SETTINGS, capture, replay

from cartbridge.sdk.contract import Terms, ThreadMessage, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, Prices, Snapshot, TwinRef
from cartbridge.sdk.errors import Refuse

ODOO = Odoo()
APPS = dict.fromkeys(("quotations", "wishlists", "leads", "stock", "browsing"), True)
ALL = Settings.model_validate(
    {
        "base_url": "https://odoo.example",
        "database": SETTINGS.database,
        "api_key": SETTINGS.api_key,
        "path_secrets": SETTINGS.path_secrets,
        "mode": "add_on",
        "config_ids": [1, 2],
        "companion": True,
        "company_id": 1,
        **APPS,
    }
)
CLOSING = Settings.model_validate({**dict(ALL), "closed_stage_id": 4})
UNTIL = datetime(2026, 12, 20, 23, 59, 59, tzinfo=UTC)


def ref(name: str) -> TwinRef:
    return TwinRef(connection="con_1", **capture(name)["ref"])


def row(sku: str, quantity: str, **prices: Any) -> WriteLine:
    item = Item(sku=sku, title=sku)
    told = Prices(**prices) if prices else None
    return WriteLine(key=item.key, item=item, quantity=quantity, prices=told)


def terms(state: Any, mode: Any = "inclusive", **more: Any) -> Terms:
    return Terms(state=state, number="S1", currency="EUR", tax_mode=mode, **more)


REVISED = (
    row("LAMP-OAK", "4", unit_price=4500, total=16000),
    row("BOOK-LIGHT", "0"),
    row("CUSHION", "1", unit_price=3000, total=3000),
    row("NOPE", "1"),
)


async def pushed(name: str, push_id: str, terms: Terms | None, *rows: WriteLine) -> Snapshot:
    write = Write(push_id=push_id, ref=ref(name), lines=rows, terms=terms)
    result = await replay(name, lambda remote: ODOO.push(write, remote), ALL)
    assert isinstance(result, Written)
    return result.snapshot


async def test_a_quotation_was_revised_at_prices_that_held() -> None:
    shown = await pushed("quotation_revised", "psh_1", terms("issued", valid_until=UNTIL), *REVISED)
    assert [(one.key, one.prices.total) for one in shown.lines] == [
        ("sku:LAMP-OAK", 16000),
        ("sku:CUSHION", 3000),
    ]
    assert [(one.key, one.reason) for one in shown.refused] == [("sku:NOPE", "unknown_item")]


async def test_a_company_s_quotation_was_revised_before_tax() -> None:
    lamps = row("LAMP-OAK", "5", unit_price=4158, total=19543)
    name = "quotation_before_tax_revised"
    shown = await pushed(name, "psh_10", terms("issued", "exclusive"), lamps)
    (line,) = shown.lines
    assert (shown.tax_mode, line.prices.total, line.prices.taxes[0].amount) == (
        "exclusive",
        19543,
        3909,
    )


async def test_a_quotation_that_a_till_sold_was_cancelled_with_a_note() -> None:
    sold = terms("converted", valid_until=UNTIL, receipt_number="260-1-000077")
    await pushed("quotation_sold", "psh_3", sold, *REVISED)
    methods = [
        call["request"]["path"].rpartition("/")[2] for call in capture("quotation_sold")["calls"]
    ]
    assert [one for one in methods if one != "search_read"] == [
        "write",
        "action_cancel",
        "message_post",
    ]


async def test_rows_of_a_wish_list_came_and_went() -> None:
    rows = (row("LAMP-OAK", "0"), row("CUSHION", "2"), row("NOPE", "1"), row("PLAID", "1"))
    shown = await pushed("wishlist_written", "psh_1", None, *rows)
    assert shown.basket == {"sku:BOOK-LIGHT": 1, "sku:CUSHION": 1, "sku:PLAID": 1}
    told = [(one.key, int(one.accepted), one.reason) for one in shown.refused]
    assert told == [("sku:CUSHION", 1, "no_quantity"), ("sku:NOPE", 0, "unknown_item")]


async def test_a_list_that_the_user_may_not_see_is_not_told_as_empty() -> None:
    name = "wishlist_not_allowed"
    with pytest.raises(Refuse, match="Sales: Administrator"):
        await replay(name, lambda remote: ODOO.fetch(ref(name), remote), ALL)


async def test_an_answer_was_posted_once() -> None:
    answer = ThreadMessage(
        name="msg_0190/é 1",
        at=UNTIL,
        channel="tablet",
        author="staff",
        staff="vendeur 12",
        text="Samedi 10 h ?\nÀ <bientôt>",
    )

    async def twice(remote: Any) -> None:
        for _ in range(2):
            await ODOO.answer_enquiry(ref("lead_answered"), answer, remote)

    await replay("lead_answered", twice, ALL)


async def test_a_lead_went_to_its_stage_when_its_enquiry_was_closed() -> None:
    last = ThreadMessage(
        name="msg_3",
        at=UNTIL,
        channel="tablet",
        author="staff",
        staff="vendeur 12",
        text="Fait",
        closes=True,
    )
    name = "lead_closed"
    await replay(name, lambda remote: ODOO.answer_enquiry(ref(name), last, remote), CLOSING)
    written = capture(name)["calls"][-1]["request"]
    assert written["json"]["vals"] == {"stage_id": 4}


def test_each_of_them_is_replayed_here() -> None:
    told = Path(__file__).read_text("utf-8")
    assert all(f'"{name}"' in told for name in JOURNEY)
