"""Promises about what recorded hooks and documents say: whole, in order, and to the cent."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import pytest

from cartbridge.domain.line import Prices
from cartbridge.domain.projection import basket_of
from cartbridge.domain.twin import Snapshot
from cartbridge.sdk.contract import Connector
from cartbridge.sdk.observations import CartOrdered, Read, SaleSeen
from cartbridge.testing.hostile import encoded
from cartbridge.testing.levels import promise
from cartbridge.testing.snapshots import cart_of, shown, snapshot_in
from cartbridge.testing.suite import NOW, TOLERANCE, Suite

SUBJECT: Final = "reading"

# What each declared capability must be made of.
CAPABILITIES: Final = {
    "fetch": ("fetch",),
    "push": ("push",),
    "place": ("place", "withdraw"),
    "freeze": ("freeze", "thaw"),
    "continue_online": ("continue_url",),
    "changed_since": ("changed_since",),
    "hook": ("hook_is_on", "rearm"),
    "refresh": ("refresh",),
    "answer_enquiries": ("answer_enquiry",),
    "prices": ("prices",),
    "stock": ("stock",),
    "reserve_stock": ("reserve_stock", "release_stock"),
    "loyalty": ("loyalty",),
}


class Reading(Suite):
    """What the platform said is what the gateway hears."""

    @promise("bronze", "manifest")
    def test_declares_only_what_it_can(self) -> None:
        """Every declared capability is there, and none is there undeclared."""
        manifest, settings = self.connector.manifest, self.settings(*self.secrets)
        for capability, methods in CAPABILITIES.items():
            made = {self._overrides(method) for method in methods}
            assert made == {capability in manifest.capabilities}, capability
        assert (manifest.writes != "none") == ("push" in manifest.capabilities)
        assert isinstance(settings, manifest.settings)
        assert self.connector.capabilities(settings) <= manifest.capabilities
        able = self.connector.capabilities(settings)
        assert (self.connector.writes(settings) != "none") == ("push" in able)
        assert "push" in able or not able & {"push_wishlists", "push_quotes"}

    @promise("bronze", SUBJECT)
    def test_reads_every_recorded_payload_as_expected(self) -> None:
        """Documents, observations and mapping report, to the cent."""
        assert self.recorded(), "record at least one payload"
        settings = self.in_use()
        for name, payload in self.payloads().items():
            hook = self.hook(name, encoded(payload["body"]))
            named = [vars(mention) for mention in self.connector.identify(hook, settings)]
            said = [{key: mention[key] for key in ("external_id", "kind")} for mention in named]
            assert said == payload["named"], name
        for name, told, read in self.reads():
            assert [shown(seen) for seen in read.observations] == _plain(told["observations"]), name
            assert [shown(lost)["field"] for lost in read.report] == told["report"], name

    @promise("bronze", SUBJECT)
    def test_a_repeat_is_the_same_mention(self) -> None:
        """A delivery that comes again, later, has the same dedup keys."""
        settings = self.in_use()
        for name in self.recorded():
            first, again = self.hook(name), self.hook(name, at=NOW + TOLERANCE / 5)
            assert self._verify(first) == self._verify(again)
            named = self.connector.identify(first, settings)
            assert named == self.connector.identify(again, settings)
            assert all(mention.dedup is not None for mention in named)

    @promise("bronze", SUBJECT)
    def test_tells_its_mentions_apart(self) -> None:
        """A body names each document once, each with a dedup key of its own.

        A key that comes again is taken for a repeat: what it is given to would be lost.
        """
        settings = self.in_use()
        for name in self.recorded():
            mentions = self.connector.identify(self.hook(name), settings)
            places = [(one.kind, one.account, one.external_id) for one in mentions]
            assert len(set(places)) == len(places), f"{name}: it names a document twice"
            keys = [one.dedup for one in mentions]
            assert len(set(keys)) == len(keys), f"{name}: two documents under one dedup key"

    @promise("bronze", SUBJECT)
    def test_names_what_it_reads(self) -> None:
        """Each observation is of a document the hook named, and of no later revision than named.

        A hook is put into the queue of what `identify` named: what it says of others is not seen.
        """
        settings = self.in_use()
        for name in self.recorded():
            mentions = self.connector.identify(self.hook(name), settings)
            named = {(one.kind, one.external_id): one.revision for one in mentions}
            for seen in self._read(name).observations:
                place = (seen.kind, seen.external_id)
                assert place in named, f"{name}: {type(seen).__name__} of what it did not name"
                snapshot = snapshot_in(seen)
                if snapshot is not None and named[place] is not None:
                    assert named[place] == snapshot.revision, name

    @promise("bronze", SUBJECT)
    def test_reads_the_same_again(self) -> None:
        """Reading keeps nothing: the same bytes say the same, whatever was read between."""
        first = [self._understand(self.hook(name)) for name in self.recorded()]
        again = [self._understand(self.hook(name)) for name in reversed(list(self.recorded()))]
        assert first == again[::-1]

    @promise("bronze", SUBJECT)
    def test_projects_what_it_reads(self) -> None:
        """A document made of what the platform shows looks, in its own form, as it is shown."""
        settings = self.in_use()
        for name, snapshot in self._snapshots():
            shown_there = basket_of(self.connector.project(cart_of(snapshot).lines, settings))
            assert shown_there == snapshot.basket, name

    @promise("silver", "money")
    def test_adds_up_to_the_total_of_the_platform(self) -> None:
        """The lines, the shipping and what is no article make the total that the platform tells."""
        proven = 0
        for name, told, read in self.reads():
            for seen in read.observations:
                amounts = _amounts(seen)
                if "total" in told and amounts is not None:
                    total, tax = amounts
                    assert total + told.get("beside", 0) == told["total"], name
                    assert "tax" not in told or tax == told["tax"], name
                    proven += 1
        assert proven, 'write the platform\'s own "total" into a payload file, in minor units'

    @promise("silver", "money")
    def test_takes_taxes_as_the_platform_does(self) -> None:
        """A line's tax is its rate of the total: within it, or on top of it, as is said."""
        for name, snapshot in self._snapshots():
            for line in snapshot.lines:
                assert snapshot.tax_mode or not line.prices.taxes, name
                off = _off(line.prices, snapshot.tax_mode)
                assert off <= 1 + line.quantity / 2, f"{name}: {line.key}, off by {off}"

    @promise("silver", "money")
    def test_reads_decimal_quantities_exactly(self) -> None:
        """Metres and grams are read as they were told, and shown so again."""
        if not self.sells_by_measure:
            pytest.skip("this platform counts whole pieces: sells_by_measure is not set")
        found = [
            line.quantity
            for _, snapshot in self._snapshots()
            for line in snapshot.lines
            if line.quantity % 1
        ]
        assert found, "record a payload with part of a metre or of a kilogram"

    def _all_reads(self) -> Iterator[tuple[str, Read]]:
        for name in self.recorded():
            yield name, self._read(name)
        for name, told in self.documents().items():
            yield name, self.connector.read(told["document"], self.in_use())

    def _snapshots(self) -> Iterator[tuple[str, Snapshot]]:
        for name, read in self._all_reads():
            for seen in read.observations:
                if (snapshot := snapshot_in(seen)) is not None:
                    yield name, snapshot

    def _overrides(self, method: str) -> bool:
        return getattr(type(self.connector), method) is not getattr(Connector, method)


