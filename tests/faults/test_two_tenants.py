"""Two retailers with the same names for everything: neither ever sees a letter of the other."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from string import Formatter
from typing import Any

import httpx
import pytest
import pytest_asyncio

from cartbridge.http import openapi_story as story
from cartbridge.http.openapi_examples import sent
from cartbridge.http.routes import Route
from cartbridge.http.server import ROUTES
from tests.acceptance.every_route import BODIES, NOBODYS
from tests.acceptance.world import Caller, Json, World, line, open_world
from tests.faults.experiment import Counts, Experiment
from tests.faults.twin_tenants import LOYALTY, Retailer, leaks, live, open_retailer

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]
HIDDEN = frozenset({401, 403, 404})
QUESTIONS = {
    "/v1/carts/{cart}": ("", "?version=1", "?at=2100-01-01T00:00:00Z"),
    "/v1/carts/{cart}/timeline": ("", "?locale=en"),
    "/v1/pos/claims/{claim}/sheet": ("?as=page", "?as=screen", "?as=text", "?as=csv"),
}


@dataclass(frozen=True)
class Pair:
    """The two, on one gateway."""

    world: World
    one: Retailer
    two: Retailer

    @property
    def directions(self) -> list[tuple[Retailer, Retailer]]:
        """Who asks, and whose things it asks for."""
        return [(self.one, self.two), (self.two, self.one)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(
    server: Callable[[str], str], copies: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    name = await copies.take()
    async with open_world(server(name), tmp_path_factory.mktemp("pair")) as world:
        one, two = await open_retailer(world, "ANEMONE"), await open_retailer(world, "BEGONIA")
        for each in (one, two):
            await live(world, each)
        shared = one.secrets & two.secrets
        assert shared == set()  # else nothing could be told apart
        yield Pair(world, one, two)
    copies.give_back(name)


@dataclass
class Probes:
    """What was asked, and what came back of the other's."""

    counts: Counts
    found: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    hidden: int = 0

    async def ask(
        self, me: Caller, other: Retailer, method: str, path: str, body: Json | None = None
    ) -> httpx.Response:
        """One call; whatever it answers, nothing of the other's is in it."""
        answer = await me.call(method, path, body)
        self.look(other, f"{method} {path}", answer, path + json.dumps(body))
        return answer

    def look(self, other: Retailer, what: str, answer: httpx.Response, sent: str = "") -> None:
        """The body and the headers of an answer."""
        self.counts.sent += 1
        self.counts.acknowledged += 1
        self.hidden += answer.status_code in HIDDEN
        told = answer.text + "\n".join(f"{n}: {v}" for n, v in answer.headers.multi_items())
        self.found += [f"{what}: {leak}" for leak in leaks(told, other.secrets, sent)]

    def close(self) -> None:
        """What stands beside the counts."""
        self.counts.extra = {"hidden": self.hidden, "leaks": len(self.found)}


def places(route: Route) -> list[str]:
    """The names in a path."""
    return [name for _, name, _, _ in Formatter().parse(route.path) if name]


def paths_to(route: Route, other: Retailer) -> Iterator[str]:
    """The route's path with each id of the other's, asked in each way; other names both have."""
    both = {**NOBODYS, "external_id": "cart-0", "receipt_number": "R-3"}
    known = other.names()
    names = places(route)
    for ids in product(*(known.get(name, [both.get(name, "nobody")]) for name in names)):
        path = route.path.format(**dict(zip(names, ids, strict=True)))
        yield from (path + question for question in QUESTIONS.get(route.path, ("",)))


def bodies_about(route: Route, other: Retailer) -> Iterator[Json | None]:
    """An honest body, with the other's lines and carts in the places of one's own."""
    if route.body is None:
        yield None
        return
    told = json.dumps(sent(route.body) or BODIES.get(route.path, {}))
    if "lin_" not in told:
        yield json.loads(told)
        return
    for cart in other.carts:
        about = told
        for example in (story.LAMP, story.BOOK, story.CABLE):
            about = about.replace(example, cart["lines"][0]["id"])
        yield json.loads(about)


def all_foreign(route: Route) -> bool:
    """Whether the path names something that only the other has."""
    theirs = {"cart", "claim", "handover", "reservation", "connection", "message"}
    return bool(theirs & set(places(route)))


async def test_no_route_shows_or_moves_anything_of_the_other(
    pair: Pair, experiment: Experiment
) -> None:
    counts = experiment("two tenants x every route")
    probes = Probes(counts)
    before = [await facts(pair.world, each) for each in (pair.one, pair.two)]
    for me, other in pair.directions:
        for route in ROUTES:
            if not all_foreign(route):
                continue
            for path, body in product(paths_to(route, other), bodies_about(route, other)):
                for role in sorted(route.roles):
                    answer = await probes.ask(me.callers[role], other, route.method, path, body)
                    if answer.status_code not in HIDDEN:
                        probes.open.append(f"{role} {route.method} {path}: {answer.status_code}")
    probes.close()

    assert probes.found == []
    assert probes.open == []
    assert [await facts(pair.world, each) for each in (pair.one, pair.two)] == before
    assert counts.sent >= 500


async def facts(world: World, one: Retailer) -> int:
    """How many facts its journal holds."""
    statement = "select count(*) from event where tenant = $1"
    return int(await world.owner.fetchval(statement, one.tenant))


