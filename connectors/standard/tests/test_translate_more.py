"""What the canonical webhook says beside the cart: documents, people, looks, stock and prices."""

import json
from decimal import Decimal
from typing import Any

import pytest
from cartbridge_standard import Standard

from cartbridge.sdk.contract import Named, Raw
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import (
    Browsed,
    CartSeen,
    CustomerSeen,
    EnquiryMessageSeen,
    EnquirySeen,
    PriceSeen,
    QuoteSeen,
    Read,
    StockSeen,
    WishlistSeen,
)

STANDARD = Standard()
SETTINGS: Any = Standard.manifest.settings.model_validate(
    {"webhook_secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "currency": "CHF"}
)


def hook(topic: str, data: dict[str, Any], message: str | None = "msg_1") -> Raw:
    body = {"type": topic, "timestamp": "2026-11-20T10:00:00Z", "data": data}
    headers = {} if message is None else {"webhook-id": message}
    return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, json.dumps(body).encode())


def read(topic: str, message: str | None = "msg_1", **data: Any) -> Read:
    return STANDARD.read(hook(topic, data, message), SETTINGS)


def named(topic: str, message: str | None = "msg_1", **data: Any) -> list[Named]:
    return STANDARD.identify(hook(topic, data, message), SETTINGS)


def lost(said: Read) -> list[tuple[str, str]]:
    return [(one.field, one.what) for one in said.report]


def test_a_wish_list_in_a_state_nobody_knows_is_read_without_it() -> None:
    said = read("wishlist.snapshot", external_id="w", currency="EUR", lines=[], state="secret")
    (seen,) = said.observations
    assert isinstance(seen, WishlistSeen)
    assert seen.state is None
    assert lost(said) == [("data.state", "dropped")]


@pytest.mark.parametrize("state", [None, "", "sold", 1])
def test_a_quote_says_in_which_state_it_is(state: Any) -> None:
    with pytest.raises(Unreadable, match=r"^data\.state: "):
        read("quote.snapshot", external_id="q", lines=[], state=state)


@pytest.mark.parametrize("kind", ["wishlist.snapshot", "quote.snapshot"])
def test_a_document_is_told_whole_or_not_at_all(kind: str) -> None:
    with pytest.raises(Unreadable, match=r"data\.lines: Field required"):
        read(kind, external_id="d", state="issued")


@pytest.mark.parametrize(
    ("company", "known"),
    [
        ("Studio", ("Studio", None)),
        ({"name": "Studio"}, ("Studio", None)),
        ({"name": "Studio", "vat_number": "FR1"}, ("Studio", "FR1")),
        ({"vat_number": "FR1"}, ("FR1", "FR1")),
        ({"size": "small"}, None),
    ],
)
@pytest.mark.parametrize("kind", ["cart.snapshot", "wishlist.snapshot", "quote.snapshot"])
def test_the_company_she_buys_for_is_carried(kind: str, company: Any, known: Any) -> None:
    customer = {"external_id": "u", "company": company}
    said = read(kind, external_id="d", lines=[], state="issued", customer=customer)
    (seen,) = said.observations
    assert isinstance(seen, CartSeen | WishlistSeen | QuoteSeen)
    who = seen.snapshot.customer
    assert who is not None
    told = who.company and (who.company.name, who.company.vat_number)
    assert told == known


def test_an_enquiry_of_a_kind_nobody_knows_is_one_for_information() -> None:
    said = read("enquiry.opened", external_id="e", kind="love")
    (seen,) = said.observations
    assert isinstance(seen, EnquirySeen)
    assert (seen.about, seen.closed) == ("information", False)
    assert lost(said) == [("data.kind", "defaulted")]


def test_a_message_without_an_id_is_named_by_the_one_it_came_in() -> None:
    def name(message: str | None, **more: Any) -> str:
        told = {"external_id": "e", "author": "customer", "text": "Bonjour", **more}
        (seen,) = read("enquiry.message", message, **told).observations
        assert isinstance(seen, EnquiryMessageSeen)
        return seen.name

    assert name("msg_1", id="m-1") == name("msg_2", id="m-1") == "m-1"
    assert name("msg_1") == name("msg_1") != name("msg_2")
    assert name("msg_1", page="/contact") == name("msg_1")
    assert name("x\udcff") != name("x")
    with pytest.raises(Unreadable, match=r"^data\.id: "):
        name(None)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("product.viewed", "item"),
        ("product.searched", "query"),
        ("list.viewed", "list"),
        ("stock.level", "store"),
        ("stock.level", "quantity"),
        ("price.changed", "price_list"),
        ("consent.updated", "consent"),
        ("enquiry.message", "text"),
        ("enquiry.message", "author"),
    ],
)
def test_what_is_missing_is_named(kind: str, missing: str) -> None:
    told = {"session": "s", "external_id": "x", "sku": "A"}
    with pytest.raises(Unreadable, match=rf"data\.{missing}: Field required"):
        read(kind, **told)