def _plain(told: Any) -> Any:
    """Expected observations with their numbers as payload files hold them."""
    if isinstance(told, dict):
        return {name: _plain(part) for name, part in told.items()}
    if isinstance(told, list):
        return [_plain(part) for part in told]
    return float(told) if isinstance(told, Decimal) else told


def _amounts(seen: Any) -> tuple[int, int] | None:
    """What is to be paid by an observation, and the tax in it; None if it tells no prices."""
    if isinstance(seen, CartOrdered | SaleSeen):
        totals = [line.total for line in seen.lines]
        told = [total for total in totals if total is not None]
        return (sum(told), 0) if totals and len(told) == len(totals) else None
    snapshot = snapshot_in(seen)
    if snapshot is None:
        return None
    prices = [line.prices for line in snapshot.lines]
    taxes = sum(tax.amount for one in prices for tax in one.taxes)
    apart = sum(fee.amount for one in prices for fee in one.fees if not fee.included)
    lines = sum(one.total or 0 for one in prices)
    return lines + apart + snapshot.shipping, taxes


def _off(prices: Prices, mode: str | None) -> Decimal:
    """By how many minor units a line's tax differs from its rates."""
    if not prices.taxes or prices.total is None:
        return Decimal(0)
    rate = sum((Decimal(tax.rate) for tax in prices.taxes), Decimal(0))
    base = Decimal(prices.total)
    due = base * rate / (1 + rate) if mode == "inclusive" else base * rate
    return abs(due - sum(tax.amount for tax in prices.taxes))
