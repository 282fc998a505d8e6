"""Campaign and click ids out of what a shop tells of a visit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cartbridge.domain.report.facts import Touch

CAMPAIGN: Final = (
    *("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id"),
)
CLICKS: Final = (
    *("gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid"),
    *("ttclid", "twclid", "li_fat_id", "epik", "sccid"),
)


def touch_of(told: Mapping[str, str], at: datetime) -> Touch | None:
    """The touch that a shop's `attribution` tells of; None where it names no campaign, no click."""
    by_name = {name.lower(): value for name, value in told.items() if value}
    campaign = {name: by_name[name] for name in CAMPAIGN if name in by_name}
    clicks = {name: by_name[name] for name in CLICKS if name in by_name}
    return Touch(at=at, campaign=campaign, clicks=clicks) if campaign or clicks else None


def same(one: Touch | None, other: Touch | None) -> bool:
    """Whether two touches are one visit told twice."""
    if one is None or other is None:
        return one is other
    return (one.campaign, one.clicks) == (other.campaign, other.clicks)
