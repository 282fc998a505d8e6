"""A small stand-in for a platform, against which every call of a connector is proven.

Written once per connector, in its `tests/fake_acme.py`, and named in `tests/test_contract.py`:

    class FakeAcme(Platform):
        kept: dict[str, dict[str, Any]]      # carts by external id, in the platform's own form

        def respond(self, request: httpx.Request) -> httpx.Response:
            ...                              # what the platform would answer, from `kept`

    class TestAcme(ConnectorContract):
        fake = FakeAcme

The suite makes a new one for each test, lets the connector call it, flips its switches, and looks
at what became of it. It is told nothing in advance: it keeps a little state, as the platform does.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, Final

import httpx
import respx

from cartbridge.domain.items import Item
from cartbridge.domain.twin import TwinKind

JSON: Final = "application/json"


@dataclass(frozen=True)
class Trouble:
    """What becomes of calls instead of, or after, the platform's own answer."""

    status: int | None = None  # answered in the platform's place, which never sees the call
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    fault: type[httpx.RequestError] | None = None  # how the connection fails
    done: bool = False  # True: the platform did it before the connection failed


class Platform(ABC):
    """A platform as its connector meets it: `respond` to calls, and a few things done by hand."""

    # The articles are sold there and lie in no new cart; at least two of them.
    articles: ClassVar[tuple[Item, ...]]
    # One that is sold by the metre or the gram; None: the platform counts whole pieces alone.
    measured: ClassVar[Item | None] = None
    # What the documents are that `new_cart` makes.
    kind: ClassVar[TwinKind] = "cart"
    # The till on which carts are placed, and its store, by the platform's own ids.
    terminal: ClassVar[str | None] = None
    store: ClassVar[str | None] = None
    # Stores of which the platform counts the stock, by its own ids (`stock`); two, unless it never
    # counts more than one.
    stores: ClassVar[tuple[str, ...]] = ()
    # False: its loyalty cards know no tiers, so that `issue_card` passes over them.
    has_tiers: ClassVar[bool] = True
    # How the platform says that it wants to be left alone for seven seconds, with status 429.
    busy: ClassVar[Mapping[str, str]] = {"retry-after": "7"}
    # What a connection's credentials are before the first `refresh`.
    credentials: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._trouble: list[Trouble] = []
        self._lasting: Trouble | None = None

    # What an integrator writes: always.

    @abstractmethod
    def respond(self, request: httpx.Request) -> httpx.Response:
        """What the platform answers a call: from its state, which the call may change.

        A call that is not signed as the platform wants it is best answered 401.
        """

    @abstractmethod
    def new_cart(self) -> str:
        """Makes a cart (at a till: an open order) of at least two articles; its external id.

        As a shopper or cashier makes it, not the gateway: no push_id. Each call makes another.
        """

    @abstractmethod
    def edit(self, external_id: str) -> None:
        """A shopper takes one piece more of something: the revision moves, no push_id is kept."""

    @abstractmethod
    def remove(self, external_id: str) -> None:
        """The cart is deleted there."""

    @abstractmethod
    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        """How much the platform shows of each item key; told without the connector's own code."""

    # What an integrator writes where the capability is declared. No two documents have one id:
    # `edit`, `remove`, `basket` and `refuse` are for wish lists and quotes too.

    def new_wishlist(self) -> str:
        """Makes a wish list of at least two articles, as a shopper does (`push_wishlists`)."""
        raise NotImplementedError("a fake for `push_wishlists` has to have new_wishlist()")

    def new_quote(self) -> str:
        """Makes a quote of at least two articles, as somebody there does (`push_quotes`)."""
        raise NotImplementedError("a fake for `push_quotes` has to have new_quote()")

    def new_enquiry(self) -> str:
        """A shopper asks something there; the enquiry's external id (`answer_enquiries`)."""
        raise NotImplementedError("a fake for `answer_enquiries` has to have new_enquiry()")

    def thread(self, external_id: str) -> Sequence[str]:
        """The texts shown in an enquiry, oldest first; a platform may add to them."""
        raise NotImplementedError("a fake for `answer_enquiries` has to have thread(external_id)")

    def is_closed(self, external_id: str) -> bool:
        """Whether an enquiry is closed there (`answer_enquiries`)."""
        raise NotImplementedError("a fake for `answer_enquiries` has to have is_closed(…)")

    def refuse(self, key: str, accepted: Decimal) -> None:
        """From now on the platform takes at most so much of an item key (`push`, `place`)."""
        raise NotImplementedError("a fake for `push` has to have refuse(key, accepted)")

    def is_frozen(self, external_id: str) -> bool:
        """Whether the online checkout of that cart is stopped (`freeze`)."""
        raise NotImplementedError("a fake for `freeze` has to have is_frozen(external_id)")

    def stop_hook(self, hook_url: str) -> None:
        """The platform no longer calls that hook, or never did (`hook`)."""
        raise NotImplementedError("a fake for `hook` has to have stop_hook(hook_url)")

    def placed(self) -> list[str]:
        """The external ids of what `place` put there and nobody took away since (`place`)."""
        raise NotImplementedError("a fake for `place` has to have placed()")

    def sell(self, external_id: str) -> None:
        """The cashier sells what `place` put there (`place`)."""
        raise NotImplementedError("a fake for `place` has to have sell(external_id)")

    def reprice(self, item: Item, price: int) -> None:
        """From now on a piece costs so much, in euro cents with tax (`prices`)."""
        raise NotImplementedError("a fake for `prices` has to have reprice(item, price)")

    def put_in_stock(self, item: Item, store: str, quantity: Decimal) -> None:
        """That store has so much of an article now, nothing of it kept (`stock`)."""
        raise NotImplementedError("a fake for `stock` has to have put_in_stock(item, …)")

    def issue_card(self, number: str, tier: str, points: int) -> None:
        """A loyalty card of that number is known from now on (`loyalty`)."""
        raise NotImplementedError("a fake for `loyalty` has to have issue_card(number, …)")

    def sell_also(self, item: Item, price: int) -> None:  # noqa: B027 - most sell what they are told
        """From now on it sells that article too, a piece for so much in minor units, tax included.

        For carts that come from another platform; one that takes any article need not say more.
        """

    def close(self) -> None:
        """Lets go of what it holds, once a test is over; a fake with files adds to this."""
        self.requests.clear()

    # What the suite does with it.

    def answer_next(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"{}"
    ) -> None:
        """The next call is answered this by somebody in between; the platform never sees it."""
        self._trouble.append(Trouble(status, {"content-type": JSON, **(headers or {})}, body))

    def answer_all(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"{}"
    ) -> None:
        """As `answer_next`, for every call from now on."""
        self._lasting = Trouble(status, {"content-type": JSON, **(headers or {})}, body)

    def lose_answer(self) -> None:
        """The next call that is no GET takes effect, and its answer is never heard."""
        self._trouble.append(Trouble(fault=httpx.ReadTimeout, done=True))

    def fail(self, fault: type[httpx.RequestError]) -> None:
        """Every call from now on fails so, and takes no effect."""
        self._lasting = Trouble(fault=fault)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """One call: kept in `requests`, then answered by what is in the way, or by `respond`."""
        self.requests.append(request)
        trouble = self._lasting
        if trouble is None and self._trouble and self._meets(request):
            trouble = self._trouble.pop(0)
        if trouble is None:
            return self.respond(request)
        if trouble.done:
            self.respond(request)
        if trouble.fault is not None:
            raise trouble.fault(f"{trouble.fault.__name__} for a test", request=request)
        return httpx.Response(trouble.status or 500, headers=trouble.headers, content=trouble.body)

    def is_write(self, request: httpx.Request) -> bool:
        """Whether a call changes something; override it where reading is a POST as well."""
        return request.method not in ("GET", "HEAD", "OPTIONS")

    def _meets(self, request: httpx.Request) -> bool:
        return not self._trouble[0].done or self.is_write(request)

    @contextmanager
    def reached(self) -> Iterator["Platform"]:
        """While it lasts, every call of an HTTP client comes here and none leaves this machine."""
        try:
            with respx.mock(assert_all_called=False, assert_all_mocked=True) as router:
                router.route().mock(side_effect=self.handle)
                yield self
        finally:
            self.close()
