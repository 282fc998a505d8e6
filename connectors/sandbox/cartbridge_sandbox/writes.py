"""What the gateway does with a basket: reads it, writes it on condition, freezes and thaws it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from cartbridge.sdk.documents import plain
from cartbridge_sandbox.basket import Basket, Declined
from cartbridge_sandbox.baskets import present
from cartbridge_sandbox.catalogue import ARTICLES, CODES
from cartbridge_sandbox.database import Database
from cartbridge_sandbox.payloads import Number, Ref, Text
from cartbridge_sandbox.refusals import ShopRefuses

Answer = tuple[int, dict[str, Any]]


class WantedRow(BaseModel):
    """A row as the gateway wants it; nothing takes it out."""

    sku: Ref
    qty: Number


class WriteCall(BaseModel):
    """A conditional write: every row as it should be, only at that revision."""

    push: Ref
    if_rev: int | None = None
    ref: Ref
    rows: Annotated[list[WantedRow], Field(max_length=2000)]
    coupons: Annotated[list[Ref], Field(max_length=100)] = []


class ReadCall(BaseModel):
    """A basket, by its reference."""

    ref: Ref


class ChangedCall(BaseModel):
    """From which place on, and how many baskets at once."""

    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class FreezeCall(BaseModel):
    """Until when a till holds the cart, and where."""

    ref: Ref
    until: AwareDatetime
    where: Text


class GatewayDesk:
    """The shop's side of the gateway: each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, call: ReadCall) -> Answer:
        """The basket as it is; 410 once it is thrown away."""
        basket = self._database.basket(call.ref)
        if basket.state == "dropped":
            raise ShopRefuses(410, "basket_ended")
        return 200, {"basket": basket.shown()}

    def changed(self, call: ChangedCall) -> Answer:
        """What hooks would have told of the baskets that changed since, each as it is now."""
        baskets, place = self._database.changed(call.after, call.limit)
        told = [_as_hook(basket) for basket in baskets]
        return 200, {"changed": told, "place": place, "more": len(told) == call.limit}

    def write(self, call: WriteCall, refuse: frozenset[str]) -> Answer:
        """Writes at that revision only; a repeated push id gets its first answer."""
        with self._database.transaction():
            first = self._database.first_result(call.push)
            if first is not None:
                return first
            basket = self._database.basket(call.ref)
            if basket.state in ("ordered", "dropped"):
                raise ShopRefuses(410, "basket_ended")
            if call.if_rev != basket.rev:
                return 409, {"basket": basket.shown()}
            written = self._written(basket, call, refuse)
            self._database.keep(written)
            self._database.tell(written, "basket")
            answer = {"basket": written.shown()}
            self._database.keep_result(call.push, 200, answer)
            return 200, answer

    def freeze(self, call: FreezeCall) -> Answer:
        """Stops the checkout until a time; it thaws by itself."""
        return self._frozen(call.ref, call.until, call.where)

    def thaw(self, call: ReadCall) -> Answer:
        """Lets the checkout go on."""
        return self._frozen(call.ref, None, None)

    def _frozen(self, ref: str, until: datetime | None, where: str | None) -> Answer:
        with self._database.transaction():
            basket = self._database.basket(ref)
            if basket.state in ("ordered", "dropped"):
                raise ShopRefuses(410, "basket_ended")
            # Not a change of the basket: no new revision and no hook.
            held = basket.model_copy(update={"frozen_until": until, "frozen_where": where})
            self._database.keep(held)
            return 200, {"basket": held.shown()}

    def _written(self, basket: Basket, call: WriteCall, refuse: frozenset[str]) -> Basket:
        rows: dict[str, Decimal] = {}
        declined = []
        for row in call.rows:
            want = Decimal(row.qty)
            got, why = self._accepted(row.sku, want, basket.rows, refuse)
            if got:
                rows[row.sku] = got
            if got != want:
                declined.append(Declined(sku=row.sku, want=plain(want), got=plain(got), why=why))
        return basket.model_copy(
            update={
                "rows": rows,
                "coupons": [code for code in call.coupons if code in CODES],
                "declined": declined,
                "declined_coupons": [code for code in call.coupons if code not in CODES],
                "push": call.push,
                "rev": basket.rev + 1,
                "updated": present(),
            }
        )

    def _accepted(
        self, sku: str, want: Decimal, held: Mapping[str, Decimal], refuse: frozenset[str]
    ) -> tuple[Decimal, str]:
        if sku not in ARTICLES:
            return Decimal(0), "unknown"
        left = held.get(sku, Decimal(0)) if sku in refuse else self._database.left_over(sku)
        if left is not None and left < want:
            return left, "stock"
        if ARTICLES[sku].unit == "C62" and want % 1:
            return Decimal(int(want)), "whole pieces only"
        return want, ""


def _as_hook(basket: Basket) -> dict[str, Any]:
    event = {"open": "left", "ordered": "order"}.get(basket.state, basket.state)
    told: dict[str, Any] = {"event": event, "basket": basket.shown()}
    if basket.order_number is not None:
        told["order"] = {"number": basket.order_number, "at": basket.updated.isoformat()}
    return told
