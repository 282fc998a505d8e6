"""Hostile documents at every endpoint that takes JSON: refused whole, in words, or taken whole."""

import csv
import io
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from cartbridge.http import openapi_story as story
from cartbridge.http.openapi_examples import canonical_webhook, sent
from cartbridge.http.pos_models import PairRequest
from cartbridge.http.routes import Route
from cartbridge.http.server import ROUTES
from tests.acceptance.every_route import NOBODYS
from tests.acceptance.world import LAMP, Caller, Json, World, line, open_world, refused
from tests.faults.experiment import Counts, Experiment, Span
from tests.faults.hostile_documents import TEXTS, documents
from tests.unit.pages.html import Seen, seen

pytestmark = [pytest.mark.timeout(120), pytest.mark.slow]
SEED = 11
ANSWER_LIMIT = 4096  # what was sent is not sent back
# Wrong codes are counted, and a call's own key is kept: neither is an effect of the call.
BESIDE = ("attempt_counter", "idempotency")


@dataclass(frozen=True)
class Endpoint:
    """Where a body is sent, by whom, and what an honest one looks like."""

    method: str
    path: str
    caller: Caller
    body: Json

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    async def send(self, document: bytes, key: str) -> httpx.Response:
        """The document in the place of the body."""
        return await self.caller.client.request(
            self.method,
            self.path,
            content=document,
            headers={
                "Authorization": f"Bearer {self.caller.key}",
                "Idempotency-Key": key,
                "Content-Type": "application/json",
                "Accept-Language": "en",
            },
        )


