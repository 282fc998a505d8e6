"""The three-way merge alone: differences, rebase on our own push, refusals, what a twin shows."""

from decimal import Decimal

from hypothesis import given as for_all
from hypothesis import strategies as st

from cartbridge.domain import merge
from cartbridge.domain.projection import basket_of, project_by
from cartbridge.domain.twin import CodeRefusal, ObservedLine, PlannedWrite, Refusal, Twin
from tests.unit.domain.words import line, row, shown, twin

baskets = st.dictionaries(st.sampled_from("ABCD"), st.integers(1, 9).map(Decimal), max_size=4)
amounts = st.integers(0, 30).map(Decimal)


def planned(push_id: str, expected: dict[str, int], **rest: object) -> PlannedWrite:
    told = {"push_id": push_id, "base_revision": 1, "expected": expected}
    return PlannedWrite.model_validate(told | rest)


def refusal(key: str, wanted: int, accepted: int) -> Refusal:
    return Refusal(key=key, wanted=Decimal(wanted), accepted=Decimal(accepted))


@for_all(before=baskets, after=baskets)
def test_a_difference_leads_from_one_to_the_other(
    before: dict[str, Decimal], after: dict[str, Decimal]
) -> None:
    changes = merge.diff(before, after)
    reached = {
        key: before.get(key, merge.ZERO) + changes.get(key, merge.ZERO)
        for key in {*before, *changes}
    }
    assert {key: amount for key, amount in reached.items() if amount} == after
    assert all(changes.values())


@for_all(basket=baskets)
def test_what_is_the_same_does_not_differ(basket: dict[str, Decimal]) -> None:
    assert merge.diff(basket, dict(basket)) == {}


class TestStale:
    def test_no_newer_than_the_shadow(self) -> None:
        assert merge.is_stale(twin(revision=3), shown(3))
        assert merge.is_stale(twin(revision=3), shown(2))
        assert not merge.is_stale(twin(revision=3), shown(4))

    def test_without_a_revision_nothing_is_known_to_be_old(self) -> None:
        assert not merge.is_stale(twin(revision=3), shown(None))
        assert not merge.is_stale(twin(), shown(1))

    def test_a_stale_snapshot_changes_nothing(self) -> None:
        assert merge.observe(twin(revision=3), shown(3, row("A"))) is None


class TestRebase:
    """Two writes were planned on revision 1; only one of them can have been taken."""

    TWIN = twin(
        shadow={"A": 1},
        revision=1,
        planned=(planned("psh_1", {"A": 2}), planned("psh_2", {"A": 3}, codes=["NOEL"])),
    )

    def test_a_write_of_ours_is_no_change_of_theirs(self) -> None:
        change = merge.observe(self.TWIN, shown(2, row("A", 2), last_push="psh_1"))
        assert change is not None
        assert change.is_echo
        assert [x.push_id for x in change.twin.planned] == ["psh_2"]
        assert (change.twin.last_push, change.twin.revision) == ("psh_1", 2)

    def test_older_writes_can_no_longer_arrive(self) -> None:
        change = merge.observe(self.TWIN, shown(2, row("A", 3), last_push="psh_2", codes=("NOEL",)))
        assert change is not None
        assert change.is_echo
        assert change.twin.planned == ()

    def test_only_what_was_done_on_top_is_theirs(self) -> None:
        change = merge.observe(self.TWIN, shown(3, row("A", 5), row("B"), last_push="psh_2"))
        assert change is not None
        assert change.quantities == {"A": 2, "B": 1}
        assert change.codes_removed == ("NOEL",)

    def test_a_push_that_is_not_ours_means_nothing(self) -> None:
        change = merge.observe(self.TWIN, shown(2, row("A", 2), last_push="psh_x"))
        assert change is not None
        assert change.quantities == {"A": 1}
        assert (change.twin.last_push, len(change.twin.planned)) == (None, 2)

    def test_a_write_that_was_not_taken_stays_under_way(self) -> None:
        change = merge.observe(self.TWIN, shown(2, row("A", 4)))
        assert change is not None
        assert change.quantities == {"A": 3}
        assert len(change.twin.planned) == 2

    def test_what_was_refused_is_not_their_decrease(self) -> None:
        no = refusal("A", 3, 2)
        code = CodeRefusal(code="NOEL")
        look = shown(2, row("A", 2), last_push="psh_2", refused=(no,), refused_codes=(code,))
        change = merge.observe(self.TWIN, look)
        assert change is not None
        assert change.is_echo
        assert change.twin.refused_codes == (code,)

    def test_a_row_that_was_refused_altogether(self) -> None:
        no = refusal("A", 3, 0)
        change = merge.observe(
            self.TWIN, shown(2, last_push="psh_2", refused=(no,), codes=("NOEL",))
        )
        assert change is not None
        assert change.is_echo
        assert change.twin.shadow == {}


