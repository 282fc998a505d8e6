"""Promises about writing a twin: on condition, once, with what was refused named."""

from decimal import Decimal
from typing import Final

import pytest

from cartbridge.domain.merge import rebase
from cartbridge.domain.twin import PlannedWrite, Snapshot, Twin
from cartbridge.sdk.contract import Moved, Write, Written
from cartbridge.sdk.errors import Ignore, Unknown
from cartbridge.testing.snapshots import is_echo, seen_after
from cartbridge.testing.suite import Suite
from cartbridge.testing.there import There, on_platform

SUBJECT: Final = "writing"
WRITTEN: Final = "what is written"  # carts, and wish lists and quotes where they are


class Writing(Suite):
    """What the gateway writes is there once, or not at all."""

    @on_platform("silver", SUBJECT, "push", of=WRITTEN)
    async def test_writes_what_is_wanted(self, there: There) -> None:
        """The platform shows what the write wanted: more, less, none, and an article anew."""
        cart = there.new()
        before = await there.seen(cart)
        lessened, *others = sorted(before.basket)
        rows = {row.key: row for row in before.lines}
        item = there.platform.articles[0]
        wanted = {
            there.key(item): (item, Decimal(1 if before.uncounted else 2), "C62"),
            lessened: (rows[lessened].item, Decimal(0), rows[lessened].unit),
        }
        if not before.uncounted:
            raised = before.basket[others[0]] + 1
            wanted[others[0]] = (rows[others[0]].item, raised, rows[others[0]].unit)
        write = there.write(cart, before, "psh_1", wanted)
        result = await self.connector.push(write, there.remote)
        assert isinstance(result, Written)
        assert result.snapshot.basket == write.basket == there.platform.basket(cart)
        assert (await there.seen(cart)).basket == write.basket

    @on_platform("silver", SUBJECT, "push", of=WRITTEN)
    async def test_writes_parts_of_a_metre(self, there: There) -> None:
        """What is sold by measure is written to the last decimal."""
        item = there.platform.measured
        if item is None:
            pytest.skip("the platform counts whole pieces alone")
        cart = there.new()
        before = await there.seen(cart)
        if before.uncounted:
            return  # what it says of more than a piece is a promise about wish lists
        wanted = {there.key(item, "MTR"): (item, Decimal("1.25"), "MTR")}
        write = there.write(cart, before, "psh_1", wanted)
        await self.connector.push(write, there.remote)
        assert there.platform.basket(cart) == write.basket

    @on_platform("silver", SUBJECT, "push", of=WRITTEN)
    async def test_knows_its_own_echo(self, there: There) -> None:
        """What comes back of a write is no edit of the shopper, answered or read again."""
        cart = there.new()
        before = await there.seen(cart)
        write = there.more(cart, before, "psh_1")
        result = await self.connector.push(write, there.remote)
        assert is_echo(before, write, result.snapshot)
        assert is_echo(before, write, await there.seen(cart))

    @on_platform("gold", "conditional writes", "push", of=WRITTEN)
    async def test_writes_nothing_over_an_edit(self, there: There) -> None:
        """A cart that moved meanwhile is shown as it is now, and left so."""
        cart = there.new()
        before = await there.seen(cart)
        there.platform.edit(cart)
        edited = dict(there.platform.basket(cart))
        result = await self.connector.push(there.more(cart, before, "psh_1"), there.remote)
        assert isinstance(result, Moved), "written over what the shopper had done"
        assert there.platform.basket(cart) == edited
        assert result.snapshot.basket == edited
        assert result.snapshot.revision == (await there.seen(cart)).revision
        # What is shown is enough to write on.
        again = there.more(cart, result.snapshot, "psh_2")
        assert isinstance(await self.connector.push(again, there.remote), Written)
        assert there.platform.basket(cart) == again.basket

    @on_platform("gold", "conditional writes", "push", of=WRITTEN)
    async def test_carries_push_and_revision(self, there: There) -> None:
        """After a write every snapshot names it, at a greater revision, until the next one."""
        cart = there.new()
        before = await there.seen(cart)
        result = await self.connector.push(there.more(cart, before, "psh_1"), there.remote)
        for shown in (result.snapshot, await there.seen(cart)):
            assert shown.last_push == "psh_1"
            assert shown.revision is not None
            assert before.revision is not None
            assert shown.revision > before.revision
        there.platform.edit(cart)
        assert (await there.seen(cart)).last_push == "psh_1", "an edit leaves the last push_id"

    @on_platform("gold", "conditional writes", "push", of=WRITTEN)
    async def test_repeats_answer_the_first_result(self, there: There) -> None:
        """The same push_id again changes nothing more, though the cart has moved on."""
        cart = there.new()
        before = await there.seen(cart)
        write = there.more(cart, before, "psh_1")
        first = await self.connector.push(write, there.remote)
        assert isinstance(first, Written)
        there.platform.edit(cart)
        moved_on = dict(there.platform.basket(cart))
        again = await self.connector.push(write, there.remote)
        assert isinstance(again, Written), "a repeat answers what the first one did"
        assert again.snapshot.last_push == "psh_1"
        assert there.platform.basket(cart) == moved_on

    @on_platform("gold", "conditional writes", "push", of=WRITTEN)
    async def test_a_lost_answer_proves_nothing(self, there: There) -> None:
        """Without an answer it is unknown; read again, the write is found; repeated, it is once."""
        cart = there.new()
        before = await there.seen(cart)
        write = there.more(cart, before, "psh_1")
        there.platform.lose_answer()
        with pytest.raises(Unknown):
            await self.connector.push(write, there.remote)
        shown = await there.seen(cart)
        assert is_echo(before, write, shown), "the write took effect, and it is not known again"
        repeated = await self.connector.push(write, there.remote)
        assert isinstance(repeated, Written)
        assert there.platform.basket(cart) == write.basket

    @on_platform("gold", "conditional writes", "push", of=WRITTEN)
    async def test_tells_an_edit_from_its_echo(self, there: There) -> None:
        """What a shopper did after the write is her edit, and only that."""
        cart = there.new()
        before = await there.seen(cart)
        write = there.more(cart, before, "psh_1")
        await self.connector.push(write, there.remote)
        there.platform.edit(cart)
        change = seen_after(before, write, await there.seen(cart))
        assert change is not None
        assert sum(change.quantities.values()) == 1, "she took one piece more"

    @on_platform("gold", "refusals", "push", of=WRITTEN)
    async def test_names_what_was_refused(self, there: There) -> None:
        """What the platform would not take in full is named with what it took."""
        platform = there.platform
        cart = there.new()
        key = there.key(platform.articles[0])
        platform.refuse(key, Decimal(1))
        before = await there.seen(cart)
        write = there.more(cart, before, "psh_1", amount=3)
        result = await self.connector.push(write, there.remote)
        assert platform.basket(cart).get(key) == 1, "the fake takes at most what it was told"
        for shown in (result.snapshot, await there.seen(cart)):
            assert shown.basket == platform.basket(cart)
            assert [(one.key, one.accepted) for one in shown.refused] == [(key, Decimal(1))]
            assert is_echo(before, write, shown)
            (kept,) = _after(before, write, shown).refusals
            assert (kept.wanted, kept.accepted) == (Decimal(3), Decimal(1))

    @on_platform("gold", "refusals", "push", of=WRITTEN)
    async def test_names_what_is_not_taken_at_all(self, there: There) -> None:
        """An article the platform takes none of is named, and the rest is written."""
        platform = there.platform
        cart = there.new()
        refused, taken = (there.key(item) for item in platform.articles[:2])
        platform.refuse(refused, Decimal(0))
        before = await there.seen(cart)
        wanted = {
            refused: (platform.articles[0], Decimal(1), "C62"),
            taken: (platform.articles[1], Decimal(1), "C62"),
        }
        write = there.write(cart, before, "psh_1", wanted)
        result = await self.connector.push(write, there.remote)
        assert {one.key: one.accepted for one in result.snapshot.refused} == {refused: Decimal(0)}
        assert result.snapshot.basket == {**before.basket, taken: Decimal(1)}
        assert is_echo(before, write, result.snapshot)

    @on_platform("gold", SUBJECT, "push", of=WRITTEN)
    async def test_does_not_make_carts_anew(self, there: There) -> None:
        """A cart that was deleted there is not written back."""
        cart = there.new()
        before = await there.seen(cart)
        there.platform.remove(cart)
        with pytest.raises((Ignore, Unknown)):
            await self.connector.push(there.more(cart, before, "psh_1"), there.remote)


def _after(before: Snapshot, write: Write, shown: Snapshot) -> Twin:
    planned = PlannedWrite(
        push_id=write.push_id,
        base_revision=write.base_revision,
        expected=write.basket,
        codes=write.codes,
        wanted=write.basket,
    )
    return rebase(Twin(ref=write.ref, shadow=before.basket, planned=(planned,)), shown)
