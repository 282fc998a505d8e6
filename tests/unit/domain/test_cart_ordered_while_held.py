"""Bought online while a till holds the cart: what waited for the till was bought, too."""

from datetime import UTC, datetime
from decimal import Decimal

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.decide import decide
from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.items import Item
from cartbridge.domain.projection import project_by
from cartbridge.domain.refusals import Refused
from cartbridge.domain.twin import ObservedLine, Snapshot, TwinRef

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
REF = TwinRef(connection="web", external_id="1")


def after(cart: Cart, command: c.Command) -> Cart:
    decision = decide(cart, command, NOW)
    assert not isinstance(decision, Refused)
    left: Cart = decision[0].document
    return left


def shown(cart: Cart, amount: int, revision: int, *, at_once: bool = False) -> Cart:
    """The web shows so many lamps."""
    row = ObservedLine(key="LAMP", item=Item(sku="LAMP", title="Lamp"), quantity=Decimal(amount))
    projection = project_by(cart.lines, lambda line: line.item.sku)
    snapshot = Snapshot(lines=(row,), revision=revision)
    observe = c.Observe(
        REF, snapshot, projection, ("lin_1",), "crt_2", Origin(connection="web"), at_once=at_once
    )
    return after(cart, observe)


def held() -> Cart:
    """A till holds two lamps, and she has put a third one into the cart at home."""
    cart = after(shown(Cart(id="crt_1"), 2, 1), c.ClaimCart("clm_1", "till-1", "lyon-2"))
    return shown(cart, 3, 2)


def test_what_she_changes_online_waits_for_the_till() -> None:
    cart = held()
    assert [line.quantity.value for line in cart.lines] == [2]
    assert str(REF) in cart.waiting


def test_what_waited_is_taken_in_at_once_when_it_was_bought() -> None:
    cart = shown(held(), 3, 2, at_once=True)
    assert [line.quantity.value for line in cart.lines] == [3]
    assert not cart.waiting
    assert cart.claim is not None

    projection = project_by(cart.lines, lambda line: line.item.sku)
    taken = {"LAMP": Decimal(3)}
    order = c.OrderOnline(REF, NOW, "S-1", taken, projection=projection, remainder="crt_2")
    bought = after(cart, order)
    assert bought.state is State.ORDERED
    assert bought.sale is not None
    assert [line.quantity for line in bought.sale.lines] == [3]
    assert bought.sale.remainder is None
    assert bought.claim is None
