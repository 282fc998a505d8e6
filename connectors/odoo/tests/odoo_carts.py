"""Carts to put before a cashier, and what was sent to the small Odoo for them."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fake_odoo import LAMP
from fake_odoo_website import FakeWebsite

from cartbridge.sdk.contract import PlacedLine, Placement, Remote
from cartbridge.sdk.documents import Item, Prices

SECRET = "path-secret-of-today-0123456789abcdef"
Made = Callable[..., Remote]


def line(item: Item, quantity: str = "1", number: int = 1, **prices: Any) -> PlacedLine:
    return PlacedLine(
        line=f"lin_{number}",
        key=item.key,
        item=item,
        quantity=Decimal(quantity),
        prices=Prices(**prices),
    )


def placement(*lines: PlacedLine, **more: Any) -> Placement:
    told = {
        "cart": "crt_1",
        "name": "clm_1",
        "claim": "clm_1",
        "terminal": "1",
        "label": "WEB 7F3K",
        "currency": "EUR",
        "tax_mode": "inclusive",
        "lines": lines,
        "total": sum(one.prices.total or 0 for one in lines),
    }
    return Placement.model_validate({**told, **more})


def sent(odoo: FakeWebsite, method: str = "sync_from_ui") -> list[Any]:
    """What the calls of that method carried."""
    calls = [call for call in odoo.requests if call.url.path.endswith(f"/{method}")]
    return [json.loads(call.content, parse_float=Decimal) for call in calls]


LAMPS = line(LAMP, "2", unit_price=4990, total=9980)
