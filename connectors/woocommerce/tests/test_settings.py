"""What an operator may set up, and what is said of what would not work."""

from typing import Any

import pytest
from cartbridge_woocommerce.settings import Settings
from pydantic import ValidationError

TOLD: dict[str, Any] = {
    "webhook_secrets": ["woo-secret-of-today"],
    "shop_url": "https://shop.example",
    "consumer_key": "ck_1",
    "consumer_secret": "cs_1",
}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("shop_url", "http://shop.example", "https"),
        ("shop_url", "https://a:b@shop.example", "without user name"),
        ("shop_url", "https://shop.example/?x", "without"),
        ("consumer_key", "cs_1", "ck_"),
        ("consumer_secret", "ck_1", "cs_"),
        ("webhook_secrets", ["short"], "16"),
        ("webhook_secrets", ["with <angles> and more"], "leave them out"),
        ("webhook_secrets", [], "at least 1"),
    ],
)
def test_settings_that_would_not_work_say_why(name: str, value: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        Settings.model_validate({**TOLD, name: value})
    assert str(value) not in str(caught.value) or name == "shop_url"


def test_a_price_list_is_in_a_currency() -> None:
    with pytest.raises(ValidationError, match="currency"):
        Settings.model_validate({**TOLD, "price_list": "fr-web"})
    assert Settings.model_validate({**TOLD, "price_list": "fr-web", "currency": "EUR"})


def test_http_is_for_this_machine_alone() -> None:
    told = {**TOLD, "shop_url": "http://127.0.0.1:8890/blog/"}
    assert Settings.model_validate(told).shop_url == "http://127.0.0.1:8890/blog"
