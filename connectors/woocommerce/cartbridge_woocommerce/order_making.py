"""An order made for a link: what a shopper pays online where the shop has no plugin of ours."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from cartbridge.sdk.contract import Placed, Placement, Remote
from cartbridge.sdk.documents import CodeRefusal, Refusal, TwinRef
from cartbridge.sdk.errors import Ignore, Unknown, Unreadable
from cartbridge_woocommerce import payloads as wire
from cartbridge_woocommerce.calls import WC, Answer, call
from cartbridge_woocommerce.order_stages import PLACEMENT, meta, order_of, phase
from cartbridge_woocommerce.order_writing import shop_numbers
from cartbridge_woocommerce.orders import snapshot

ZERO: Final = Decimal(0)
_PAGE: Final = 100
_PAGES: Final = 5
_BACK: Final = timedelta(days=1)  # an order made before an answer was lost is no older


async def make_order(placement: Placement, remote: Remote) -> Placed:
    """A pending order at the shop's own prices; the same placement again answers the first one.

    REST v3 has no idempotency key and its search sees no meta: the pending orders of the last day
    are looked through for the name of the placement.
    """
    refused: list[Refusal] = []
    order = await _made(placement.name, remote)
    rows = [] if order is not None else await _rows(placement, remote, refused)
    if order is None:
        if not rows:
            raise Ignore("the shop knows none of these articles by SKU or GTIN")
        order = _order(await call(remote, "POST", f"{WC}/orders", _body(placement, rows)))
    shown = snapshot(order)
    codes = (
        CodeRefusal(code=code, reason="the shop applies codes to an order itself")
        for code in placement.codes
        if code.lower() not in shown.codes
    )
    told = {"refused": tuple(refused), "refused_codes": tuple(codes)}
    return Placed(kind="order", external_id=str(order.id), snapshot=shown.model_copy(update=told))


async def cancel_order(ref: TwinRef, remote: Remote) -> bool:
    """The unpaid order is cancelled; False if it was bought, which is left alone."""
    route = f"{WC}/orders/{ref.external_id}"
    answer = await call(remote, "GET", route)
    if answer.is_gone or phase(_order(answer)) == "ended":
        return True
    if phase(_order(answer)) != "unpaid":
        return False
    await call(remote, "PUT", route, {"status": "cancelled"})
    return True


async def pay_url(ref: TwinRef, remote: Remote) -> str | None:
    """The shop's own page to pay an unpaid order; None once there is nothing to pay."""
    answer = await call(remote, "GET", f"{WC}/orders/{ref.external_id}")
    if answer.is_gone or phase(_order(answer)) != "unpaid":
        return None
    url = answer.json().get("payment_url")
    known = isinstance(url, str) and url.startswith(f"{remote.settings.shop_url}/")
    return url if known and isinstance(url, str) else None


async def _made(name: str, remote: Remote) -> wire.Order | None:
    """The order that an earlier try made."""
    since = (datetime.now(UTC) - _BACK).strftime("%Y-%m-%dT%H:%M:%S")
    asked = {"status": "pending", "modified_after": since, "dates_are_gmt": "true"}
    for page in range(1, _PAGES + 1):
        more = {"per_page": _PAGE, "page": page, "orderby": "date", "order": "desc"}
        rows = (await call(remote, "GET", f"{WC}/orders", asked={**asked, **more})).rows()
        for row in rows:
            order = _read(row)
            if meta(order, PLACEMENT) == name:
                return order
        if len(rows) < _PAGE:
            break
    return None


async def _rows(
    placement: Placement, remote: Remote, refused: list[Refusal]
) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for line in placement.lines:
        numbers = None
        if line.quantity == int(line.quantity):
            numbers = await shop_numbers(line.key, remote)
        if numbers is None:
            whole = line.quantity == int(line.quantity)
            reason = "unknown_item" if whole else "whole_pieces_only"
            refused.append(
                Refusal(key=line.key, wanted=line.quantity, accepted=ZERO, reason=reason)
            )
            continue
        row = rows.setdefault(line.key, {**numbers, "quantity": 0})
        row["quantity"] += int(line.quantity)
    return list(rows.values())


def _body(placement: Placement, rows: list[dict[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": "pending",
        "currency": placement.currency,
        "line_items": rows,
        "meta_data": [{"key": PLACEMENT, "value": placement.name}],
    }
    if placement.customer is not None and placement.customer.email:
        body["billing"] = {"email": placement.customer.email}
    return body


def _order(answer: Answer) -> wire.Order:
    return _read(answer.json())


def _read(body: Mapping[str, Any]) -> wire.Order:
    try:
        return order_of(body)
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from None
