"""What the canonical webhook says, field by field."""

import json
from decimal import Decimal
from typing import Any

import pytest
from cartbridge_standard import Standard
from pydantic import ValidationError

from cartbridge.sdk.contract import Raw
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import CartOrdered, CartReturned, CartSeen, Read
from cartbridge.testing.connector import cart_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD = Standard()


def settings(**more: Any) -> Any:
    return Standard.manifest.settings.model_validate({"webhook_secrets": [SECRET], **more})


def hook(body: Any) -> Raw:
    text = body if isinstance(body, str) else json.dumps(body)
    return Raw("POST", "https://gateway.example/v1/hooks/hk", {}, text.encode())


def read(kind: str, **data: Any) -> Read:
    body = {"type": kind, "timestamp": "2026-11-20T10:00:00Z", "data": data}
    return STANDARD.read(hook(body), settings())


def snapshot(*lines: Any, **data: Any) -> CartSeen:
    (seen,) = read("cart.snapshot", external_id="c1", lines=lines, **data).observations
    assert isinstance(seen, CartSeen)
    return seen


def line(**more: Any) -> dict[str, Any]:
    return {"item": {"sku": "A", "title": "A"}, "quantity": 1, "unit_price": 100, **more}


@pytest.mark.parametrize("quantity", [2, "2", "2.0", {"value": "2"}, {"value": 2, "unit": "C62"}])
def test_a_quantity_may_be_a_number_a_text_or_have_a_unit(quantity: Any) -> None:
    assert snapshot(line(quantity=quantity)).snapshot.basket == {"sku:A": 2}


@pytest.mark.parametrize(
    "quantity", [0, -1, "0", "-1", "1e3", "1_0", "NaN", True, None, [], {"value": "1.1234567"}]
)
def test_a_quantity_that_is_none_is_named(quantity: Any) -> None:
    with pytest.raises(Unreadable, match=r"^data\.lines\[0\]\.quantity"):
        snapshot(line(quantity=quantity))


@pytest.mark.parametrize("field", ["unit_price", "list_price", "total"])
@pytest.mark.parametrize("amount", [49.9, "4990", True, 10**13])
def test_money_is_an_integer_of_minor_units(field: str, amount: Any) -> None:
    with pytest.raises(Unreadable, match=rf"^data\.lines\[0\]\.{field}: "):
        snapshot(line(**{field: amount}))


def test_an_error_names_fields_and_repeats_no_content() -> None:
    with pytest.raises(Unreadable) as caught:
        snapshot(line(note=["lea@example.test"]), customer={"email": ["lea@example.test"]})
    assert "data.customer.email" in str(caught.value)
    assert "lea@" not in repr(caught.value) + repr(caught.value.__cause__)


def test_a_total_that_is_not_told_is_computed_and_said() -> None:
    row = line(unit_price=333, quantity="1.5", discounts=[{"amount": 100}, {"amount": 50}])
    result = read("cart.snapshot", external_id="c1", currency="EUR", lines=[row])
    (seen,) = result.observations
    assert isinstance(seen, CartSeen)
    assert seen.snapshot.lines[0].prices.total == 350  # 499.5 rounds to 500, less 150
    assert [(lost.field, lost.what) for lost in result.report] == [
        ("data.lines[0].total", "defaulted")
    ]


def test_too_many_lines_and_too_long_texts_are_refused() -> None:
    assert len(snapshot(*[line()] * 2000).snapshot.lines) == 2000
    with pytest.raises(Unreadable, match=r"^data\.lines: .*2000"):
        snapshot(*[line()] * 2001)
    with pytest.raises(Unreadable, match=r"^data\.lines\[0\]\.item\.title: .*500"):
        snapshot(line(item={"sku": "A", "title": "x" * 501}))