@pytest.fixture
async def still(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    """A gateway whose loops stand still: what is written is written by the call alone."""
    async with open_world(dsn, tmp_path, work=False) as world:
        yield world


async def endpoint_of(world: World, route: Route) -> Endpoint:
    """Where the route is called about a cart of its own that a till holds."""
    till = world.till()
    articles = [{"item": {"sku": sku}, "quantity": "5"} for sku in ("LAMP-OAK", "PLAID", "CUSHION")]
    cart = (await till.call("POST", "/v1/pos/carts", {"add": articles})).json()["cart"]
    ids = {"cart": cart["id"], "connection": world.shop.told["slug"]}
    if "{claim}" in route.path:
        ids["claim"] = (await till.claim(cart=cart["id"])).json()["claim"]
    callers: dict[str, Caller] = {"pos": till, "shop": world.shop, "ops": world.operator}
    told = json.dumps(sent(route.body) if route.body is not None else {})
    for example, row in zip((story.LAMP, story.BOOK, story.CABLE), cart["lines"], strict=True):
        told = told.replace(example, row["id"])
    return Endpoint(
        route.method,
        route.path.format(**{**NOBODYS, **ids}),
        callers[next(role for role in ("pos", "shop", "ops") if role in route.roles)],
        json.loads(told) or {},
    )


async def endpoints(world: World) -> AsyncIterator[Endpoint]:
    """Every endpoint that takes JSON."""
    for route in ROUTES:
        if route.body is not None:
            yield await endpoint_of(world, route)
    yield Endpoint("POST", "/v1/pos/pair", world.till(), sent(PairRequest))


@dataclass
class Rows:
    """How many rows the gateway's tables hold."""

    owner: Any
    statement: str = ""

    async def count(self) -> int:
        """All of them together."""
        if not self.statement:
            names = await self.owner.fetch(
                "select tablename from pg_tables where schemaname = 'public'"
                " and not tablename = any($1)",
                BESIDE,
            )
            each = (f'select count(*) n from "{row[0]}"' for row in names)  # noqa: S608 - ours
            self.statement = f"select sum(n)::bigint from ({' union all '.join(each)}) t"  # noqa: S608
        return int(await self.owner.fetchval(self.statement))


def helps(answer: httpx.Response) -> bool:
    """A refusal is a problem document that says what is wrong where, and what to do."""
    if not answer.headers["content-type"].startswith("application/problem+json"):
        return False
    problem = answer.json()
    placed = problem["code"] not in ("invalid_request", "unknown_field") or (
        problem["errors"] and all(fault["why"] for fault in problem["errors"])
    )
    told = bool(problem["title"]) and len(problem["detail"]) > 20
    return bool(placed) and told and len(answer.content) <= ANSWER_LIMIT


@dataclass
class Verdicts:
    """What became of the documents, and which answers were wrong."""

    counts: Counts
    refused: int = 0
    taken: int = 0
    wrong: list[str] = field(default_factory=list)

    def judge(self, where: str, answer: httpx.Response, *, written: bool) -> None:
        """One answer, and whether anything was written."""
        self.counts.sent += 1
        self.counts.acknowledged += 1
        status = answer.status_code
        if status < 400:
            self.taken += 1
            return
        self.refused += 1
        if status >= 500 or written or not helps(answer):
            self.counts.lost += written
            what = "written, " if written else ""
            self.wrong.append(f"{where}: {what}{status} {answer.text[:300]}")

    def close(self) -> None:
        """What stands beside the counts."""
        self.counts.applied = self.taken
        self.counts.extra = {"refused": self.refused, "wrong answers": len(self.wrong)}


def chosen(found: dict[str, bytes], dice: random.Random, wanted: int) -> list[tuple[str, bytes]]:
    """So many of the documents, or all if there are no more."""
    return dice.sample(sorted(found.items()), min(wanted, len(found)))


async def test_every_endpoint_takes_a_document_whole_or_refuses_it_whole(
    still: World, span: Span, experiment: Experiment
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    counts = experiment("hostile documents x endpoints", SEED)
    rows, verdicts = Rows(still.owner), Verdicts(counts)
    number = 0
    async for endpoint in endpoints(still):
        before = await rows.count()
        for name, document in chosen(documents(endpoint.body), dice, span(16, 1200)):
            number += 1
            answer = await endpoint.send(document, f"hostile-{number}")
            after = await rows.count()
            verdicts.judge(f"{endpoint} <- {name}", answer, written=after != before)
            before = after
    verdicts.close()

    assert verdicts.wrong == []
    assert verdicts.refused > verdicts.taken > 0


def questions(route: Route) -> list[str]:
    """The route with a hostile text in each place of its path, and of its query."""
    texts = [*TEXTS.values(), "", "x" * 300, "-1", "0", "9" * 30, "null", "[]", "\ud800"]
    coded = [quote(text[:300], safe="", errors="surrogatepass") for text in texts]
    asked = [
        route.path.format(**{**NOBODYS, name: text}) for name in _names(route) for text in coded
    ]
    told = route.query.model_fields if route.query is not None else {}
    here = route.path.format(**NOBODYS)
    for name, known in told.items():
        beside = {"connection": "&external_id=x", "external_id": "&connection=demo-shop"}
        rest = beside.get(name, "")
        asked += [f"{here}?{known.alias or name}={text}{rest}" for text in coded]
    return asked


def _names(route: Route) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(route.path) if name]


async def test_every_question_is_answered_or_refused_in_words(
    still: World, span: Span, experiment: Experiment
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    counts = experiment("hostile texts in paths and queries", SEED)
    verdicts = Verdicts(counts)
    callers: dict[str, Caller] = {"pos": still.till(), "shop": still.shop, "ops": still.operator}
    for route in ROUTES:
        asked = questions(route) if route.method == "GET" else []
        for path in dice.sample(asked, min(len(asked), span(20, 400))):
            for role in sorted(route.roles):
                answer = await callers[role].get(path)
                verdicts.judge(f"{role} GET {path}", answer, written=False)
    verdicts.close()

    assert verdicts.wrong == []
    assert verdicts.refused > 0


async def test_an_id_longer_than_any_shop_has_is_refused_at_its_place(still: World) -> None:
    for name in ("", "x" * 256):
        answer = await still.shop.get("/v1/carts", connection="demo-shop", external_id=name)

        assert refused(answer, 400, "invalid_request")["errors"][0]["field"] == "external_id"


async def test_every_hook_is_kept_and_taken_in_or_set_aside(
    world: World, span: Span, experiment: Experiment
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    counts = experiment("hostile documents as hooks", SEED)
    for _, document in chosen(documents(canonical_webhook()), dice, span(250, 3000)):
        answer = await world.shop.send(document)
        counts.sent += 1
        assert answer.status_code == (413 if len(document) > 256 * 1024 else 202), answer.text
        counts.acknowledged += answer.status_code == 202
        if counts.sent % 100 == 0:
            await world.settled()
    await world.settled()

    counts.stored = await world.owner.fetchval("select count(*) from inbox")
    told = await world.owner.fetch(
        "select state, reason from inbox union all select state, reason from inbox_part"
    )
    failed = [row["reason"] for row in told if "the connector failed" in (row["reason"] or "")]
    states = [row["state"] for row in told]
    counts.applied = states.count("applied")
    counts.extra = {"quarantined": states.count("quarantined"), "failed": len(failed)}
    assert counts.stored == counts.acknowledged
    assert failed == []
    assert not {"new", "taken"} & set(states)
    assert counts.applied > 0


def shape(page: Seen) -> set[str]:
    """Which elements with which attributes a page is made of, and its scripts."""
    made = {
        f"{element.tag}.{name}" for element in page.elements for name in (*element.attributes, "")
    }
    return made | {f"script {text}" for text in page.scripts}


async def faces(world: World, title: str) -> dict[str, str]:
    """Every page that shows a cart with this title, variant and note."""
    item = {"sku": "HOSTILE", "title": title, "variant": title}
    cart, offer = await world.offered({**line(item), "note": title}, line(LAMP))
    pages = {
        "pass": httpx.URL(offer["pass_url"]).raw_path.decode(),
        "code": f"/h/{offer['code']}",
    }
    shown = {name: (await world.client.get(path)).text for name, path in pages.items()}
    claim = (await world.till().claim(cart=cart["id"])).json()
    for form in ("page", "screen", "text", "csv"):
        answer = await world.till().get(f"/v1/pos/claims/{claim['claim']}/sheet", **{"as": form})
        assert answer.status_code == 200, answer.text
        shown[form] = answer.text
    return shown


async def test_pages_show_a_hostile_text_and_never_obey_it(
    world: World, span: Span, experiment: Experiment
) -> None:
    counts = experiment("hostile texts on pages")
    plain = await faces(world, "Lampe")
    known = {name: shape(seen(plain[name])) for name in ("pass", "code", "page", "screen")}
    storable = [text for text in TEXTS.values() if "\0" not in text and 1 < len(text) <= 500]

    for text in storable[: span(20, len(storable))]:
        shown = await faces(world, text)
        for name, made in known.items():
            page = seen(shown[name])
            counts.sent += 1
            counts.acknowledged += 1
            assert shape(page) <= made, (name, text, shape(page) - made)
            if name == "pass":
                assert " ".join(text.split()) in page.text
        for row in csv.reader(io.StringIO(shown["csv"].removeprefix("\ufeff")), delimiter=";"):
            assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in row), row


def naive(document: bytes) -> int:
    """How such a body is often read: `json.loads`, floats, and what it needs of it."""
    cart = json.loads(document)["data"]
    total = sum(float(row["unit_price"]) * float(row["quantity"]["value"]) for row in cart["lines"])
    cart["external_id"].encode()
    return round(total * 100)


def test_a_naive_reader_fails_on_many_of_them(experiment: Experiment) -> None:
    """The negative control: broken, or worse: taken for a cart that it is not."""
    counts = experiment("hostile documents as hooks", control=True)
    honest = naive(json.dumps(canonical_webhook()).encode())
    for document in documents(canonical_webhook()).values():
        counts.sent += 1
        with suppress(ValueError, KeyError):  # what its author thought of
            try:
                counts.doubled += naive(document) != honest  # nonsense that counts as a cart
            except (TypeError, AttributeError, RecursionError, OverflowError, UnicodeError):
                counts.lost += 1  # a 500, and a hook that the platform switches off
    counts.acknowledged = counts.sent - counts.lost

    assert counts.sent >= 60
    assert counts.lost > counts.sent / 20
    assert counts.doubled > 5
