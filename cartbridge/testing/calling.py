"""Promises about asking the platform: what it has, what changed, and whether it still calls us."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from cartbridge.domain.merge import observe
from cartbridge.domain.twin import Twin
from cartbridge.sdk.errors import Ignore
from cartbridge.sdk.observations import CartGone, DocumentGone
from cartbridge.testing.levels import promise
from cartbridge.testing.suite import Suite
from cartbridge.testing.there import HOOK_URL, There, on_platform
from cartbridge.testing.writing import WRITTEN

CODE: Final = "BCDFGHJKLNPRSTVXBCDFGHJKLNPRSTVX"
SUBJECT: Final = "catching up"


class Calling(Suite):
    """What a lost hook would have told is found by asking."""

    @on_platform("silver", SUBJECT, "fetch", of=WRITTEN)
    async def test_fetches_what_the_platform_shows(self, there: There) -> None:
        """A cart that is fetched is read as the platform shows it, before and after an edit."""
        platform = there.platform
        cart, other = there.new(), there.new()
        before = (await there.seen(cart)).basket
        assert len(before) >= 2, "a new cart holds two articles"
        assert before == platform.basket(cart)
        platform.edit(cart)
        assert (await there.seen(cart)).basket == platform.basket(cart) != before
        assert (await there.seen(other)).basket == platform.basket(other)

    @on_platform("silver", SUBJECT, "fetch", of=WRITTEN)
    async def test_finds_that_a_cart_is_gone(self, there: There) -> None:
        """What was deleted there, or never was, is told as gone: by None, or by what was seen."""
        cart = there.new()
        there.platform.remove(cart)
        try:
            document = await there.document(cart)
        except Ignore:
            return
        if document is not None:
            said = there.read(document).observations
            assert [type(seen) for seen in said] in ([CartGone], [DocumentGone])

    @on_platform("silver", SUBJECT, of=WRITTEN)
    async def test_stays_at_the_newer_cart(self, there: There) -> None:
        """An older snapshot that comes after a newer one changes nothing, by its revision."""
        cart = there.new()
        older = await there.seen(cart)
        there.platform.edit(cart)
        newer = await there.seen(cart)
        assert (older.revision is None) == (newer.revision is None)
        if older.revision is None or newer.revision is None:
            pytest.skip("its snapshots carry no revision: they are read anew, in turn")
        assert newer.revision > older.revision, "each change has a greater revision"
        twin = Twin(ref=there.ref(cart), shadow=older.basket, revision=older.revision)
        change = observe(twin, newer)
        assert change is not None
        assert observe(change.twin, older) is None
        assert observe(change.twin, newer) is None

    @on_platform("silver", SUBJECT, "changed_since")
    async def test_lists_what_changed(self, there: There) -> None:
        """From nothing: all there is. From a cursor: at least what was changed since."""
        platform = there.platform
        carts = {platform.new_cart() for _ in range(3)}
        documents, cursor = await there.changes_and_cursor(None)
        assert carts <= self._told_of(there, documents)
        edited = min(carts)
        platform.edit(edited)
        added = platform.new_cart()
        documents, _ = await there.changes_and_cursor(cursor)
        assert {edited, added} <= self._told_of(there, documents)

    @on_platform("silver", SUBJECT, "changed_since")
    async def test_comes_to_rest_when_nothing_changes(self, there: There) -> None:
        """While nothing changes there the cursor soon stays as it is, and asking ends."""
        there.platform.new_cart()
        _, cursor = await there.changes_and_cursor(None)
        for _ in range(3):
            _, after = await there.changes_and_cursor(cursor)
            if after == cursor:
                return
            cursor = after
        raise AssertionError("nothing changed, and the cursor moves on")

    @on_platform("silver", SUBJECT, "hook")
    async def test_lets_a_stopped_hook_go_on(self, there: There) -> None:
        """A hook that the platform switched off is seen to be off, and armed again."""
        there.platform.stop_hook(HOOK_URL)
        assert not await self.connector.hook_is_on(HOOK_URL, there.remote)
        await self.connector.rearm(HOOK_URL, there.remote)
        assert await self.connector.hook_is_on(HOOK_URL, there.remote)
        await self.connector.rearm(HOOK_URL, there.remote)
        assert await self.connector.hook_is_on(HOOK_URL, there.remote)

    @on_platform("gold", "credentials", "refresh")
    async def test_renews_its_credentials(self, there: There) -> None:
        """What the platform gives in exchange is all kept, hidden, and good for the next time."""
        first = await self.connector.refresh(there.remote)
        assert first.values
        assert not any(value in repr(first) for value in first.values.values())
        if first.expires_at is not None:
            assert first.expires_at > datetime.now(UTC)
        renewed = replace(there.remote, credentials=first.values)
        await replace(there, remote=renewed).seen(there.platform.new_cart())
        assert (await self.connector.refresh(renewed)).values

    @promise("gold", "continuing online", "continue_online")
    def test_leads_a_shopper_on(self) -> None:
        """A code leads to one https address of the shop that carries it, always the same."""
        settings = self.settings(*self.secrets)
        if "continue_online" not in self.connector.capabilities(settings):
            pytest.skip("it does not declare continue_online")
        url = self.connector.continue_url(CODE, settings)
        assert CODE in url
        assert url.startswith(("https://", "http://127.0.0.1", "http://localhost"))
        assert url == self.connector.continue_url(CODE, settings)
        assert url != self.connector.continue_url(CODE[::-1], settings)
        assert not any(secret in url for secret in self.secrets)

    @promise("bronze", "lanes")
    def test_keeps_to_its_lanes(self) -> None:
        """Which calls wait for one another depends on the till and the settings alone."""
        settings = self.settings(*self.secrets)
        for terminal in (None, "1", "2", "é", "x" * 255):
            lane = self.connector.lane(terminal, settings)
            assert lane == self.connector.lane(terminal, settings)
            assert lane is None or (lane and lane.isprintable() and len(lane) <= 300)
        placing = self.connector.placing(settings)
        assert placing == self.connector.placing(settings)
        able = self.connector.capabilities(settings)
        assert "place" in able or placing == "never"

    @staticmethod
    def _told_of(there: There, documents: object) -> set[str]:
        assert isinstance(documents, list)
        reads = [there.read(document) for document in documents]
        return {seen.external_id for read in reads for seen in read.observations}