def test_a_wrong_gtin_leaves_the_line_unresolved() -> None:
    for gtin in ("3760123450011", "12", "376012345001\u0660", "3760123450010\n", 3.7, {"a": 1}):
        (row,) = snapshot(line(item={"gtin": gtin, "sku": "A"})).snapshot.lines
        assert (row.item.gtin, row.item.resolved, row.key) == (None, False, "sku:A")
    (row,) = snapshot(line(item={"gtin": "3760123450011"})).snapshot.lines
    assert (row.key, row.item.resolved) == ("title:3760123450011", False)


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ({"sku": "A", "gtin": "3760123450010", "title": "x"}, "sku:A"),
        ({"gtin": "3760123450010", "title": "x"}, "gtin:03760123450010"),
        ({"gtin": 3760123450010, "title": "x"}, "gtin:03760123450010"),
        ({"title": "x"}, "title:x"),
        ({"sku": "A", "title": "x", "variant": "M", "attributes": {"colour": "red"}}, "sku:A"),
        ({"sku": "A", "attributes": {"Engraving": "Anna"}}, "sku:A#21763bb41310d14a"),
        ({"title": "x", "variant": "M"}, "title:x#5a5a99fdfd7b0811"),
    ],
)
def test_the_item_key_is_stable(item: Any, key: str) -> None:
    assert snapshot(line(item=item)).snapshot.lines[0].key == key


def test_attributes_distinguish_in_any_order() -> None:
    def engraved(**attributes: str) -> dict[str, Any]:
        return line(item={"sku": "RING", "attributes": attributes})

    seen = snapshot(
        engraved(engraving="Anna", initials="A"),
        engraved(initials="A", engraving="Anna", colour="gold"),
        engraved(engraving="Paul", initials="A"),
    ).snapshot
    assert sorted(seen.basket.values()) == [1, 2]
    assert not any("Anna" in key for key in seen.basket)


def test_rows_of_one_article_are_summed_in_its_own_form() -> None:
    seen = snapshot(line(quantity=2), line(quantity="0.5", external_id="other row")).snapshot
    (row,) = STANDARD.project(cart_of(seen).lines, None)
    assert (row.key, row.quantity, row.lines) == ("sku:A", seen.basket["sku:A"], ("lin_0", "lin_1"))


def test_rows_that_only_their_description_tells_apart_are_said() -> None:
    small, large = (line(item={"sku": "A", "title": "A", "variant": size}) for size in "SL")
    result = read("cart.snapshot", external_id="c1", currency="EUR", lines=[small, large])
    assert [lost.field for lost in result.report if lost.what == "dropped"] == [
        "data.lines[1].item"
    ]


def test_one_article_in_two_units_is_refused() -> None:
    metres = line(quantity={"value": "2", "unit": "MTR"})
    with pytest.raises(Unreadable, match=r"^data\.lines\[1\]\.quantity\.unit: "):
        snapshot(line(), metres)


def test_units_tell_how_an_article_is_sold() -> None:
    rows = [
        line(item={"sku": unit}, quantity={"value": 1, "unit": unit})
        for unit in ("C62", "KGM", "MTR", "MTK", "LTR")
    ]
    sold_by = [row.sold_by for row in snapshot(*rows).snapshot.lines]
    assert sold_by == ["piece", "weight", "length", "area", "volume"]


def test_a_cart_is_told_whole_or_not_at_all() -> None:
    with pytest.raises(Unreadable, match=r"^data\.lines: Field required"):
        read("cart.snapshot", external_id="c1")
    assert snapshot().snapshot.basket == {}


def test_what_is_not_said_is_the_connections() -> None:
    own = settings(currency="CHF", channel="app")
    body = {"type": "cart.snapshot", "data": {"external_id": "c1", "lines": []}}
    (seen,) = STANDARD.read(hook(body), own).observations
    assert isinstance(seen, CartSeen)
    assert (seen.snapshot.currency, seen.snapshot.channel) == ("CHF", "app")


def test_unknown_fields_are_counted() -> None:
    row = {**line(), "shelf": 1, "item": {"sku": "A", "title": "A", "season": "AH"}}
    result = read("cart.snapshot", external_id="c1", currency="EUR", lines=[row], mood={"a": 1})
    assert [lost.why for lost in result.report if lost.field == "…"] == [
        "3 fields that this version does not know"
    ]