class TestRowsWithoutQuantities:
    """A list there shows that something is wished for, and not how much of it."""

    TWIN = twin(
        shadow={"A": 1},
        refusals=(refusal("A", 3, 1),),
        planned=(planned("psh_1", {"A": 1, "B": 2}, wanted={"A": 3, "B": 2}),),
    )

    def moved(self, *rows: ObservedLine) -> dict[str, Decimal]:
        look = shown(None, *rows).model_copy(update={"uncounted": True})
        change = merge.observe(self.TWIN, look)
        assert change is not None
        return change.quantities

    def test_a_row_that_we_wrote_is_ours_though_nothing_says_so(self) -> None:
        assert self.moved(row("A"), row("B")) == {}

    def test_a_row_of_theirs_is_one_piece(self) -> None:
        assert self.moved(row("A"), row("C")) == {"C": 1}

    def test_a_row_that_went_takes_along_what_it_could_not_show(self) -> None:
        assert self.moved(row("B")) == {"A": -3}


class TestRefusals:
    KNOWN = twin(
        shadow={"A": 2, "B": 1},
        refusals=(refusal("A", 3, 2),),
        planned=(
            planned("psh_1", {"A": 2, "B": 4}, wanted={"A": 3, "B": 4}),
            planned("psh_2", {"A": 5, "B": 4}, wanted={"A": 5, "B": 4}),
        ),
    )

    def observed(self, push_id: str, *refused: Refusal) -> Twin:
        look = shown(2, row("A", 2), row("B", 4), last_push=push_id, refused=refused)
        change = merge.observe(self.KNOWN, look)
        assert change is not None
        return change.twin

    def test_one_that_was_not_asked_again_stands(self) -> None:
        assert self.observed("psh_1").refusals == (refusal("A", 3, 2),)

    def test_one_that_was_asked_again_and_taken_is_forgotten(self) -> None:
        assert self.observed("psh_2").refusals == ()

    def test_one_that_was_asked_again_and_refused_is_about_the_new_wish(self) -> None:
        assert self.observed("psh_2", refusal("A", 9, 2)).refusals == (refusal("A", 5, 2),)

    def test_a_new_one_stands_beside_it(self) -> None:
        both = (refusal("A", 3, 2), refusal("B", 4, 1))
        assert self.observed("psh_1", refusal("B", 4, 1)).refusals == both

    def test_the_target_is_the_wish_less_what_was_refused_of_it(self) -> None:
        known = twin(refusals=(refusal("A", 3, 2), refusal("BAG", 0, 1), refusal("C", 2, 0)))
        wish = {"A": Decimal(3), "C": Decimal(2)}
        assert merge.target(known, wish) == {"A": 2, "BAG": 1}

    def test_another_wish_is_asked(self) -> None:
        known = twin(refusals=(refusal("A", 3, 2), refusal("BAG", 0, 1)))
        wish = {"A": Decimal(4), "BAG": Decimal(2)}
        assert merge.target(known, wish) == wish
        assert merge.target(known, {"BAG": Decimal(2)}) == {"BAG": 2}

    def test_refused_codes_are_not_part_of_the_target(self) -> None:
        known = twin(refused_codes=(CodeRefusal(code="NOEL"),))
        assert merge.target_codes(known, ("VIP", "NOEL", "ETE")) == ("ETE", "VIP")

    def test_a_twin_is_in_step_when_it_shows_its_target(self) -> None:
        known = twin(shadow={"A": 2}, refusals=(refusal("A", 3, 2),), shadow_codes=("NOEL",))
        assert merge.in_step(known, {"A": Decimal(3)}, ("NOEL",))
        assert not merge.in_step(known, {"A": Decimal(4)}, ("NOEL",))
        assert not merge.in_step(known, {"A": Decimal(3)}, ())