def by_name(me: Retailer, other: Retailer) -> Iterator[tuple[Caller, str, str, Json | None]]:
    """Calls that name what is the other's in a body or a question, and what both have."""
    article = {"gtin": "3700123456780", "quantity": "1"}
    for cart in other.carts:
        yield me.till, "POST", "/v1/pos/claims", {"cart": cart["id"]}
        yield me.till, "POST", "/v1/pos/returns", {"cart": cart["id"], "lines": [article]}
        yield me.operator, "GET", f"/v1/carts?customer={cart['customer']['id']}", None
    for offer in other.offers:
        for code in ({"code": offer["code"]}, {"short_code": offer["short_code"]}):
            yield me.till, "POST", "/v1/pos/claims", code
        join = {"code": offer["code"], "external_id": "cart-0"}
        yield me.shop, "POST", "/v1/handovers/join", join
    for name in ("cart-0", "cart-1", "cart-2"):
        for connection in ("web", other.connection):
            path = f"/v1/carts?connection={connection}&external_id={name}"
            yield me.shop, "GET", path, None
            yield me.operator, "GET", path, None
    for query in ("sku=LAMP-OAK", "gtin=3700123456780", "sku=BOOK-LIGHT"):
        yield me.shop, "GET", f"/v1/items?{query}", None
        yield me.operator, "GET", f"/v1/items?{query}", None
    for state in ("open", "offered", "claimed", "ordered", "fulfilled"):
        yield me.operator, "GET", f"/v1/carts?state={state}&limit=200", None
    for of in ("terminal", "store"):
        yield me.till, "GET", f"/v1/pos/claims?of={of}", None
    for path in ("/v1/carts?limit=1", "/v1/events?limit=1000", "/metrics", "/openapi.json"):
        yield me.operator, "GET", path, None
    scan = {"item": {"sku": "LAMP-OAK"}, "quantity": "1"}
    person = {"loyalty_number": LOYALTY}
    yield me.till, "POST", "/v1/pos/carts", {"add": [scan], "customer": person}
    lookup = {"loyalty_number": LOYALTY, "purpose": "she forgot her phone"}
    yield me.till, "POST", "/v1/pos/customers/search", lookup
    rows = [line({"sku": "LAMP-OAK", "title": f"Lampe {me.word}"})]
    told = {"currency": "EUR", "revision": 2, "lines": rows}
    yield me.shop, "PUT", "/v1/connections/web/carts/cart-0", told
    yield me.till, "POST", "/v1/pos/sales/R-3/void", {}
    yield me.till, "POST", "/v1/pos/returns", {"receipt_number": "R-4", "lines": [article]}


async def test_names_that_both_have_lead_each_to_its_own(
    pair: Pair, experiment: Experiment
) -> None:
    counts = experiment("two tenants x the same names")
    probes = Probes(counts)
    for me, other in pair.directions:
        cursor = (await other.operator.get("/v1/events", limit="10")).json()["next"]
        await probes.ask(me.operator, other, "GET", f"/v1/events?after={cursor}&limit=1000")
        for caller, method, path, body in by_name(me, other):
            answer = await probes.ask(caller, other, method, path, body)
            assert answer.status_code < 500, answer.text
            named = {"cart", "code", "short_code"} & set(body or {})
            if named and not path.endswith("/pos/carts"):
                assert answer.status_code == 404, (path, body, answer.text)
        await pages(pair, probes, me, other)
        await hooks(pair, probes, me, other)
    await pair.world.settled()
    for me, other in pair.directions:
        for path in ("/v1/events?limit=1000", "/v1/carts?limit=200"):
            await probes.ask(me.operator, other, "GET", path)
        own = await me.shop.cart("cart-0")
        assert own is not None
        assert me.word in json.dumps(own, ensure_ascii=False)
    probes.close()

    assert probes.found == []


async def pages(pair: Pair, probes: Probes, me: Retailer, other: Retailer) -> None:
    """What shoppers open holds nothing of the other retailer's."""
    for path in me.passes:
        for look in (path, f"{path}/mark"):
            probes.look(other, look, await pair.world.client.get(look))
    for offer in me.offers:
        for look in (f"/h/{offer['code']}", f"/h/{offer['code']}/qr.svg"):
            probes.look(other, look, await pair.world.client.get(look))


async def hooks(pair: Pair, probes: Probes, me: Retailer, other: Retailer) -> None:
    """A hook of mine is signed with my secret, and speaks of my carts, whatever their names are."""
    told = {**me.shop.told, "hook": other.shop.told["hook"]}
    stranger = type(me.shop)(pair.world.client, me.shop.key, told=told)
    rows = [line({"sku": "LAMP-OAK", "title": f"Lampe {me.word}"})]
    forged = await stranger.snapshot("cart-0", *rows, revision=9)
    assert forged.status_code == 401
    right = await me.shop.snapshot("cart-1", *rows, revision=9)
    assert right.status_code == 202
    for answer in (forged, right):
        probes.look(other, "hook", answer)


async def test_a_question_without_the_tenant_finds_both(pair: Pair, experiment: Experiment) -> None:
    """The negative control: in SQL, above row level security, with the same looking."""
    counts = experiment("two tenants x the same names", control=True)
    found: dict[bool, int] = {}
    for with_tenant in (True, False):
        for me, other in pair.directions:
            rows: list[Any] = await pair.world.owner.fetch(
                "select body::text as told from item where sku = 'LAMP-OAK'"
                " and (tenant = $1 or not $2)"
                " union all select 'crt_' || replace(id::text, '-', '') from view"
                " where kind = 'cart' and (tenant = $1 or not $2)",
                me.tenant,
                with_tenant,
            )
            told = "\n".join(row["told"] for row in rows)
            found[with_tenant] = found.get(with_tenant, 0) + len(leaks(told, other.secrets))
            counts.sent += 1
            counts.acknowledged += 1
    counts.extra = {"leaks": found[False]}

    assert found[True] == 0
    assert found[False] >= len(pair.one.carts) + len(pair.two.carts)
