"""Every way the domain says no: a stable code, and what a person needs to understand it."""

from dataclasses import dataclass, field
from typing import Literal

Code = Literal[
    "cart_not_open",  # bought, merged, closed or deleted: it cannot be changed
    "cart_has_payment",  # a payment, deposit or gift card is on it
    "cart_empty",  # nothing to hand over
    "wishlist_not_open",  # deleted: it cannot be changed
    "wishlist_empty",  # nothing to pull
    "quote_not_open",  # deleted or sold: it cannot be changed
    "quote_not_issued",  # no price holds yet
    "quote_expired",
    "quote_declined",
    "quote_converted",  # sold already
    "quote_empty",
    "quote_unpriced",  # a line without a price
    "quote_date_passed",  # it would have expired when it goes out
    "cart_in_checkout",  # she is paying online just now
    "held_elsewhere",  # another terminal holds it
    "code_used",
    "code_revoked",
    "code_lapsed",
    "code_unknown",
    "code_other_store",  # bound to another store
    "code_wrong_direction",  # made for the other side
    "code_bound",  # somebody else joined by it
    "claim_not_held",  # this claim is over
    "line_unknown",
    "quantity_invalid",
    "sale_unknown",
    "sale_not_voidable",
    "return_exceeds_sale",
    "reserve_until_invalid",  # past, or longer than a store keeps anything aside
    "reservation_over",  # bought, revoked or lapsed
    "order_unknown",  # nothing was bought that could be handed out
    "enquiry_not_open",  # closed, or deleted where it was asked
    "enquiry_date_passed",  # a date to come is needed
    "enquiry_without_items",  # nothing says what was, or is to be, shown
    "receipt_conflict",  # that receipt number already stands on this cart with another content
]


@dataclass(frozen=True)
class Refused:
    """The answer to a command that may not happen; nothing was changed."""

    code: Code
    params: dict[str, str] = field(default_factory=dict)


class Refusing(Exception):
    """Carries a refusal out of the depth of a decision; never leaves the domain."""

    def __init__(self, code: Code, **params: str) -> None:
        super().__init__(code)
        self.refused = Refused(code, params)
