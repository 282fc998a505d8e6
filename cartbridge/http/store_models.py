"""What a store is shown of what waits there for somebody, and what it says of it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cartbridge.domain.cart.reservation import Mark, Stage
from cartbridge.domain.items import Item
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount, Quantity
from cartbridge.http.pos_models import LineId, Positive, Staff


class ReservationsQuery(Strict):
    """Which reservations: to be looked for still, ready, or those of which nothing was found."""

    state: Annotated[
        Stage | None,
        Field(
            description="`asked`: some line is still to be looked for; `ready`: something is set"
            " aside; `not_found`: nothing is. A page may hold fewer than asked, and still go on."
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: str | None = None


class OrdersQuery(Strict):
    """Which page of the list."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: str | None = None


class Who(Strict):
    """Whom to expect, as far as she is known: never more than a store needs to call her."""

    first_name: str | None
    initial: str | None


class ReservationLine(Strict):
    """One line to look for: `asked` until somebody looked for all of it."""

    line: str
    item: Item
    quantity: Quantity
    note: str | None
    mark: Mark
    set_aside: Amount
    staff: str | None
    at: datetime | None


class StoreReservation(Strict):
    """A cart that this store was asked to set aside."""

    id: str
    cart: str
    state: Stage
    until: datetime
    held_at: str | None  # the terminal that has taken the cart just now
    who: Who
    lines: tuple[ReservationLine, ...]


class Reservations(Strict):
    """What waits in this store, what she comes for first at the top."""

    items: tuple[StoreReservation, ...]
    next: str | None


class MarkLine(Strict):
    """What was found of a line; without a quantity all of it is set aside."""

    line: LineId
    mark: Literal["set_aside", "not_found"]
    quantity: Positive | None = None

    @model_validator(mode="after")
    def _none(self) -> "MarkLine":
        if self.mark == "not_found" and self.quantity is not None:
            raise ValueError("leave quantity out: of what was not found nothing is set aside")
        return self


class MarkRequest(Strict):
    """What the store found."""

    lines: Annotated[tuple[MarkLine, ...], Field(min_length=1, max_length=2000)]
    staff: Staff | None = None


class OrderLine(Strict):
    """One bought line to be handed out."""

    line: str
    item: Item
    quantity: Quantity


class StoreOrder(Strict):
    """An order that was paid online, and waits here to be collected."""

    cart: str
    order_number: str | None
    connection: str | None
    ordered_at: datetime
    who: Who
    lines: tuple[OrderLine, ...]


class Orders(Strict):
    """The orders to be handed out here, the oldest first."""

    items: tuple[StoreOrder, ...]
    next: str | None


class HandOutRequest(Strict):
    """Who hands it out."""

    staff: Staff | None = None