class TestNewer:
    OLD, NEW = shown(1, row("A")), shown(2, row("A", 2))
    UNKNOWN = shown(None, row("A", 3))

    def test_the_higher_revision_wins(self) -> None:
        assert merge.newer(self.OLD, self.NEW) == merge.newer(self.NEW, self.OLD) == self.NEW

    def test_without_revision_the_later_look_wins(self) -> None:
        assert merge.newer(self.NEW, self.UNKNOWN) == self.UNKNOWN
        assert merge.newer(self.UNKNOWN, self.OLD) == self.OLD
        assert merge.newer(None, self.OLD) == self.OLD

    def test_what_waits_overtakes_older_news_and_not_itself(self) -> None:
        assert merge.is_overtaken(self.NEW, self.OLD)
        assert not merge.is_overtaken(self.NEW, self.NEW.model_copy(deep=True))
        assert not merge.is_overtaken(self.OLD, self.NEW)
        assert not merge.is_overtaken(self.NEW, self.UNKNOWN)
        assert not merge.is_overtaken(None, self.OLD)


class TestTheFloor:
    """Rule 8, for one decrease of `shown_before` to `shown`."""

    @for_all(present=amounts, shown_before=amounts, now=amounts)
    def test_nothing_goes_below_zero_or_up(
        self, present: Decimal, shown_before: Decimal, now: Decimal
    ) -> None:
        change = min(merge.ZERO, now - shown_before)
        assert 0 <= merge.lowered(present, change, now) <= present

    @for_all(present=amounts, shown_before=amounts, now=st.integers(1, 30).map(Decimal))
    def test_never_below_what_that_side_still_shows(
        self, present: Decimal, shown_before: Decimal, now: Decimal
    ) -> None:
        change = min(merge.ZERO, now - shown_before)
        assert merge.lowered(present, change, now) >= min(present, now)

    @for_all(present=amounts, extra=amounts)
    def test_a_removal_leaves_only_what_was_added_meanwhile(
        self, present: Decimal, extra: Decimal
    ) -> None:
        assert merge.lowered(present + extra, -present, merge.ZERO) == extra

    @for_all(before=amounts, now=amounts, meanwhile=amounts)
    def test_a_decrease_beside_increases_is_a_difference(
        self, before: Decimal, now: Decimal, meanwhile: Decimal
    ) -> None:
        change = min(merge.ZERO, now - before)
        present = before + meanwhile
        assert merge.lowered(present, change, now) == present + change


class TestOwnForm:
    def test_rows_of_one_key_are_merged_oldest_line_first(self) -> None:
        lines = (line("A", 2, "lin_1"), line("B", 1, "lin_2"), line("A", 3, "lin_3"))
        rows = project_by(lines, lambda x: x.item.sku)
        assert basket_of(rows) == {"A": 5, "B": 1}
        assert [x.lines for x in rows] == [("lin_1", "lin_3"), ("lin_2",)]

    def test_what_the_platform_does_not_know_is_left_out(self) -> None:
        rows = project_by((line("A"), line("OAK")), lambda x: "A" if x.item.sku == "A" else None)
        assert basket_of(rows) == {"A": 1}

    def test_rows_of_one_key_in_a_snapshot_count_together(self) -> None:
        assert shown(1, row("A", 2), row("A"), row("B", 0)).basket == {"A": 3}
