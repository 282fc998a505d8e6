"""From the companion's words to observations, and what was lost on the way."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from cartbridge.sdk.documents import (
    CodeRefusal,
    Customer,
    Discount,
    Item,
    ObservedLine,
    Prices,
    Refusal,
    Snapshot,
    Tax,
    is_gtin,
)
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartSeen,
    CheckoutSeen,
    Lost,
    Observation,
    Read,
    TakenLine,
)
from cartbridge_vendure import payloads as wire

M = TypeVar("M", bound=BaseModel)

IN_CHECKOUT: Final = "ArrangingPayment"
GONE: Final = frozenset({"Cancelled", "Deleted"})
FILLING: Final = frozenset({"Created", "AddingItems", IN_CHECKOUT})


def key_of(sku: str) -> str:
    """The item key of an article: Vendure knows it by its variant's SKU."""
    return f"sku:{sku}"


def sku_of(key: str) -> str | None:
    """The SKU behind an item key, if it is one of Vendure's."""
    return key.removeprefix("sku:") if key.startswith("sku:") else None


def understood(model: type[M], data: Any, where: str) -> M:
    """The model of a part of a body; Unreadable names the field, never its value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join([where, *map(str, first["loc"])])
        raise Unreadable(f"{place}: {first['msg']}") from None


def read_envelope(envelope: wire.Envelope) -> Read:
    """What a webhook of the companion says."""
    match envelope.type:
        case "cart.snapshot":
            return read_order(envelope.data)
        case "cart.deleted":
            gone = understood(wire.VendureDeleted, envelope.data, "data")
            return Read(observations=(_gone(gone),))
        case "cart.ordered":
            ordered = understood(wire.VendureOrdered, envelope.data, "data")
            return Read(observations=(_ordered(ordered),))
        case _:
            raise Unreadable(f"type: {envelope.type[:50]} is not one the companion sends")


def read_order(data: Mapping[str, Any]) -> Read:
    """What a whole order says: still a cart, bought, or gone."""
    order = understood(wire.VendureOrder, data, "data")
    if order.state in GONE:
        return Read(
            observations=(
                CartGone(
                    external_id=order.external_id,
                    revision=order.revision,
                    at=order.updated_at,
                    merged_into=order.merged_into,
                    into_revision=order.into_revision,
                ),
            )
        )
    if order.state not in FILLING:
        return Read(observations=(_bought(order),))
    report: list[Lost] = []
    seen = CartSeen(external_id=order.external_id, snapshot=snapshot(order, report))
    step = CheckoutSeen(
        external_id=order.external_id,
        at=order.updated_at,
        step="started" if order.state == IN_CHECKOUT else "left",
    )
    return Read(observations=(seen, step), report=tuple(report))


def snapshot(order: wire.VendureOrder, report: list[Lost]) -> Snapshot:
    """The cart as Vendure shows it."""
    lines = [_line(place, line, report) for place, line in enumerate(order.lines)]
    return Snapshot(
        lines=tuple(line for line in lines if line is not None),
        codes=order.codes,
        revision=order.revision,
        last_push=order.last_push,
        refused=tuple(_refusal(one) for one in order.refused if one.sku is not None),
        refused_codes=tuple(
            CodeRefusal(code=one.code, reason=one.reason)
            for one in order.refused
            if one.code is not None
        ),
        at=order.updated_at,
        currency=order.currency,
        tax_mode=order.tax_mode,
        locale=order.locale,
        shipping=order.shipping,
        customer=_customer(order.customer),
    )


def _line(place: int, line: wire.VendureLine, report: list[Lost]) -> ObservedLine | None:
    where = f"lines.{place}"
    if line.sku is None or line.kind == "fee":
        report.append(
            Lost(field=where, what="dropped", why="a surcharge of the shop is no article")
        )
        return None
    if line.quantity == 0:
        return None
    gtin = line.gtin
    if gtin is not None and not is_gtin(gtin):
        report.append(Lost(field=f"{where}.gtin", what="dropped", why="its check digit is wrong"))
        gtin = None
    return ObservedLine(
        key=key_of(line.sku),
        item=Item(
            sku=line.sku,
            gtin=gtin,
            title=line.title,
            variant=line.variant,
            image_url=line.image_url,
            product_url=line.product_url,
        ),
        quantity=line.quantity,
        prices=Prices(
            unit_price=line.unit_price,
            list_price=line.list_price,
            taxes=(Tax(rate=line.tax_rate, amount=line.tax),),
            discounts=tuple(
                Discount(code=one.code, label=one.label, amount=one.amount)
                for one in line.discounts
            ),
            total=line.total,
        ),
        external_id=line.external_id,
    )


def _refusal(one: wire.VendureRefusal) -> Refusal:
    return Refusal(
        key=key_of(one.sku or ""),
        wanted=one.wanted or 0,
        accepted=one.accepted or 0,
        reason=one.reason,
    )


def _customer(customer: wire.VendureCustomer | None) -> Customer | None:
    if customer is None:
        return None
    return Customer(
        external_id=customer.external_id,
        email=customer.email or None,
        phone=customer.phone or None,
        first_name=customer.first_name or None,
        last_name=customer.last_name or None,
    )


def _gone(gone: wire.VendureDeleted) -> Observation:
    return CartGone(
        external_id=gone.external_id,
        revision=gone.revision,
        at=gone.at,
        merged_into=gone.merged_into,
        into_revision=gone.into_revision,
    )


def _ordered(ordered: wire.VendureOrdered) -> Observation:
    return CartOrdered(
        external_id=ordered.external_id,
        revision=ordered.revision,
        at=ordered.at,
        order_number=ordered.order_number,
        lines=tuple(
            TakenLine(key=key_of(line.sku), quantity=line.quantity) for line in ordered.lines
        ),
    )


def _bought(order: wire.VendureOrder) -> Observation:
    return CartOrdered(
        external_id=order.external_id,
        revision=order.revision,
        at=order.updated_at,
        order_number=order.external_id,
        lines=tuple(
            TakenLine(key=key_of(line.sku), quantity=line.quantity)
            for line in order.lines
            if line.sku is not None and line.kind == "goods"
        ),
    )
