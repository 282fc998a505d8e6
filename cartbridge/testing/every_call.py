"""Every call that a connector declares, each made on a document that is there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cartbridge.domain.twin import TwinRef
from cartbridge.sdk.both_sides import PricesOf
from cartbridge.sdk.contract import Capability, Changed
from cartbridge.sdk.errors import ConnectorError, Unreadable
from cartbridge.testing.answering import asked_in, message
from cartbridge.testing.both_sides import CARD, hold_of
from cartbridge.testing.placing import WHERE, placement_of, ref_of
from cartbridge.testing.there import HOOK_URL, There

HELD: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Call:
    """One call of the connector; `changes`: it must not be made twice without reading again."""

    name: str
    made: Callable[[], Awaitable[Any]]
    changes: bool = False

    async def failure(self) -> ConnectorError | Unreadable | None:
        """What it raises; None if it found nothing to tell, which is no result either."""
        try:
            result = await self.made()
        except (ConnectorError, Unreadable) as error:
            return error
        if isinstance(result, Changed):
            assert not result.documents, f"{self.name} made something of it"
        else:
            assert not result or result is True, f"{self.name} made something of it: {result!r}"
        return None


async def every_call(there: There) -> list[Call]:
    """The calls of what this connection can do, on a cart made for them."""
    cart = there.platform.new_cart()
    able = there.connector.capabilities(there.remote.settings)
    calls = await _reading_and_writing(there, cart, "push")
    calls += _listing(there)
    calls += _freezing(there, there.ref(cart))
    if "place" in able:
        calls += await _placing(there)
    if "push_wishlists" in able:
        wishes = replace(there, kind="wishlist")
        calls += await _reading_and_writing(wishes, wishes.new(), "push_wishlists")
    if "push_quotes" in able:
        quotes = replace(there, kind="quote")
        calls += await _reading_and_writing(quotes, quotes.new(), "push_quotes")
    if "answer_enquiries" in able:
        calls.append(_answering(there, there.platform.new_enquiry()))
    return [*calls, *_both_sides(there)]


async def _reading_and_writing(there: There, document: str, need: Capability) -> list[Call]:
    connector, remote = there.connector, there.remote
    able, kind = connector.capabilities(remote.settings), there.kind
    calls: list[Call] = []
    if "fetch" in able:
        calls.append(Call(f"fetch {kind}", lambda: _fetched(there, there.ref(document))))
    if need in able:
        write = there.more(document, await there.seen(document), "psh_1")
        calls.append(Call(f"push {kind}", lambda: connector.push(write, remote), changes=True))
    return calls


def _answering(there: There, enquiry: str) -> Call:
    connector, remote = there.connector, there.remote
    ref, said = asked_in(enquiry), message("m_1")
    return Call("answer_enquiry", lambda: connector.answer_enquiry(ref, said, remote))


async def _fetched(there: There, ref: TwinRef) -> Any:
    """What was fetched, read as the gateway does at once."""
    document = await there.connector.fetch(ref, there.remote)
    return None if document is None else there.read(document)


def _listing(there: There) -> list[Call]:
    connector, remote = there.connector, there.remote
    able, calls = connector.capabilities(remote.settings), []
    if "changed_since" in able:
        calls.append(Call("changed_since", lambda: connector.changed_since(None, remote)))
    if "hook" in able:
        calls.append(Call("hook_is_on", lambda: connector.hook_is_on(HOOK_URL, remote)))
        calls.append(Call("rearm", lambda: connector.rearm(HOOK_URL, remote)))
    return calls


def _freezing(there: There, ref: TwinRef) -> list[Call]:
    connector, remote = there.connector, there.remote
    if "freeze" not in connector.capabilities(remote.settings):
        return []
    until = datetime.now(UTC) + HELD
    return [
        Call("freeze", lambda: connector.freeze(ref, until, WHERE, remote)),
        Call("thaw", lambda: connector.thaw(ref, remote)),
    ]


async def _placing(there: There) -> list[Call]:
    connector, remote = there.connector, there.remote
    placed = await connector.place(placement_of(there, "plc_1"), remote)
    another = placement_of(there, "plc_2")
    return [
        Call("place", lambda: connector.place(another, remote)),
        Call("withdraw", lambda: connector.withdraw(ref_of(placed), remote)),
    ]


def _both_sides(there: There) -> list[Call]:
    """What is asked while a cashier waits, and the goods that are kept for her customer."""
    connector, platform, remote = there.connector, there.platform, there.remote
    able = connector.capabilities(remote.settings)
    item = platform.articles[0]
    calls = []
    if "prices" in able:
        of = PricesOf(currency="EUR")
        calls.append(Call("prices", lambda: connector.prices([item], of, remote)))
    if "stock" in able:
        stores = platform.stores[:1]
        calls.append(Call("stock", lambda: connector.stock([item], stores, remote)))
    if "reserve_stock" in able:
        hold = hold_of(there, "hold_1", 1)
        calls.append(Call("reserve_stock", lambda: connector.reserve_stock(hold, remote)))
        calls.append(Call("release_stock", lambda: connector.release_stock("hold_1", remote)))
    if "loyalty" in able:
        calls.append(Call("loyalty", lambda: connector.loyalty(CARD, remote)))
    return calls
