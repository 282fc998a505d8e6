"""What a connection reads besides carts: only what its settings name, and only what can be."""

import json
from typing import Any

import pytest
from cartbridge_odoo import Odoo
from cartbridge_odoo.settings import Settings
from pydantic import ValidationError
from test_translate import CONNECTION, SETTINGS

from cartbridge.sdk.contract import Raw

ODOO = Odoo()


@pytest.mark.parametrize(
    "body",
    [
        {
            "_model": "product.wishlist",
            "id": 7,
            "partner_id": 11,
            "write_date": "2026-11-22 11:07:00",
        },
        {"_model": "crm.lead", "id": 2, "write_date": "2026-11-22 11:07:20"},
    ],
)
def test_what_is_not_read_is_not_named(body: dict[str, Any]) -> None:
    raw = Raw("POST", "https://gateway.example/v1/hooks/hk/x", {}, json.dumps(body).encode())
    assert ODOO.identify(raw, SETTINGS) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"quotations": True, "sales": False, "website": False}, "sales"),
        ({"wishlists": True, "website": False}, "website"),
        ({"browsing": True}, "companion"),
        ({"stock": True, "version": "17.0", "login": "a", "mode": "quotation"}, "version"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=f"{field}: "):
        Settings.model_validate({**CONNECTION, **wrong})
