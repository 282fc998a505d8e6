"""A sale that a connector saw on a till of its platform, said in the words of a till."""

from collections.abc import Iterator
from decimal import Decimal

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.ids import slot_of
from cartbridge.domain.items import Item
from cartbridge.domain.line import Prices
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.twin import PlacedFor, Twin, TwinRef
from cartbridge.sdk import observations as o
from cartbridge.services.connectors import Link
from cartbridge.services.consequences import project
from cartbridge.services.find_cart import new_id
from cartbridge.services.gateway import Gateway


def claimed_for(twin: Twin | None) -> PlacedFor | None:
    """The claim that a sale on this twin belongs to: the one it was put there for, if any."""
    placed = twin.placed if twin is not None else None
    return placed if placed is not None and placed.terminal is not None else None


def as_order(seen: o.SaleSeen) -> o.CartOrdered:
    """A sale that no claim stands behind: bought there, and carried out, under that number."""
    return o.CartOrdered(
        kind=seen.kind,
        external_id=seen.external_id,
        at=seen.at,
        order_number=seen.receipt_number,
        fulfilled=True,
        lines=seen.lines,
    )


def completed(
    gateway: Gateway, link: Link, cart: Cart, ref: TwinRef, seen: o.SaleSeen
) -> c.CompleteSale | None:
    """What the till would have told us itself: lines taken, at which price, and what was added."""
    claim = claimed_for(cart.twin(ref))
    if claim is None or claim.store is None or claim.terminal is None:
        return None
    lines: list[c.TakenAtTill] = []
    extra: list[c.NewLine] = []
    open_rows = {row.key: list(row.lines) for row in project(cart, link)}
    for taken in seen.lines:
        left = taken.quantity
        for part in _of_our_lines(cart, open_rows.get(taken.key, []), taken):
            lines.append(part)
            left -= part.quantity
        if left > 0:
            extra.append(_added_there(gateway, cart, taken, left))
    return c.CompleteSale(
        claim=claim.by,
        fence=claim.fence or 0,
        receipt_number=seen.receipt_number,
        sold_at=seen.at,
        store=claim.store,
        terminal=claim.terminal,
        remainder=new_id(gateway, "crt", slot_of(cart.id)),
        lines=tuple(lines),
        extra_lines=tuple(extra),
    )


def _of_our_lines(cart: Cart, members: list[str], taken: o.TakenLine) -> Iterator[c.TakenAtTill]:
    """The cart's lines that a sold row stands for, the oldest first; each is taken once."""
    left = taken.quantity
    while members and left > 0:
        line = cart.line(members.pop(0))
        if line is None:
            continue
        part = min(left, line.quantity.value)
        whole = part == taken.quantity
        yield c.TakenAtTill(line.id, part, taken.unit_price, taken.total if whole else None)
        left -= part


def _added_there(gateway: Gateway, cart: Cart, taken: o.TakenLine, quantity: Decimal) -> c.NewLine:
    whole = quantity == taken.quantity
    return c.NewLine(
        id=new_id(gateway, "lin", slot_of(cart.id)),
        item=taken.item or Item(title=taken.key),
        quantity=Quantity(value=quantity),
        prices=Prices(unit_price=taken.unit_price, total=taken.total if whole else None),
    )
