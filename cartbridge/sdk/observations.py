"""What a connector says it saw, in canonical form, before anybody decides what it means."""

from datetime import datetime
from typing import Literal

from cartbridge.domain.customer import Customer
from cartbridge.domain.items import Item
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount
from cartbridge.domain.twin import Snapshot, TwinKind


class Hint(Strict):
    """Something changed there, and the hook does not say what: the document is fetched."""

    kind: TwinKind = "cart"
    external_id: str


class CartSeen(Strict):
    """The whole cart as the platform shows it now."""

    kind: TwinKind = "cart"
    external_id: str
    snapshot: Snapshot


class CartGone(Strict):
    """The platform no longer has the cart; or it lives on in another one."""

    kind: TwinKind = "cart"
    external_id: str
    revision: int | None = None
    at: datetime
    merged_into: str | None = None
    into_revision: int | None = None  # the first revision of that cart that holds these lines


class CheckoutSeen(Strict):
    """The shopper entered the online checkout, or left it without buying."""

    kind: TwinKind = "cart"
    external_id: str
    at: datetime
    step: Literal["started", "left"]


class TakenLine(Strict):
    """How much of an item key was bought or came back; `item` is what it is there."""

    key: str
    quantity: Amount
    item: Item | None = None
    unit_price: int | None = None
    total: int | None = None


class CartOrdered(Strict):
    """The cart was bought on the platform, under that order number."""

    kind: TwinKind = "cart"
    external_id: str
    revision: int | None = None
    at: datetime
    order_number: str | None = None
    fulfilled: bool = False
    lines: tuple[TakenLine, ...] = ()


class CartReturned(Strict):
    """Goods of an order came back to the platform; told again under one name they count once."""

    kind: TwinKind = "cart"
    external_id: str
    at: datetime
    name: str | None = None  # what the platform calls this return, such as its refund's number
    lines: tuple[TakenLine, ...] = ()


class SaleSeen(Strict):
    """A till that we watch sold what we had put on it; what its cashier added has an `item`."""

    kind: TwinKind = "till_order"
    external_id: str
    at: datetime
    receipt_number: str
    lines: tuple[TakenLine, ...] = ()
    customer: Customer | None = None


Observation = Hint | CartSeen | CartGone | CheckoutSeen | CartOrdered | CartReturned | SaleSeen


class Lost(Strict):
    """One thing of a payload that could not be carried over, or had to be assumed."""

    field: str
    what: Literal["dropped", "defaulted", "rounded", "unresolved"]
    why: str


class Read(Strict):
    """What a payload says, and the mapping report: what was lost or defaulted on the way."""

    observations: tuple[Observation, ...] = ()
    report: tuple[Lost, ...] = ()