def test_a_long_report_ends_in_a_count() -> None:
    result = read("cart.snapshot", external_id="c1", currency="EUR", lines=[line()] * 150)
    assert len(result.report) == 101
    assert result.report[-1].why == "50 more entries like these"


def test_an_undocumented_type_is_quarantined() -> None:
    with pytest.raises(Unreadable, match=r"^type: "):
        STANDARD.identify(hook({"type": "cart.exploded", "data": {}}), settings())


def test_an_order_is_carried_out_or_still_to_be_handed_over() -> None:
    for kind, fulfilled in (("carry_out", True), ("delivery", False), ("pick_up", False)):
        result = read("cart.ordered", external_id="c1", fulfilment={"kind": kind, "store": "s1"})
        (seen,) = result.observations
        assert isinstance(seen, CartOrdered)
        assert seen.fulfilled is fulfilled
        assert seen.fulfilment is not None
        assert (seen.fulfilment.kind, seen.fulfilment.store) == (kind, "s1")


def test_a_return_sums_its_rows() -> None:
    rows = [{"item": {"sku": "A"}, "quantity": n, "total": 100 * n} for n in (1, 2)]
    (seen,) = read("cart.returned", external_id="c1", lines=rows).observations
    assert isinstance(seen, CartReturned)
    expected = [("sku:A", Decimal(3), 300)]
    assert [(row.key, row.quantity, row.total) for row in seen.lines] == expected


def test_only_a_snapshot_is_ordered_by_its_revision() -> None:
    data = {"external_id": "c1", "revision": 7, "lines": [], "state": "issued"}
    whole = ("cart.snapshot", "wishlist.snapshot", "quote.snapshot")
    parts = ("cart.ordered", "cart.deleted", "wishlist.deleted", "enquiry.opened")
    for kind, revision in (*((kind, 7) for kind in whole), *((kind, None) for kind in parts)):
        (named,) = STANDARD.identify(hook({"type": kind, "data": data}), settings())
        assert (named.external_id, named.revision) == ("c1", revision)


def test_two_bodies_under_one_message_id_are_two_mentions() -> None:
    one, other = (
        STANDARD.identify(
            Raw("POST", "u", {"webhook-id": "msg_1"}, json.dumps(body).encode()), settings()
        )[0].dedup
        for body in (
            {"type": "cart.deleted", "data": {"external_id": "c1", "revision": n}} for n in (1, 2)
        )
    )
    assert one != other


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_secrets": []},
        {"webhook_secrets": ["whsec_dG9vIHNob3J0"]},
        {"webhook_secrets": ["c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"]},
        {"write_url": "http://shop.example/write"},
        {"write_url": "http://127.0.0.1.shop.example/write"},
        {"read_url": "https://user:word@shop.example/read"},
        {"read_url": "ftp://127.0.0.1/"},
        {"currency": "euro"},
        {"channel": "fax"},
        {"colour": "red"},
        {"writes_wishlists": True},
        {"writes_quotes": "yes", "write_url": "https://shop.example/write"},
        {"answers_enquiries": True, "read_url": "https://shop.example/read"},
    ],
)
def test_wrong_settings_are_refused_without_repeating_them(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**wrong)
    for secret in (SECRET, "dG9vIHNob3J0", "c2VjcmV0", "word@"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost", "[::1]:8001"])
def test_plain_http_is_for_this_machine_alone(host: str) -> None:
    assert settings(write_url=f"http://{host}/write").write_url == f"http://{host}/write"


def test_without_its_urls_a_connection_can_do_less() -> None:
    assert STANDARD.writes(settings()) == "none"
    assert STANDARD.capabilities(settings()) == frozenset()
    writable = settings(write_url="https://shop.example/w")
    assert STANDARD.writes(writable) == "conditional"
    assert STANDARD.capabilities(writable) == {"push"}
    assert STANDARD.capabilities(settings(read_url="https://shop.example/r")) == {"fetch"}
    more = settings(write_url="https://shop.example/w", writes_quotes=True, answers_enquiries=True)
    assert STANDARD.capabilities(more) == {"push", "push_quotes", "answer_enquiries"}