def test_a_long_search_is_cut_and_said() -> None:
    said = read("product.searched", session="s", query="x" * 201)
    (seen,) = said.observations
    assert isinstance(seen, Browsed)
    assert (seen.text, lost(said)) == ("x" * 200, [("data.query", "rounded")])


def test_a_customer_without_an_id_there_is_never_named_by_her_address() -> None:
    told: dict[str, Any] = {"email": "lea@example.test", "consent": {"marketing": False}}
    (one,) = named("consent.updated", **told)
    assert one.kind == "customer"
    assert "lea" not in one.external_id
    (seen,) = read("consent.updated", **told).observations
    assert isinstance(seen, CustomerSeen)
    assert seen.external_id == one.external_id
    assert (seen.customer.external_id, seen.customer.email) == (None, "lea@example.test")
    assert seen.consent == {"marketing": False}


def test_an_update_that_says_nothing_of_consent_takes_none_away() -> None:
    (seen,) = read("customer.updated", external_id="u", first_name="Léa").observations
    assert isinstance(seen, CustomerSeen)
    assert (seen.consent, seen.erasure_requested) == (None, False)


@pytest.mark.parametrize("kind", ["customer.updated", "customer.erasure_requested"])
def test_somebody_is_named_by_something(kind: str) -> None:
    with pytest.raises(Unreadable, match=r"^data: .*external_id, email, phone, loyalty_number"):
        read(kind, first_name="Léa")


def test_many_levels_of_one_article_are_one_mention() -> None:
    rows = [{"sku": sku, "store": store, "quantity": 1} for sku in "AB" for store in ("1", "2")]
    mentions = named("stock.level", levels=rows)
    assert [one.external_id for one in mentions] == ["sku:A", "sku:B"]
    assert len({one.dedup for one in mentions}) == 2
    assert named("stock.level", levels=rows) == mentions
    assert len(read("stock.level", levels=rows).observations) == 4


def test_a_row_of_no_article_costs_the_others_nothing() -> None:
    good, bad = {"sku": "A"}, {"gtin": "3760123450011", "title": "Vase"}
    rows = [{**one, "price_list": "fr", "unit_price": 100} for one in (bad, good)]
    said = read("price.changed", prices=rows)
    (seen,) = said.observations
    assert isinstance(seen, PriceSeen)
    assert (seen.external_id, seen.currency) == ("sku:A", "CHF")
    assert ("data.prices[0]", "dropped") in lost(said)
    with pytest.raises(Unreadable, match=r"^data\.prices: tell the SKU"):
        read("price.changed", prices=rows[:1])


@pytest.mark.parametrize("told", [{}, {"unit_price": 100, "removed": True}])
def test_a_price_is_told_or_removed(told: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match=r"^data: .*unit_price"):
        read("price.changed", sku="A", price_list="fr", **told)
    (seen,) = read("price.changed", sku="A", price_list="fr", removed=True).observations
    assert isinstance(seen, PriceSeen)
    assert seen.unit_price is None


@pytest.mark.parametrize(
    ("quantity", "held"), [(0, "0"), ("12.5", "12.5"), (-3, "0"), ("-0.5", "0"), (1.25, "1.25")]
)
def test_a_stock_is_never_less_than_none(quantity: Any, held: str) -> None:
    (seen,) = read("stock.level", sku="A", store="1", quantity=quantity).observations
    assert isinstance(seen, StockSeen)
    assert seen.quantity == Decimal(held)


@pytest.mark.parametrize("quantity", ["--1", "1e3", True, {"value": 1}, "much"])
def test_a_stock_that_is_no_number_is_refused(quantity: Any) -> None:
    with pytest.raises(Unreadable, match=r"^data\.quantity: "):
        read("stock.level", sku="A", store="1", quantity=quantity)


def test_no_more_than_five_hundred_rows_come_at_once() -> None:
    row = {"sku": "A", "store": "1", "quantity": 1}
    assert len(read("stock.level", levels=[row] * 500).observations) == 500
    with pytest.raises(Unreadable, match=r"^data\.levels: .*500"):
        read("stock.level", levels=[row] * 501)


def test_a_change_that_was_listed_says_what_became_of_a_wish_list() -> None:
    gone = {"type": "wishlist.deleted", "data": {"external_id": "w", "at": "2026-11-20T10:00:00Z"}}
    (seen,) = STANDARD.read(gone, SETTINGS).observations
    assert (seen.kind, seen.external_id) == ("wishlist", "w")
