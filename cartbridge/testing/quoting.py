"""What a quote of ours says when it is written to a platform for a test."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cartbridge.domain.line import Prices
from cartbridge.domain.twin import Snapshot
from cartbridge.sdk.contract import Terms

EACH: Final = 1995  # what each article costs
VALID_UNTIL: Final = datetime(2030, 6, 14, 12, 0, tzinfo=UTC)


def prices_for(amount: Decimal) -> Prices:
    """What so much of any article costs."""
    return Prices(unit_price=EACH, total=int((EACH * amount).to_integral_value(ROUND_HALF_UP)))


def terms_of(before: Snapshot) -> Terms:
    """A quote that is issued, in the currency and the tax mode that it has there."""
    return Terms(
        state="issued",
        number="D-2026-7",
        valid_until=VALID_UNTIL,
        currency=before.currency or "EUR",
        tax_mode=before.tax_mode or "inclusive",
    )
