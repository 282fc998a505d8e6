"""Who did it, where, when and because of what: what is told of every event beside the fact."""

from typing import Literal

from pydantic import AwareDatetime

from cartbridge.domain.cart.state import Channel
from cartbridge.domain.model import Strict


class Actor(Strict):
    """Who acted: a person, a connector that reports, or the gateway by itself."""

    kind: Literal["shopper", "staff", "operator", "connector", "gateway"]
    id: str | None = None


class Header(Strict):
    """The circumstances of an event, as whoever reported it told them."""

    occurred_at: AwareDatetime  # by the reporter's clock; the database adds its own
    actor: Actor
    channel: Channel | None = None
    connection: str | None = None  # con_…
    store: str | None = None
    terminal: str | None = None
    staff: str | None = None  # by the till's own code
    causation: str | None = None  # the message, command or event it follows from
    correlation: str | None = None  # what all events of one undertaking share
