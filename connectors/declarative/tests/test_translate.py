"""What a mapping makes of bodies, to the cent, and how it names what does not fit."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from cartbridge_declarative import Declarative
from cartbridge_declarative.settings import Settings

from cartbridge.sdk.contract import Raw
from cartbridge.sdk.documents import Item, Line, ObservedLine, Quantity, Snapshot
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartSeen,
    CheckoutSeen,
    EnquirySeen,
    Read,
    SaleSeen,
)

RECEIVED = datetime(2026, 11, 20, 10, tzinfo=UTC)
CONNECTOR = Declarative()
SECRET = "s-9fKq2mXw71LbTzR4"
LINES = {
    "each": "rows",
    "sku": "sku",
    "gtin": "ean",
    "title": "name",
    "quantity": "qty",
    "unit": "unit",
    "unit_price": "price",
    "total": "sum",
    "tax_rate": "rate",
    "tax": "tax",
}
MONEY = {"amounts": "decimal_number", "tax_mode": "inclusive"}


def settings(**more: Any) -> Settings:
    mapping = {
        "signature": {"scheme": "path", "id_header": "X-Id"},
        "kind": {"always": "cart"},
        "document": {"external_id": "id", "time": "at"},
        "lines": LINES,
        "money": MONEY,
        "units": {"pc": "C62", "m": "MTR"},
        **more,
    }
    return Settings.model_validate({"mapping": json.dumps(mapping), "secrets": [SECRET]})


def hook(body: Any, **headers: str) -> Raw:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, text, RECEIVED)


def read(body: Any, told: Settings | None = None) -> Read:
    return CONNECTOR.read(hook(body), told or settings())


def cart(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "7", "at": "2026-11-20T09:00:00Z", "rows": list(rows), **more}


def row(**more: Any) -> dict[str, Any]:
    return {"sku": "A", "name": "Lampe", "qty": 2, "price": 4.99, "sum": 9.98, **more}


def snapshot(body: Any, told: Settings | None = None) -> Snapshot:
    (seen,) = read(body, told).observations
    assert isinstance(seen, CartSeen)
    return seen.snapshot


def line(told: Settings | None = None, **more: Any) -> ObservedLine:
    (only,) = snapshot(cart(row(**more)), told).lines
    return only


@pytest.mark.parametrize(
    ("amounts", "mark", "written", "minor"),
    [
        ("minor", ".", "4990", 4990),
        ("minor", ".", "-10", -10),
        ("decimal_text", ".", '"49.90"', 4990),
        ("decimal_text", ".", '"49"', 4900),
        ("decimal_text", ",", '"49,905"', 4991),
        ("decimal_number", ".", "49.9", 4990),
        ("decimal_number", ".", "0.285", 29),
        ("decimal_number", ".", "1.005", 101),
        ("decimal_number", ".", "-1.005", -101),
        ("decimal_number", ".", "49", 4900),
    ],
)
def test_amounts_are_read_to_the_cent(amounts: str, mark: str, written: str, minor: int) -> None:
    told = settings(money={"amounts": amounts, "decimal_mark": mark})
    body = b'{"id": "7", "at": null, "rows": [{"sku": "A", "qty": 1, "sum": %s}]}'
    (only,) = snapshot(body % written.encode(), told).lines
    assert only.prices.total == minor


@pytest.mark.parametrize(
    ("currency", "minor"), [("EUR", 1235), ("JPY", 12), ("TND", 12346), ("eur", 1235)]
)
def test_a_currency_has_its_own_decimals(currency: str, minor: int) -> None:
    told = settings(document={"external_id": "id", "time": "at", "currency": "cur"})
    seen = snapshot(cart(row(qty=1, sum=12.3456), cur=currency), told)
    assert seen.lines[0].prices.total == minor
    assert seen.currency == currency.upper()


def test_what_is_rounded_is_said_and_a_finer_price_is_kept() -> None:
    finer = line(price=3.3335, sum=6.667)
    assert (finer.prices.unit_price, finer.prices.unit_price_exact) == (333, "3.3335")
    (lost,) = read(cart(row(price=3.33, sum=6.667))).report
    assert (lost.field, lost.what) == ("rows[0].sum", "rounded")


def test_a_total_that_is_not_told_is_counted_from_the_exact_price() -> None:
    promotions = {"each": "cuts", "amount": "off"}
    told = settings(discounts=promotions)
    counted = line(told, price=3.335, qty=3, sum=None, cuts=[{"off": 1}, {"off": -5}])
    assert counted.prices.total == 1001 - 100
    assert [one.amount for one in counted.prices.discounts] == [100]
    body = cart(row(price=3.335, sum="", cuts=[{"off": -5}]))
    report = [(lost.field, lost.what) for lost in read(body, told).report]
    assert ("rows[0].cuts[0].off", "dropped") in report
    assert ("rows[0].sum", "defaulted") in report


@pytest.mark.parametrize(
    ("mode", "rates", "rate", "tax", "shown"),
    [
        ("inclusive", "percent", 20, None, ("0.2", 166)),
        ("exclusive", "percent", 20, None, ("0.2", 200)),
        ("inclusive", "percent", "5,5", None, ("0.055", 52)),
        ("inclusive", "fraction", 0.2, None, ("0.2", 166)),
        ("inclusive", "percent", 20, 1.67, ("0.2", 167)),
    ],
)
def test_tax_is_told_or_is_its_rate_of_the_total(
    mode: str, rates: str, rate: Any, tax: Any, shown: tuple[str, int]
) -> None:
    told = settings(money={**MONEY, "tax_mode": mode, "rates": rates})
    (only,) = line(told, rate=rate, tax=tax).prices.taxes
    assert (only.rate, only.amount) == shown


def test_tax_that_cannot_be_told_is_reported() -> None:
    told = settings(money={"amounts": "decimal_number"})
    report = read(cart(row(rate=20), row(sku="B", tax=1)), told).report
    assert [lost.field for lost in report] == ["rows[0].rate", "rows[1].tax"]


def test_rows_of_one_article_are_one_and_nothing_is_no_row() -> None:
    seen = snapshot(cart(row(), row(qty="0.5"), row(sku="B", qty=0), row(sku=None, ean="96385074")))
    assert seen.basket == {"sku:A": Decimal("2.5"), "gtin:00000096385074": Decimal(2)}
    lines = [
        Line(id="lin_0", item=Item(sku="A", title="A"), quantity=Quantity(value=Decimal(1))),
        Line(id="lin_1", item=Item(title="Ruban"), quantity=Quantity(value=Decimal("1.5"))),
    ]
    shown = CONNECTOR.project(tuple(lines), settings())
    assert [one.key for one in shown] == ["sku:A", "title:Ruban"]


def test_a_wrong_gtin_is_dropped_and_the_line_stays() -> None:
    wrong = line(sku=None, ean="3700123456781")
    assert (wrong.key, wrong.item.gtin, wrong.item.resolved) == ("title:Lampe", None, False)


def test_an_article_without_a_title_is_shown_by_its_number() -> None:
    (lost,) = read(cart(row(name=""))).report
    assert (lost.field, lost.what) == ("rows[0].name", "defaulted")
    assert line(name=None).item.title == "A"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (cart(row(), id=None), "id (document.external_id): it is missing"),
        (cart(row(), at="yesterday"), "at (document.time): a time is expected"),
        (cart(row(), at="2026-11-20T10:00:00"), "at (document.time): a time is expected"),
        (cart(row(qty=-1)), "rows[0].qty (lines.quantity): a quantity from 0 on"),
        (cart(row(), row(qty=True)), "rows[1].qty (lines.quantity): a number"),
        (cart(row(sum="9.98")), "rows[0].sum (lines.total): a number is expected"),
        (cart(row(sum=10**11)), "rows[0].sum (lines.total): an amount of any shop's range"),
        (cart(row(price=10**9, qty=10**8, sum=None)), "rows[0].price (lines.unit_price): times"),
        (cart(row(rate="vat20")), "rows[0].rate (lines.tax_rate): a tax rate is expected"),
        (cart(row(rate="NaN")), "rows[0].rate (lines.tax_rate): a tax rate is expected"),
        (cart(row(unit="kg")), "rows[0].unit (lines.unit): not one that [units] knows"),
        (cart(row(), row(unit="m")), "rows[1].unit (lines.unit): another row sells the same"),
        (cart(row(sku=None, name=None)), "rows[0].sku (lines.sku): neither a SKU nor"),
        (cart(row(name="x" * 501)), "rows[0].name (lines.title): a text of at most 500"),
        (cart(rows={"a": 1}), "rows (lines.each): a list of objects is expected"),
        (cart(rows=[1]), "rows (lines.each): a list of objects is expected"),
        (cart(rows=[row()] * 2001), "rows (lines.each): at most 2000 are read"),
        ([cart()], "body (document.each): a list; say where"),
        (b'[1], "x": [2]', "not JSON"),
        (b"[", "not JSON"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(wrong: Any, said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(wrong)
    assert said in str(caught.value)


def test_fields_that_nothing_reads_are_named_once_for_rows_that_are_alike() -> None:
    body = cart(row(), row(sku="B", eco=2), row(sku="C", eco=2), wrap={"paper": 1}, empty="")
    body["ada@example.fr"] = 1
    report = {lost.field: lost.why for lost in read(body).report}
    assert set(report) == {"rows[1].eco", "wrap", "…"}
    assert "1 more" in report["rows[1].eco"]
    ignored = settings(document={"external_id": "id", "time": "at", "ignored": ["wrap"]})
    assert "wrap" not in {lost.field for lost in read(body, ignored).report}


def test_a_list_of_documents_is_a_body_too() -> None:
    told = settings(document={"external_id": "id", "time": "at", "each": "@"})
    body = [cart(row()), cart(row(sku="B"), id="8")]
    named = CONNECTOR.identify(hook(body), told)
    assert [one.external_id for one in named] == ["7", "8"]
    assert len({one.dedup for one in named}) == 2
    assert [seen.external_id for seen in read(body, told).observations] == ["7", "8"]


def test_a_document_that_stands_twice_in_a_body_is_one_mention() -> None:
    place = {"external_id": "id", "time": "at", "revision": "rev", "each": "@"}
    told = settings(document=place)
    body = [cart(row(), rev=1), cart(row(sku="B"), rev=2)]
    (named,) = CONNECTOR.identify(hook(body), told)
    assert (named.external_id, named.revision) == ("7", None)
    assert len(read(body, told).observations) == 2


def test_what_is_told_for_another_kind_of_document_is_said() -> None:
    told = settings(
        kind={"body": "what", "values": {"w": "wishlist", "e": "enquiry"}},
        wishlist={"name": "title", "purpose": "for"},
        enquiry={
            "subject": "title",
            "message": "text",
            "about": "topic",
            "kinds": {"x": "call_back"},
        },
    )
    body = {**cart(row()), "title": "Noël", "for": "gift", "text": "Bonjour"}
    wishes = read({**body, "what": "w"}, told)
    assert [lost.field for lost in wishes.report if lost.what == "dropped"] == ["text"]
    asked = read({**body, "what": "e", "topic": "x"}, told)
    assert {lost.field for lost in asked.report if lost.what == "dropped"} == {"for", "rows"}
    (seen,) = asked.observations
    assert isinstance(seen, EnquirySeen)
    assert (seen.subject, seen.about) == ("Noël", "call_back")


def test_a_wish_list_and_a_cart_may_have_the_same_id() -> None:
    told = settings(
        kind={"document": "what", "values": {"w": "wishlist", "c": "cart"}},
        document={"external_id": "id", "time": "at", "each": "@"},
    )
    body = [cart(row(), what="w"), cart(row(), what="c")]
    named = CONNECTOR.identify(hook(body), told)
    assert [(one.kind, one.external_id) for one in named] == [("wishlist", "7"), ("cart", "7")]


KINDS = {
    "body": "what",
    "values": {
        "dropped": "gone",
        "paid": "ordered",
        "till": "sold",
        "pay": "checkout",
        "back": "checkout_left",
        "true": "ignored",
        "2": "returned",
    },
}
DOCUMENT = {"external_id": "id", "time": "at", "order_number": "number", "fulfilled": "done"}


def kinds(**body: Any) -> Read:
    return read({"id": "7", **body}, settings(kind=KINDS, document=DOCUMENT))


def test_each_kind_of_hook_says_its_own() -> None:
    (gone,) = kinds(what="dropped").observations
    assert isinstance(gone, CartGone)
    assert gone.at == RECEIVED
    (bought,) = kinds(what="paid", number=118, done="yes", rows=[row(), row()]).observations
    assert isinstance(bought, CartOrdered)
    assert (bought.order_number, bought.fulfilled) == ("118", True)
    (taken,) = bought.lines
    assert (taken.quantity, taken.total, taken.unit_price) == (Decimal(4), 1996, 499)
    (sold,) = kinds(what="till", number="T-1", rows=[row()]).observations
    assert isinstance(sold, SaleSeen)
    assert sold.receipt_number == "T-1"
    seen, step = kinds(what="pay", rows=[row()]).observations
    assert isinstance(seen, CartSeen)
    assert isinstance(step, CheckoutSeen)
    (left,) = kinds(what="back").observations
    assert isinstance(left, CheckoutSeen)
    assert left.step == "left"
    assert kinds(what=True).observations == ()
    assert len(kinds(what=2, rows=[row()]).observations) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"what": "exploded"}, "what (kind.body): not one that kind.values knows"),
        ({}, "what (kind.body): not one that kind.values knows"),
        ({"what": {}}, "what (kind.body): a text is expected"),
        ({"what": "till"}, "number (document.order_number): a sale has a receipt number"),
    ],
)
def test_a_kind_that_is_not_known_is_quarantined(body: dict[str, Any], said: str) -> None:
    with pytest.raises(Unreadable) as caught:
        kinds(**body)
    assert said in str(caught.value)
    assert "exploded" not in str(caught.value)


def test_what_is_ignored_may_look_like_anything() -> None:
    told = settings(kind=KINDS, document={**DOCUMENT, "each": "carts"})
    assert read({"what": True, "carts": "none"}, told) == Read()


def test_a_header_may_tell_the_kind() -> None:
    told = settings(kind={"header": "X-Topic", "values": {"cart/save": "cart", "*": "ignored"}})
    saved, other = hook(cart(), **{"x-topic": "cart/save"}), hook(cart(), **{"x-topic": "zz"})
    assert len(CONNECTOR.read(saved, told).observations) == 1
    assert CONNECTOR.identify(other, told) == []


def test_a_repeat_is_known_by_id_kind_and_body() -> None:
    told = settings(kind={"header": "x-topic", "values": {"a": "cart", "b": "gone"}})

    def dedup(body: Any, **headers: str) -> str | None:
        (named,) = CONNECTOR.identify(hook(body, **headers), told)
        return named.dedup

    first = dedup(cart(), **{"x-topic": "a", "x-id": "1"})
    assert first == dedup(cart(), **{"x-topic": "a", "x-id": "1"})
    others = {
        dedup(cart(), **{"x-topic": "b", "x-id": "1"}),
        dedup(cart(), **{"x-topic": "a", "x-id": "2"}),
        dedup(cart(row()), **{"x-topic": "a", "x-id": "1"}),
    }
    assert len({first} | others) == 4


def test_functions_work_on_exact_numbers() -> None:
    told = settings(
        lines={
            **LINES,
            "total": "sum([price, extra])",
            "title": "join(' ', [name, to_string(size)])",
            "quantity": "to_number(count) || qty",
        }
    )
    made = line(told, price=0.1, extra=0.2, size=2.50, count="1.5")
    assert (made.prices.total, made.item.title, made.quantity) == (30, "Lampe 2.5", Decimal("1.5"))
    sorted_rows = settings(lines={**LINES, "each": "sort_by(rows[?price > `1`], &price)"})
    body = cart(row(sku="B", price=3.5), row(sku="A", price=2), row(sku="C", price=0.5))
    assert list(snapshot(body, sorted_rows).basket) == ["sku:A", "sku:B"]


def test_rows_that_an_expression_makes_name_where_they_come_from() -> None:
    told = settings(lines={"each": "[{s: sku_1, q: qty_1}]", "sku": "s", "quantity": "q"})
    assert snapshot({"id": "7", "sku_1": "A", "qty_1": 2}, told).basket == {"sku:A": Decimal(2)}
    with pytest.raises(Unreadable, match="made of qty_1, sku_1"):
        read({"id": "7", "sku_1": "A", "qty_1": "two"}, told)


@pytest.mark.parametrize(
    ("form", "value", "moment"),
    [
        ("seconds", 1795168692, datetime(2026, 11, 20, 9, 58, 12, tzinfo=UTC)),
        ("seconds", "1795168692", datetime(2026, 11, 20, 9, 58, 12, tzinfo=UTC)),
        ("milliseconds", 1795168692345, datetime(2026, 11, 20, 9, 58, 12, 345000, UTC)),
        ("rfc3339", "2026-11-20T10:58:12.5+01:00", datetime(2026, 11, 20, 9, 58, 12, 500000, UTC)),
    ],
)
def test_times_are_read_in_their_form(form: str, value: Any, moment: datetime) -> None:
    told = settings(document={"external_id": "id", "time": "at", "time_form": form})
    assert snapshot(cart(at=value), told).at == moment


def test_what_was_read_again_has_to_tell_its_time() -> None:
    fetch = {
        "url": "https://shop.example/{external_id}",
        "kind": {"document": "state", "values": {"removed": "gone"}},
    }
    told = settings(fetch=fetch)
    with pytest.raises(Unreadable, match=r"^document\.time: "):
        CONNECTOR.read({"id": "7", "state": "removed"}, told)
