"""Which orders changed: by their time of change in GMT, none missed, none told for ever."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import respx
from cartbridge_woocommerce import WooCommerce
from cartbridge_woocommerce.changes import OVERLAP, PAGE, Place, turn
from cartbridge_woocommerce.settings import Settings

from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Remote

WOO = WooCommerce()
REST = "https://shop.example/wp-json/wc/v3"
TOLD: dict[str, Any] = {
    "webhook_secrets": ["woo-secret-of-today"],
    "shop_url": "https://shop.example",
    "consumer_key": "ck_1",
    "consumer_secret": "cs_1",
}


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    async with make_client() as client:
        yield Remote(Settings.model_validate(TOLD), client)


@respx.mock
async def test_orders_are_listed_with_those_in_the_trash_by_their_time_in_gmt(
    remote: Remote,
) -> None:
    route = respx.get(f"{REST}/orders").respond(json=[])
    before = datetime.now(UTC) - timedelta(days=1, minutes=1)
    first = await WOO.changed_since(None, remote)
    asked = [dict(call.request.url.params) for call in route.calls]
    assert [one["status"] for one in asked] == ["any", "trash"]
    for one in asked:
        after = datetime.fromisoformat(one.pop("modified_after")).replace(tzinfo=UTC)
        assert before < after < datetime.now(UTC) - timedelta(hours=23)
        assert one["dates_are_gmt"] == "true"
        assert (one["orderby"], one["order"], one["per_page"]) == ("modified", "asc", "100")
    again = await WOO.changed_since(json.loads(json.dumps(first.cursor)), remote)
    assert again.cursor == first.cursor
    assert not again.more


def rows(*seconds: int, begin: int = 0) -> list[dict[str, Any]]:
    noon = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    return [
        {
            "id": begin + place,
            "date_modified_gmt": (noon + timedelta(seconds=moment)).strftime("%Y-%m-%dT%H:%M:%S"),
        }
        for place, moment in enumerate(seconds)
    ]


NOON = Place(datetime(2026, 11, 22, 12, 0, tzinfo=UTC), 1, {})


def test_the_next_look_begins_two_minutes_before_the_newest() -> None:
    new, place, more = turn(NOON, rows(0, 300, 310))
    assert len(new) == 3
    assert not more
    assert place.after == NOON.after + timedelta(seconds=310) - OVERLAP
    again, still, _ = turn(place, rows(300, 310, begin=1))
    assert (again, still) == ([], place)
    late, _, _ = turn(place, [*rows(250, begin=7), *rows(300, 310, begin=1)])
    assert [row["id"] for row in late] == [7]  # a slow request, listed after quicker ones


def test_two_changes_within_a_second_are_both_told() -> None:
    _, place, _ = turn(NOON, rows(300))
    changed = [{**rows(300)[0], "status": "processing"}]
    new, _, _ = turn(place, changed)
    assert new == changed


def test_more_changes_at_once_than_a_page_holds_are_all_told() -> None:
    first = rows(*[5] * PAGE)
    new, place, more = turn(NOON, first)
    assert (len(new), more, place.page, place.after) == (PAGE, True, 2, NOON.after)
    rest, last, again = turn(place, rows(5, 5, begin=PAGE))
    assert ([row["id"] for row in rest], again, last.page) == ([PAGE, PAGE + 1], False, 1)
