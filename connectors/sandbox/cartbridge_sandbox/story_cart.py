"""What the acts of the story read off a cart, and how they tell a sale."""

import uuid
from datetime import UTC, datetime

from cartbridge_sandbox.story_stage import Json, Stage


def by_sku(document: Json) -> dict[str, Json]:
    """The lines of a cart, wish list or quote, by what they sell."""
    return {line["item"]["sku"]: line for line in document["lines"]}


def content(stage: Stage, document: Json) -> str:
    """The lines as people read them: how much, of what, for how much."""
    return "\n".join(
        f"{line['quantity']['value']:>3} × {line['item']['title']:32} "
        f"{stage.words.money(line['total']):>10}"
        for line in document["lines"]
    )


def sale(claim: Json, receipt: str, **told: object) -> Json:
    """What a till tells when it sold what it holds."""
    return {
        "fence": claim["fence"],
        "receipt_number": receipt,
        "sold_at": claim["as_of"],
        **told,
    }


def new_run() -> str:
    """A few letters that tell one performance from the next."""
    return uuid.uuid4().hex[:6].upper()


def now() -> str:
    """The present moment as it is told."""
    return datetime.now(UTC).isoformat()
