"""Between the sandbox's dialect and the gateway's own form: all of it pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from cartbridge.sdk.contract import Write
from cartbridge.sdk.documents import (
    CodeRefusal,
    Customer,
    Discount,
    Fee,
    Item,
    Line,
    ObservedLine,
    Prices,
    Refusal,
    Snapshot,
    Tax,
    is_gtin,
    plain,
    to_minor,
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
from cartbridge.sdk.payload import understood
from cartbridge_sandbox import payloads as wire

_HUNDRED: Final = Decimal(100)


def key_of(line: Line) -> str | None:
    """The shop knows an article by its SKU; one without stays out of its basket."""
    return line.item.sku


def read_hook(hook: wire.Hook) -> Read:
    """What a hook says, and the codes that had to be left out."""
    return Read(observations=(OBSERVED[hook.event](hook),), report=lost_of(hook.basket))


def read_basket(document: Mapping[str, Any]) -> Read:
    """What a basket that was fetched says."""
    basket = understood(wire.Basket, document)
    return Read(observations=(_seen(basket),), report=lost_of(basket))


def read_changed(document: Mapping[str, Any]) -> Read:
    """What a basket that changed says, and whether she is at the checkout."""
    hook = understood(wire.Hook, document)
    read = read_hook(hook)
    if hook.event not in ("left", "checkout"):
        return read
    return Read(observations=(_seen(hook.basket), *read.observations), report=read.report)


def _seen(basket: wire.Basket) -> Observation:
    return CartSeen(external_id=basket.ref, snapshot=snapshot_of(basket))


def _dropped(hook: wire.Hook) -> Observation:
    basket = hook.basket
    return CartGone(external_id=basket.ref, revision=basket.rev, at=basket.updated)


def _checkout(hook: wire.Hook) -> Observation:
    step = "started" if hook.event == "checkout" else "left"
    at = hook.basket.updated
    return CheckoutSeen.model_validate({"external_id": hook.basket.ref, "at": at, "step": step})


def _ordered(hook: wire.Hook) -> Observation:
    if hook.order is None:
        raise Unreadable("order: an order hook tells its number and moment")
    lines = tuple(
        TakenLine(
            key=row.key,
            quantity=row.quantity,
            unit_price=row.prices.unit_price,
            total=row.prices.total,
        )
        for row in snapshot_of(hook.basket).lines
    )
    return CartOrdered(
        external_id=hook.basket.ref,
        revision=hook.basket.rev,
        at=hook.order.at,
        order_number=hook.order.number,
        lines=lines,
    )


OBSERVED: Final[dict[str, Callable[[wire.Hook], Observation]]] = {
    "basket": lambda hook: _seen(hook.basket),
    "checkout": _checkout,
    "left": _checkout,
    "order": _ordered,
    "dropped": _dropped,
}


def lost_of(basket: wire.Basket) -> tuple[Lost, ...]:
    """What a basket told that cannot be carried over."""
    why = "not a GTIN: the article is found by its SKU alone"
    return tuple(
        Lost(field=f"basket.rows[{number}].ean", what="dropped", why=why)
        for number, row in enumerate(basket.rows)
        if row.ean is not None and not _is_ean(row.ean)
    )


def snapshot_of(basket: wire.Basket) -> Snapshot:
    """The whole basket in the gateway's own form."""
    return Snapshot(
        lines=tuple(_line(row, basket.money) for row in basket.rows),
        codes=basket.coupons,
        revision=basket.rev,
        last_push=basket.push,
        refused=tuple(
            Refusal(
                key=row.sku, wanted=Decimal(row.want), accepted=Decimal(row.got), reason=row.why
            )
            for row in basket.declined
        ),
        refused_codes=tuple(CodeRefusal(code=code) for code in basket.declined_coupons),
        at=basket.updated,
        currency=basket.money,
        tax_mode="inclusive",
        locale={"fr": "fr-FR", "en": "en-GB"}[basket.lang],
        channel="web",
        customer=None if basket.mail is None else Customer(email=basket.mail),
    )


def _line(row: wire.Row, money: str) -> ObservedLine:
    def minor(text: str) -> int:
        return to_minor(Decimal(text), money)

    discount, eco = minor(row.discount), minor(row.eco)
    return ObservedLine(
        key=row.sku,
        kind=row.kind,
        sold_by="length" if row.unit == "MTR" else "piece",
        item=Item(sku=row.sku, gtin=row.ean if _is_ean(row.ean) else None, title=row.name),
        quantity=Decimal(row.qty),
        unit=row.unit,
        prices=Prices(
            unit_price=minor(row.each),
            taxes=(Tax(rate=_rate(row.vat), amount=minor(row.vat_sum)),),
            fees=(Fee(kind="eco_participation", amount=eco),) if eco else (),
            discounts=(Discount(amount=discount),) if discount else (),
            total=minor(row.sum),
        ),
    )


def _is_ean(text: str | None) -> bool:
    return text is not None and text.isascii() and text.isdigit() and is_gtin(text)


def _rate(per_cent: str) -> str:
    if Decimal(per_cent) > _HUNDRED:
        raise Unreadable("vat: per cent, at most 100")
    return plain(Decimal(per_cent) / _HUNDRED)


def write_body(write: Write) -> dict[str, Any]:
    """The write in the dialect: every row as it should be, on condition of the revision."""
    return {
        "push": write.push_id,
        "if_rev": write.base_revision,
        "ref": write.ref.external_id,
        "rows": [{"sku": line.key, "qty": plain(line.quantity)} for line in write.lines],
        "coupons": list(write.codes),
    }
