"""What her pass says of a reservation: where and until when, and what the store did not find."""

from dataclasses import dataclass

from cartbridge.domain.cart.state import Cart
from cartbridge.pages.words import Words


@dataclass(frozen=True)
class ReservedAt:
    """The store that sets her cart aside, and whose clock counts."""

    store: str
    time_zone: str


@dataclass(frozen=True)
class Reserved:
    """The sentences; the last two are there if something was not found."""

    title: str
    text: str
    good: bool
    missing_title: str | None
    missing_text: str | None


def reserved(words: Words, cart: Cart, at: ReservedAt | None) -> Reserved | None:
    """In the brand's words and the store's own time; None for a cart that is not reserved."""
    told = cart.reservation
    if told is None or at is None:
        return None
    when = {
        "date": words.date(told.until, at.time_zone),
        "time": words.time(told.until, at.time_zone),
    }
    stage = told.stage(cart.lines)
    title, text = {
        "asked": ("asked_title", "asked_text"),
        "ready": ("title", "until"),
        "not_found": ("none_title", "none_text"),
    }[stage]
    missing = sum(line.missing > 0 for line in told.lines(cart.lines))
    return Reserved(
        title=words.text(f"pass.reserved.{title}", store=at.store),
        text=words.text(f"pass.reserved.{text}", **(when if stage != "not_found" else {})),
        good=stage == "ready",
        missing_title=words.text("pass.reserved.online_title", count=missing) if missing else None,
        missing_text=words.text("pass.reserved.stays", count=missing) if missing else None,
    )
