"""The few things the cart tests speak of: lines, snapshots, a claimed cart, a sale."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart, Origin, SoldLine
from cartbridge.domain.items import Item
from cartbridge.domain.line import Line, Prices
from cartbridge.domain.projection import Projection, project_by
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.twin import ObservedLine, Snapshot, Twin, TwinRef
from cartbridge.testing.given import NOW

WEB = TwinRef(connection="web-fr", external_id="w1")
APP = TwinRef(connection="app", external_id="a1")
TILL_ORDER = TwinRef(connection="odoo", kind="till_order", external_id="o1")
SOON = NOW + timedelta(minutes=15)


def some(amount: int | str) -> Quantity:
    return Quantity(value=Decimal(amount))


def item(sku: str) -> Item:
    return Item(sku=sku, title=sku.lower())


def line(sku: str, amount: int | str = 1, name: str | None = None, **rest: Any) -> Line:
    """A line named after its SKU, unless it is told."""
    return Line(id=name or f"lin_{sku}", item=item(sku), quantity=some(amount), **rest)


def new(sku: str, amount: int | str = 1, name: str | None = None, **rest: Any) -> c.NewLine:
    return c.NewLine(id=name or f"lin_{sku}", item=item(sku), quantity=some(amount), **rest)


def priced(unit: int, amount: int = 1) -> Prices:
    return Prices(unit_price=unit, total=unit * amount)


def started(**rest: Any) -> e.Started:
    given: dict[str, Any] = {"origin": Origin(connection="web-fr"), "currency": "EUR"}
    return e.Started(**(given | rest))


def begun(*lines: Line, **rest: Any) -> tuple[e.CartEvent, ...]:
    """A cart begun on the web, with these lines."""
    return (started(**rest), *(e.LineAdded(line=each) for each in lines))


def twin(ref: TwinRef = WEB, shadow: Mapping[str, int] | None = None, **rest: Any) -> Twin:
    kept = {key: Decimal(amount) for key, amount in (shadow or {}).items()}
    given: dict[str, Any] = {"shadow": kept}
    return Twin(ref=ref, **(given | rest))


def joined(
    ref: TwinRef = WEB, shadow: Mapping[str, int] | None = None, **rest: Any
) -> e.TwinJoined:
    return e.TwinJoined(twin=twin(ref, shadow, **rest))


def row(sku: str, amount: int | str = 1, **rest: Any) -> ObservedLine:
    return ObservedLine(key=sku, item=item(sku), quantity=Decimal(amount), **rest)


def shown(revision: int | None, *rows: ObservedLine, **rest: Any) -> Snapshot:
    return Snapshot(revision=revision, lines=rows, **rest)


def seen(
    revision: int | None,
    shadow: Mapping[str, int | str],
    ref: TwinRef = WEB,
    **rest: Any,
) -> e.TwinObserved:
    kept = {key: Decimal(amount) for key, amount in shadow.items()}
    return e.TwinObserved(ref=ref, shadow=kept, revision=revision, **rest)


def by_sku(cart: Cart) -> Projection:
    """The wanted lines in the form of a platform that keeps one row per SKU."""
    return project_by(cart.wanted, lambda each: each.item.sku)


def observe(cart: Cart, snapshot: Snapshot, ref: TwinRef = WEB, **rest: Any) -> c.Observe:
    given: dict[str, Any] = {
        "projection": by_sku(cart),
        "line_ids": tuple(f"lin_new{place}" for place in range(len(snapshot.lines))),
        "new_cart": "crt_next",
        "origin": Origin(connection=ref.connection),
    }
    return c.Observe(ref=ref, snapshot=snapshot, **(given | rest))


def write(cart: Cart, push_id: str = "psh_1", ref: TwinRef = WEB) -> c.PlanWrite:
    return c.PlanWrite(ref=ref, push_id=push_id, projection=by_sku(cart))


def claimed(
    name: str = "clm_1", fence: int = 1, terminal: str = "till-1", **rest: Any
) -> e.Claimed:
    given: dict[str, Any] = {"store": "lyon-2"}
    return e.Claimed(claim=name, terminal=terminal, fence=fence, **(given | rest))


def claim(name: str = "clm_1", terminal: str = "till-1", **rest: Any) -> c.ClaimCart:
    given: dict[str, Any] = {"store": "lyon-2"}
    return c.ClaimCart(claim=name, terminal=terminal, **(given | rest))


def complete(fence: int = 1, name: str = "clm_1", **rest: Any) -> c.CompleteSale:
    given: dict[str, Any] = {
        "receipt_number": "T-7",
        "sold_at": NOW,
        "store": "lyon-2",
        "terminal": "till-1",
        "remainder": "crt_rest",
    }
    return c.CompleteSale(claim=name, fence=fence, **(given | rest))


def took(name: str, amount: int | str, **rest: Any) -> c.TakenAtTill:
    return c.TakenAtTill(name, Decimal(amount), **rest)


def sold_line(name: str, amount: int | str, **rest: Any) -> SoldLine:
    return SoldLine(line=name, quantity=Decimal(amount), **({"assumed": True} | rest))


def sold(*lines: SoldLine, fence: int = 1, name: str = "clm_1", **rest: Any) -> e.Sold:
    given: dict[str, Any] = {
        "receipt_number": "T-7",
        "sold_at": NOW,
        "store": "lyon-2",
        "terminal": "till-1",
    }
    return e.Sold(claim=name, fence=fence, lines=lines, **(given | rest))


def amounts(cart: Cart) -> dict[str, Decimal]:
    """Line → quantity."""
    return {each.id: each.quantity.value for each in cart.lines}
