"""What a loyalty card shows: Odoo keeps a card for each program and customer, with its points."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from cartbridge.sdk.both_sides import LoyaltyShown
from cartbridge.sdk.contract import Remote
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.articles import record
from cartbridge_odoo.calls import Calls

CARD: Final = "loyalty.card"
_CARD: Final = ("points", "points_display")
_MOST: Final = 20


class Card(wire.Wire):
    """A `loyalty.card`, its points as Odoo writes them beside their name."""

    id: wire.Id
    points: wire.Number = Decimal(0)
    points_display: wire.Maybe = None


async def card_shown(number: str, remote: Remote) -> LoyaltyShown | None:
    """The living loyalty cards of that code, or of the contact whose bar code it is.

    Of several programs each balance is told in words: one number would be none of theirs.
    """
    calls = Calls(remote)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    domain: list[Any] = [
        ["program_id.program_type", "=", "loyalty"],
        *("|", ["expiration_date", "=", False], ["expiration_date", ">=", today]),
        *("|", ["code", "=", number], ["partner_id.barcode", "=", number]),
    ]
    rows = await calls.search(CARD, domain, _CARD, order="id", limit=_MOST)
    cards = [record(Card, row, "loyalty card") for row in rows]
    if not cards:
        return None
    if len(cards) == 1:
        return LoyaltyShown(number=number, points=int(cards[0].points))
    said = tuple(card.points_display for card in cards if card.points_display)
    return LoyaltyShown(number=number, advantages=said)
