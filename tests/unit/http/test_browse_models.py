"""What a shop's pages tell, in our own form and in GA4's."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cartbridge.http.body import check
from cartbridge.http.browse_models import form_of
from cartbridge.services.observe_browsing import Fact, Visit
from cartbridge.services.problems import Problem

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
GA4: dict[str, Any] = {
    "client_id": "1234567.8901234",
    "user_id": "anna@example.com",
    "timestamp_micros": 1,
    "consent": {"analytics_storage": "GRANTED", "ad_user_data": "DENIED"},
    "events": [
        {
            "name": "view_item",
            "params": {
                "currency": "EUR",
                "items": [{"item_id": "LAMP-OAK", "item_name": "Lampe", "price": 49.9}, {}],
            },
        },
        {"name": "view_item_list", "params": {"item_list_name": "Lampes", "items": []}},
        {"name": "search", "params": {"search_term": "chêne"}},
        {"name": "purchase", "params": {"transaction_id": "1"}},
    ],
}


def told(value: Any) -> tuple[Visit, list[Fact]]:
    return check(form_of(value), value).told(NOW)


def test_ga4_s_events_are_read_and_its_word_on_who_she_is_is_not() -> None:
    visit, facts = told(GA4)

    assert visit == Visit("1234567.8901234", {"analytics": True, "marketing": False})
    assert [(fact.what, fact.at) for fact in facts] == [
        ("product_viewed", NOW),
        ("list_viewed", NOW),
        ("searched", NOW),
    ]
    assert facts[0].item is not None
    assert (facts[0].item.sku, facts[0].item.title) == ("LAMP-OAK", "Lampe")
    assert [fact.text for fact in facts[1:]] == ["Lampes", "chêne"]


@pytest.mark.parametrize("consent", [{}, {"ad_user_data": "GRANTED"}])
def test_ga4_without_analytics_storage_says_nothing_of_analytics(consent: Any) -> None:
    visit, _ = told({**GA4, "consent": consent})

    assert "analytics" not in visit.consent


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ([], "invalid_request", ""),
        ({"facts": []}, "invalid_request", "session"),
        ({"session": "x" * 200}, "invalid_request", "session"),
        ({"session": "s" * 32, "customer": "cus_1"}, "unknown_field", "customer"),
        (
            {"session": "s" * 32, "consent": {"any": 2}},
            "invalid_request",
            "consent.any",
        ),
        ({"session": "s" * 32, "facts": [{"what": "tried"}]}, "invalid_request", "facts.0.what"),
        (
            {"session": "s" * 32, "facts": [{"what": "product_viewed", "item": {}}]},
            "invalid_request",
            "facts.0",
        ),
        ({"session": "s" * 32, "facts": [{"what": "searched"}]}, "invalid_request", "facts.0"),
        ({**GA4, "events": [{"params": {}}]}, "invalid_request", "events.0.name"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(body: Any, code: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        told(body)

    assert caught.value.code == code
    assert caught.value.errors[0]["field"] == field
