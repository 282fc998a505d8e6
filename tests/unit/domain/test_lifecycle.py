"""Whatever is asked of a cart, in whatever order, it stays a cart that makes sense."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.lifecycle import BOUGHT, TRANSITIONS, State, following, may
from cartbridge.domain.cart.reservation import Reserve
from cartbridge.domain.cart.state import (
    Binding,
    Cart,
    Direction,
    NotTaken,
    Origin,
    QuoteRef,
    waiting_in,
)
from cartbridge.domain.line import Fulfilment
from cartbridge.domain.refusals import Refused
from cartbridge.domain.twin import PlacedFor, Refusal, Twin, TwinRef
from cartbridge.testing.given import NOW, Given, given
from tests.unit.domain.words import (
    APP,
    SOON,
    TILL_ORDER,
    WEB,
    by_sku,
    claim,
    complete,
    joined,
    line,
    new,
    observe,
    row,
    shown,
    started,
    twin,
)

Ask = Callable[[Cart, int], c.Command]  # the cart as it is, and a number that is never the same
WAITING = {State.OPEN, State.OFFERED, State.CLAIMED, State.CHECKOUT}
OTHER = Cart(id="crt_other", state=State.OPEN, version=1, lines=(line("LAMP", 2, "lin_other"),))
GUEST = Cart(
    id="crt_guest",
    state=State.MERGED,
    version=1,
    lines=(line("LAMP", 2, "lin_guest"),),
    twins=(Twin(ref=TwinRef(connection="web-fr", external_id="guest"), ended=True),),
)


def some_line(cart: Cart) -> str:
    return cart.lines[0].id if cart.lines else "lin_none"


def snapshot(cart: Cart, number: int, ref: TwinRef, *skus: str) -> c.Observe:
    """The platform shows so much of each, and the newest of our writes to it."""
    twin = cart.twin(ref)
    push = twin.planned[-1].push_id if twin is not None and twin.planned else None
    rows = tuple(row(sku, 1 + number % 3) for sku in skus)
    no = (Refusal(key="CORD", wanted=Decimal(1), accepted=Decimal(0)),)
    look = shown(number, *rows, last_push=push, refused=no if push else ())
    ids = tuple(f"lin_{number}_{place}" for place in range(len(rows)))
    return observe(cart, look, ref, line_ids=ids, new_cart=f"crt_{number}")


def sell(cart: Cart, number: int, *, back: int = 0, part: bool = False) -> c.CompleteSale:
    told = tuple(c.TakenAtTill(x.id, Decimal(1)) for x in cart.lines) if part else None
    return complete(
        cart.fence - back,
        lines=told,
        receipt_number=f"T-{number}",
        remainder=f"crt_{number}",
        extra_lines=(new("CORD", 1, f"lin_extra{number}"),) if number % 2 else (),
        not_taken=(
            NotTaken(
                line=some_line(cart), quantity=Decimal(1), reason="price", keep=number % 2 == 0
            ),
        )
        if cart.lines
        else (),
    )


def offer(number: int, direction: Direction) -> c.OfferHandover:
    return c.OfferHandover(f"hnd_{number}", direction, f"hash-{direction}", SOON)


def mark(cart: Cart, *found: c.Found) -> c.MarkReservation:
    return c.MarkReservation(cart.reservation.handover if cart.reservation else "hnd_0", found)


def receipt(cart: Cart) -> str:
    return (cart.sale.receipt_number if cart.sale else None) or "T-0"


def adopt(cart: Cart, number: int) -> c.AdoptMerged:
    gone = GUEST.twins[0].ref
    seen = number % 2 == 0
    return c.AdoptMerged(GUEST, gone, WEB, seen, by_sku(GUEST), by_sku(cart))


ASKS: dict[str, Ask] = {
    "start": lambda cart, n: c.StartCart(Origin(), "EUR", (new("LAMP", 2, f"lin_{n}"),)),
    "refill": lambda cart, n: c.RefillCart(
        (new("LAMP", n % 3 + 1, "lin_LAMP"), new("SHADE", 1, f"lin_{n}")),
        QuoteRef(id="qte_1", number="7", revision=n, lines=("lin_LAMP", f"lin_{n}")),
    ),
    "web shows two rows": lambda cart, n: snapshot(cart, n, WEB, "LAMP", "BULB"),
    "web shows one row": lambda cart, n: snapshot(cart, n, WEB, "LAMP"),
    "web shows nothing": lambda cart, n: snapshot(cart, n, WEB),
    "app shows a row": lambda cart, n: snapshot(cart, n, APP, "LAMP"),
    "plan for web": lambda cart, n: c.PlanWrite(WEB, f"psh_{n}", by_sku(cart)),
    "plan for app": lambda cart, n: c.PlanWrite(APP, f"psh_{n}", by_sku(cart)),
    "add": lambda cart, n: c.EditCart({}, (new("CORD", 2, f"lin_{n}"),), terminal="till-1"),
    "more": lambda cart, n: c.EditCart({some_line(cart): Decimal(4)}, terminal="till-1"),
    "remove": lambda cart, n: c.EditCart({some_line(cart): Decimal(0)}, terminal="till-1"),
    "codes": lambda cart, n: c.EditCart({}, codes=(f"CODE{n % 2}",)),
    "offer to the store": lambda cart, n: offer(n, "to_store"),
    "offer to online": lambda cart, n: offer(n, "to_online"),
    "reserve": lambda cart, n: replace(
        offer(n, "to_store"), reserve=Reserve(store="lyon-2", until=SOON)
    ),
    "set aside": lambda cart, n: mark(cart, c.Found(some_line(cart), True, Decimal(1))),
    "not found": lambda cart, n: mark(cart, *(c.Found(x.id, False) for x in cart.lines)),
    "hand out": lambda cart, n: c.HandOut("lyon-2", "till-1"),
    "revoke": lambda cart, n: c.RevokeHandover(cart.handovers[0].id if cart.handovers else "hnd_0"),
    "codes run out": lambda cart, n: c.LapseHandovers(),
    "join": lambda cart, n: c.JoinHandover(
        "hash-to_online", APP, Binding(connection="app", browser="a1")
    ),
    "claim": lambda cart, n: claim(f"clm_{n}"),
    "claim by code": lambda cart, n: claim(f"clm_{n}", "till-2", code_hash="hash-to_store"),
    "take over": lambda cart, n: claim(f"clm_{n}", "till-2", take_over_reason="near"),
    "hold": lambda cart, n: c.HoldClaim(cart.claim.id if cart.claim else "clm_0"),
    "release": lambda cart, n: c.ReleaseClaim(cart.claim.id if cart.claim else "clm_0"),
    "lapse": lambda cart, n: c.LapseClaim(cart.claim.id if cart.claim else "clm_0"),
    "tell the outcome": lambda cart, n: c.TellOutcome(),
    "sell": lambda cart, n: sell(cart, n),
    "sell a part": lambda cart, n: sell(cart, n, part=True),
    "sell too late": lambda cart, n: sell(cart, n, back=1),
    "void": lambda cart, n: c.VoidSale(receipt(cart)),
    "void to another": lambda cart, n: c.VoidSale(receipt(cart), OTHER),
    "return": lambda cart, n: c.ReturnLines({some_line(cart): (Decimal(1), None)}),
    "put on a till": lambda cart, n: c.PutOnTill(
        twin(TILL_ORDER, {"LAMP": n + 1}, placed=PlacedFor(by=f"clm_{n % 3}", fence=n))
    ),
    "taken off the till": lambda cart, n: c.LoseTwin(TILL_ORDER),
    "order": lambda cart, n: c.OrderOnline(WEB, NOW, f"{n % 2}", projection=by_sku(cart)),
    "order for a store": lambda cart, n: c.OrderOnline(
        WEB, NOW, f"{n % 2}", fulfilment=Fulfilment(kind="pick_up", store="lyon-2")
    ),
    "order a part": lambda cart, n: c.OrderOnline(
        WEB, NOW, None, {"LAMP": Decimal(1)}, True, by_sku(cart), f"crt_{n}"
    ),
    "enter the checkout": lambda cart, n: c.SeeCheckout("web-fr", "started"),
    "leave the checkout": lambda cart, n: c.SeeCheckout("web-fr", "left"),
    "web is gone": lambda cart, n: c.LoseTwin(WEB),
    "web went into another": lambda cart, n: c.LoseTwin(WEB, "crt_heir", n),
    "web is renamed": lambda cart, n: c.RenameTwin(
        WEB, TwinRef(connection="web-fr", external_id=f"w{n}")
    ),
    "merge": lambda cart, n: c.MergeInto("crt_heir"),
    "adopt": adopt,
    "abandon": lambda cart, n: c.AbandonCart(),
}


def check(cart: Cart) -> None:
    """What is true of every cart."""
    names = [each.id for each in cart.lines]
    assert len(names) == len(set(names))
    assert all(each.quantity.value > 0 for each in cart.lines)
    assert (cart.state is State.CLAIMED) == (cart.claim is not None)
    assert (cart.state is State.OFFERED) == bool(cart.handovers)
    assert (cart.state in BOUGHT) <= (cart.sale is not None)
    assert cart.reservation is None or cart.state in WAITING
    assert (cart.at_store is not None) == (waiting_in(cart) is not None)
    assert (cart.outcome == "unknown") == (cart.unheard is not None)
    assert all(amount > 0 for twin in cart.twins for amount in twin.shadow.values())
    assert Cart.model_validate_json(cart.model_dump_json()) == cart


def test_every_command_is_asked() -> None:
    asked = {type(ask(Cart(id="crt_x"), 1)) for ask in ASKS.values()}
    assert asked == set(c.Command.__args__)


@settings(max_examples=300, deadline=None)
@for_all(
    st.lists(
        st.tuples(st.sampled_from(sorted(ASKS)), st.booleans(), st.integers(0, 2)),
        min_size=5,
        max_size=40,
    )
)
def test_a_cart_makes_sense_whatever_is_asked_of_it(
    asked: list[tuple[str, bool, int]],
) -> None:
    """`given` checks that the facts survive storing and lead to the cart that was decided."""
    cart: Given = given(started(), e.LineAdded(line=line("LAMP", 3)), joined(WEB, {"LAMP": 3}))
    for number, (name, follows, later) in enumerate(asked, start=2):
        outcome = cart.when(ASKS[name](cart.cart, number), NOW + later * timedelta(minutes=10))
        if isinstance(outcome.decision, Refused):
            assert outcome.cart == cart.cart
            continue
        for decided in outcome.decision:
            if decided.document.id != OTHER.id:
                check(decided.document)
        cart = outcome
        if follows and not outcome.alone and outcome.other.id != OTHER.id:
            cart = given(cart=outcome.other)


@pytest.mark.parametrize("state", list(State))
def test_what_the_table_allows_leads_where_it_says(state: State) -> None:
    for event, after in TRANSITIONS[state].items():
        assert may(state, event)
        assert following(state, event) is after


def test_what_the_table_does_not_allow_is_refused() -> None:
    over = given(started(), e.Expired())
    over.when(c.EditCart({}, (new("LAMP"),))).refused("cart_not_open", state="expired")
    assert not may(State.EXPIRED, "cart.line_added")


def test_bought_lines_are_not_wanted_on_any_twin() -> None:
    cart = given(started(), e.LineAdded(line=line("LAMP"))).when(claim()).when(complete())
    assert cart.cart.lines
    assert cart.cart.wanted == ()


def test_the_family_shares_the_key_of_its_first_cart() -> None:
    assert Cart(id="crt_a").slot_holder == "crt_a"
    assert Cart(id="crt_c", root="crt_a", parent="crt_b").slot_holder == "crt_a"
