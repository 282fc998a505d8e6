"""A wish list: filled on all channels, shared, pulled, moved into carts and back, bought from."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.items import Item
from cartbridge.domain.line import Prices
from cartbridge.domain.listing.commands import Edit, LoseTwin, Observe, PlanWrite
from cartbridge.domain.projection import project_by
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.refusals import Refused
from cartbridge.domain.twin import ObservedLine, Snapshot, TwinRef
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist import events as e
from cartbridge.domain.wishlist.decide import decide
from cartbridge.domain.wishlist.evolve import evolve
from cartbridge.domain.wishlist.lifecycle import State
from cartbridge.domain.wishlist.state import Wishlist, details

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
REF = TwinRef(connection="web", kind="wishlist", external_id="42")


def wish(sku: str = "LAMP", amount: int = 1, name: str | None = None, price: int = 500) -> NewLine:
    return NewLine(
        id=name or f"lin_{sku}",
        item=Item(sku=sku, title=sku),
        quantity=Quantity(value=Decimal(amount)),
        prices=Prices(unit_price=price, total=price * amount),
    )


@dataclass(frozen=True)
class Given:
    """A wish list of which something may be asked."""

    wishlist: Wishlist
    facts: tuple[Any, ...] = ()

    def when(self, command: c.Command, at: datetime = NOW) -> "Given":
        decision = decide(self.wishlist, command, at)
        assert not isinstance(decision, Refused), decision
        (decided,) = decision
        folded = self.wishlist
        for fact in decided.events:
            assert e.parse(fact.model_dump(mode="json")) == fact
            folded = evolve(folded, fact, at)
        assert folded == decided.document
        return Given(decided.document, decided.events)

    def refuses(self, command: c.Command, at: datetime = NOW) -> Refused:
        decision = decide(self.wishlist, command, at)
        assert isinstance(decision, Refused), decision
        return decision

    @property
    def told(self) -> list[str]:
        return [fact.type.removeprefix("wishlist.") for fact in self.facts]

    @property
    def shown(self) -> dict[str, Decimal]:
        return {line.item.key: line.quantity.value for line in self.wishlist.lines}


def begun(*lines: NewLine) -> Given:
    start = c.StartWishlist(Origin(channel="tablet"), "EUR", lines, name="Noël", kind="gift")
    return Given(Wishlist(id="wsh_1")).when(start)


def seen(given: Given, *rows: tuple[str, int], revision: int = 1, **told: Any) -> c.SeeWishlist:
    lines = tuple(
        ObservedLine(
            key=f"sku:{sku}",
            item=Item(sku=sku, title=sku),
            quantity=Decimal(amount),
            prices=Prices(unit_price=700, total=700 * amount),
        )
        for sku, amount in rows
    )
    push = told.pop("push", None)
    observe = Observe(
        ref=REF,
        snapshot=Snapshot(lines=lines, revision=revision, last_push=push),
        projection=project_by(given.wishlist.lines, lambda line: line.item.key),
        line_ids=tuple(f"lin_new{place}" for place in range(len(lines))),
        origin=Origin(connection="web"),
    )
    return c.SeeWishlist(observe, **told)


def offer(name: str = "hnd_1", store: str | None = None) -> c.OfferWishlist:
    return c.OfferWishlist(name, f"code {name}", NOW + timedelta(minutes=15), store=store)


def change(**told: Any) -> c.Change:
    edit = Edit(set=told.pop("set", {}), add=told.pop("add", ()))
    return c.Change(edit, **told)


def test_it_begins_in_a_store_with_what_was_put_on_it() -> None:
    given = begun(wish("LAMP", 2), wish("BOOK"))
    assert given.told == ["started", "line_added", "line_added"]
    assert given.wishlist.state is State.OPEN
    assert (given.wishlist.name, given.wishlist.kind) == ("Noël", "gift")


def test_it_begins_as_a_shop_shows_it() -> None:
    given = Given(Wishlist(id="wsh_1"))
    given = given.when(seen(given, ("LAMP", 2), name="Mariage", kind="wedding", state="shared"))
    assert given.shown == {"sku:LAMP": 2}
    assert given.wishlist.state is State.SHARED
    assert given.told == ["started", "twin_joined", "line_added", "twin_observed", "shared"]


def test_what_both_sides_changed_adds_up() -> None:
    given = Given(Wishlist(id="wsh_1"))
    given = given.when(seen(given, ("LAMP", 1)))
    given = given.when(change(set={given.wishlist.lines[0].id: Decimal(3)}))
    given = given.when(seen(given, ("LAMP", 2), ("BOOK", 1), revision=2))
    assert given.shown == {"sku:LAMP": 4, "sku:BOOK": 1}


def test_an_old_snapshot_says_nothing() -> None:
    given = Given(Wishlist(id="wsh_1"))
    given = given.when(seen(given, ("LAMP", 1), revision=5))
    assert given.when(seen(given, revision=5, state="archived")).facts == ()


def test_the_shop_where_it_began_tells_the_price() -> None:
    given = Given(Wishlist(id="wsh_1"))
    given = given.when(seen(given, ("LAMP", 1)))
    assert given.wishlist.lines[0].prices.total == 700
    other = begun(wish("LAMP"))
    assert other.when(seen(other, ("LAMP", 1))).wishlist.lines[0].prices.unit_price == 500


def test_a_write_is_planned_once_and_known_when_it_comes_back() -> None:
    given = Given(Wishlist(id="wsh_1"))
    given = given.when(seen(given, ("LAMP", 1)))
    given = given.when(change(add=(wish("BOOK"),)))

    def plan(push: str) -> PlanWrite:
        projection = project_by(given.wishlist.lines, lambda line: line.item.key)
        return PlanWrite(REF, push, projection, details(given.wishlist))

    given = given.when(plan("psh_1"))
    assert given.told == ["write_planned"]
    assert given.when(plan("psh_2")).facts == ()
    given = given.when(seen(given, ("LAMP", 1), ("BOOK", 1), revision=2, push="psh_1"))
    assert "line_added" not in given.told
    assert given.facts[-1].echo
    assert given.wishlist.twins[0].planned == ()


def test_another_name_is_told_though_no_line_changed() -> None:
    given = Given(Wishlist(id="wsh_1"))
    see = seen(given, ("LAMP", 1), name="Noël", state="open")
    observe = see.seen.__class__(
        **{**vars(see.seen), "details": {"name": "Noël", "archived": "false"}}
    )
    given = given.when(c.SeeWishlist(observe, name="Noël", state="open"))
    projection = project_by(given.wishlist.lines, lambda line: line.item.key)
    assert given.when(PlanWrite(REF, "p", projection, details(given.wishlist))).facts == ()
    renamed = given.when(change(name="Anniversaire"))
    assert renamed.when(PlanWrite(REF, "p", projection, details(renamed.wishlist))).told == [
        "write_planned"
    ]


def test_it_is_shared_taken_back_put_away_and_taken_up_again() -> None:
    given = begun(wish())
    states = []
    for state in ("shared", "open", "shared", "archived", "shared"):
        given = given.when(change(state=state))
        states.append((given.wishlist.state.value, given.wishlist.shares))
    assert states == [("shared", 1), ("open", 1), ("shared", 2), ("archived", 2), ("shared", 3)]
    assert given.told == ["reopened", "shared"]


def test_a_touch_takes_up_an_archived_list() -> None:
    given = begun(wish()).when(change(state="archived"))
    assert given.when(change(add=(wish("BOOK"),))).wishlist.state is State.OPEN


def test_a_deleted_list_refuses_every_change() -> None:
    given = begun(wish()).when(c.CancelWishlist())
    assert given.refuses(change(add=(wish("BOOK"),))).code == "wishlist_not_open"
    assert given.refuses(offer()).code == "wishlist_not_open"


def test_an_empty_list_has_no_code() -> None:
    assert begun().refuses(offer()).code == "wishlist_empty"


def test_a_newer_code_ends_the_older_and_one_is_used_once() -> None:
    given = begun(wish()).when(offer()).when(offer("hnd_2"))
    assert given.told == ["handover_ended", "handover_offered"]
    used = given.when(c.UseCode("code hnd_2", "lyon", "crt_1"))
    assert used.facts[0].cart == "crt_1"
    assert used.refuses(c.UseCode("code hnd_2", "lyon", "crt_1")).code == "code_used"


@pytest.mark.parametrize(
    ("code", "at", "store"),
    [
        ("code_lapsed", NOW + timedelta(minutes=16), "lyon"),
        ("code_other_store", NOW, "paris"),
    ],
)
def test_a_code_is_refused_too_late_or_elsewhere(code: str, at: datetime, store: str) -> None:
    given = begun(wish()).when(offer(store="lyon"))
    assert given.refuses(c.UseCode("code hnd_1", store), at).code == code


def test_codes_end_with_their_time() -> None:
    given = begun(wish()).when(offer())
    assert given.when(c.EndCodes()).facts == ()
    late = given.when(c.EndCodes(), NOW + timedelta(minutes=15))
    assert late.facts == (e.HandoverEnded(handover="hnd_1", how="lapsed"),)


def test_wishes_move_into_a_cart_and_back() -> None:
    given = begun(wish("LAMP", 3), wish("BOOK"))
    out = given.when(c.MoveOut({"lin_LAMP": Decimal(1), "lin_BOOK": Decimal(1)}, "crt_1"))
    assert out.told == ["line_changed", "line_removed"]
    assert out.shown == {"sku:LAMP": 2}
    back = out.when(c.MoveIn((wish("LAMP", 1), wish("BOOK")), "crt_1"))
    assert back.shown == given.shown


def test_no_more_moves_than_there_is() -> None:
    given = begun(wish("LAMP", 2))
    for amount in (0, 3, -1):
        refused = given.refuses(c.MoveOut({"lin_LAMP": Decimal(amount)}, "crt_1"))
        assert refused.code == "quantity_invalid"
    assert given.refuses(c.MoveOut({"lin_X": Decimal(1)}, "crt_1")).code == "line_unknown"


def test_what_somebody_bought_counts_once_and_comes_back_with_the_ticket() -> None:
    given = begun(wish("LAMP", 2))
    bought = c.NoteBought("crt_9", {"lin_LAMP": Decimal(1)})
    given = given.when(bought)
    assert given.when(bought).facts == ()
    assert given.wishlist.bought_of("lin_LAMP") == 1
    assert given.when(c.UndoBought("crt_9")).wishlist.bought_of("lin_LAMP") == 0
    assert given.when(c.UndoBought("crt_8")).facts == ()


def test_a_shop_that_lost_it_is_told_nothing_more() -> None:
    given = Given(Wishlist(id="wsh_1"))
    given = given.when(seen(given, ("LAMP", 1))).when(LoseTwin(REF))
    assert given.wishlist.twins[0].ended
    assert given.when(LoseTwin(REF)).facts == ()
    assert given.shown == {"sku:LAMP": 1}


def to_online(name: str = "hnd_9") -> c.OfferWishlist:
    return c.OfferWishlist(name, f"code {name}", NOW + timedelta(minutes=15), "to_online")


def test_her_own_list_comes_along_with_its_twin_as_it_is() -> None:
    own = Given(Wishlist(id="wsh_2"))
    own = own.when(seen(own, ("BOOK", 1), revision=4))
    given = begun(wish("LAMP")).when(to_online())

    joined = given.when(c.Join("code hnd_9", REF, own.wishlist))

    assert joined.told == ["handover_joined", "handover_ended", "line_added", "twin_joined"]
    assert joined.shown == {"sku:LAMP": 1, "sku:BOOK": 1}
    assert joined.wishlist.twins[0].shadow == {"sku:BOOK": 1}
    assert joined.when(c.Join("code hnd_9", REF, own.wishlist)).facts == ()
    stranger = REF.model_copy(update={"external_id": "43"})
    assert joined.refuses(c.Join("code hnd_9", stranger)).code == "code_bound"


def test_the_list_that_went_into_another_is_over_and_told_so_once() -> None:
    own = Given(Wishlist(id="wsh_2"))
    own = own.when(seen(own, ("BOOK", 1))).when(c.GiveAway(REF, "wsh_1"))
    assert own.facts[-1] == e.Cancelled(into="wsh_1")
    assert own.when(c.GiveAway(REF, "wsh_1")).facts == ()


def test_a_session_without_a_list_is_joined_with_an_empty_shadow() -> None:
    given = begun(wish("LAMP")).when(to_online()).when(c.Join("code hnd_9", REF))
    assert given.wishlist.twins[0].shadow == {}
    assert given.when(seen(given, ("BOOK", 1))).shown == {"sku:LAMP": 1, "sku:BOOK": 1}


def test_a_code_for_the_till_joins_nothing_and_one_for_the_shop_pulls_nothing() -> None:
    given = begun(wish()).when(offer()).when(to_online())
    assert len(given.wishlist.handovers) == 2
    assert given.refuses(c.Join("code hnd_1", REF)).code == "code_wrong_direction"
    assert given.refuses(c.UseCode("code hnd_9", "lyon")).code == "code_wrong_direction"
