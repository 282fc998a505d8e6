"""The till: it may die after any step, or lose its line, and still does everything once."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cartbridge_sandbox.till import Offline, Queued, Refused, Step, Till, TillError

LINES = [{"line": "lin_1", "quantity": "1"}]


class FakeGateway:
    """The gateway's POS interface in small: idempotent by key, and able to misbehave."""

    def __init__(self) -> None:
        self.effects: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.refuse: tuple[int, dict[str, Any]] | None = None
        self.lose_answers = 0
        self.busy = 0
        self.busy_status = 409
        self.keys: list[str] = []
        self.auth: list[str | None] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/pos/claims/{claim}/sheet", self.sheet),
            web.get("/v1/pos/claims", self.claims),
            web.route("*", "/{path:.*}", self.command),
        ]

    async def command(self, request: web.Request) -> web.Response:
        key = str(uuid.UUID(request.headers["idempotency-key"]))
        self.keys.append(key)
        self.auth.append(request.headers.get("authorization"))
        if self.busy:
            self.busy -= 1
            return web.json_response({}, status=self.busy_status, headers={"retry-after": "0"})
        if key not in self.answers:
            self.answers[key] = self.refuse or (200, self.done(request, await request.json()))
        if self.lose_answers:
            self.lose_answers -= 1
            assert request.transport is not None
            request.transport.abort()
        status, answer = self.answers[key]
        return web.json_response(answer, status=status)

    def done(self, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        self.effects.append((request.raw_path.removeprefix("/v1/"), body))
        if request.path == "/v1/pos/pair":
            return {"terminal": "till-1", "store": "lyon", "key": "cb_of_till_1"}
        if request.path == "/v1/pos/claims":
            return {"claim": f"clm_{len(self.effects)}", "fence": 7, "cart": {"id": "crt_1"}}
        return {"if_match": request.headers.get("if-match")}

    async def sheet(self, request: web.Request) -> web.Response:
        return web.Response(text=f"{request.match_info['claim']} {request.query['as']}")

    async def claims(self, request: web.Request) -> web.Response:
        return web.json_response({"items": [{"claim": "clm_1"}], "of": request.query["of"]})

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.effects]


class PowerCut(BaseException):
    """The till loses its current."""


OpenTill = Callable[..., Till]


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
async def url(serve: Any, gateway: FakeGateway) -> str:
    return str(await serve(*gateway.routes()))


@pytest.fixture
def open_till(url: str, tmp_path: Path) -> OpenTill:
    def start(dies_after: Step | None = None, gateway_url: str = url) -> Till:
        def after(step: Step) -> None:
            if step == dies_after:
                raise PowerCut

        return Till(gateway_url, tmp_path / "till.db", "cb_of_till_1", after)

    return start


async def claimed(open_till: OpenTill) -> str:
    async with open_till() as till:
        claim: str = (await till.claim(code="BCDF"))["claim"]
        return claim


async def test_each_method_is_its_call(open_till: OpenTill, gateway: FakeGateway) -> None:
    async with open_till() as till:
        claim = (await till.claim(short_code="12345678", staff="s1"))["claim"]
        await till.renew(claim)
        await till.hold(claim)
        await till.check(claim, [{"line": "lin_1", "unit_price": 4990}])
        await till.complete(claim, "T 1/2", LINES, sold_at="2026-11-20T10:00:00Z", staff="s1")
        await till.void("T 1/2")
        await till.returns([{"gtin": "3760123451048", "quantity": "1"}], receipt_number="T 1/2")
        await till.begin_cart([{"item": {"sku": "PLAID"}, "quantity": "1"}])
        changed = await till.change_cart("crt_1", if_match='"3"', codes=["NOEL"])
        await till.send_home("crt_1")
        assert await till.sheet(claim, "csv") == f"{claim} csv"
        assert await till.claims("store") == [{"claim": "clm_1"}]
    assert changed == {"if_match": '"3"'}
    assert gateway.effects[0] == ("pos/claims", {"short_code": "12345678", "staff": "s1"})
    assert gateway.effects[4] == (
        f"pos/claims/{claim}/complete",
        {
            "fence": 7,
            "receipt_number": "T 1/2",
            "sold_at": "2026-11-20T10:00:00Z",
            "lines": LINES,
            "staff": "s1",
        },
    )
    assert gateway.paths[5:] == [
        "pos/sales/T%201%2F2/void",
        *("pos/returns", "pos/carts", "pos/carts/crt_1", "carts/crt_1/handovers"),
    ]
    assert set(gateway.auth) == {"Bearer cb_of_till_1"}
    assert len(set(gateway.keys)) == len(gateway.keys)


@pytest.mark.parametrize("step", ["saved", "sent", "answered"])
async def test_a_sale_is_told_once_whenever_the_till_dies(
    open_till: OpenTill, gateway: FakeGateway, step: Step
) -> None:
    claim = await claimed(open_till)
    dying = open_till(step)
    with pytest.raises(PowerCut):
        await dying.complete(claim, "T1", LINES)
    await dying.close()
    async with open_till() as till:
        await till.resume()
        assert (till.waiting, till.held) == ([], {})
    assert gateway.paths == ["pos/claims", f"pos/claims/{claim}/complete"]


@pytest.mark.parametrize("step", ["saved", "sent", "answered"])
async def test_a_claim_is_made_once_whenever_the_till_dies(
    open_till: OpenTill, gateway: FakeGateway, step: Step
) -> None:
    dying = open_till(step)
    with pytest.raises(PowerCut):
        await dying.claim(code="BCDF")
    await dying.close()
    async with open_till() as till:
        await till.resume()
        assert list(till.held) == ["clm_1"]
        assert till.held["clm_1"]["fence"] == 7
    assert gateway.paths == ["pos/claims"]


async def test_the_cashier_may_scan_again_after_a_lost_answer(
    open_till: OpenTill, gateway: FakeGateway
) -> None:
    gateway.lose_answers = 1
    async with open_till() as till:
        with pytest.raises(Offline):
            await till.claim(code="BCDF")
        assert (await till.claim(code="BCDF"))["claim"] == "clm_1"
    assert (len(gateway.effects), len(set(gateway.keys))) == (1, 1)


async def test_sales_wait_for_the_line_and_go_out_in_order(
    open_till: OpenTill, gateway: FakeGateway
) -> None:
    claim = await claimed(open_till)
    async with open_till(gateway_url="http://127.0.0.1:1") as till:
        with pytest.raises(Queued):
            await till.complete(claim, "T1", LINES)
        with pytest.raises(Queued):  # pressed twice: the first telling stands
            await till.complete(claim, "T1", LINES, sold_at="2030-01-01T00:00:00Z")
        with pytest.raises(Queued):
            await till.void("T1")
        with pytest.raises(Offline):
            await till.claim(code="XYZ")
        assert [call.path.rsplit("/", 1)[1] for call in till.waiting] == ["complete", "void"]
    async with open_till() as till:
        assert [status for _, status, _ in await till.resume()] == [200, 200]
    assert gateway.paths[1:] == [f"pos/claims/{claim}/complete", "pos/sales/T1/void"]


async def test_what_waits_is_told_before_the_next_call(
    open_till: OpenTill, gateway: FakeGateway
) -> None:
    claim = await claimed(open_till)
    async with open_till(gateway_url="http://127.0.0.1:1") as till:
        with pytest.raises(Queued):
            await till.complete(claim, "T1", LINES)
    async with open_till() as till:
        await till.void("T1")
    assert gateway.paths[1:] == [f"pos/claims/{claim}/complete", "pos/sales/T1/void"]


async def test_a_refusal_is_shown_and_a_refused_sale_is_kept(
    open_till: OpenTill, gateway: FakeGateway
) -> None:
    claim = await claimed(open_till)
    gateway.refuse = (409, {"code": "claimed_elsewhere", "terminal": "till-2"})
    async with open_till() as till:
        with pytest.raises(Refused) as caught:
            await till.claim(code="BCDF")
        assert (caught.value.status, caught.value.problem["terminal"]) == (409, "till-2")
        assert till.refused == []
        with pytest.raises(Refused):
            await till.complete(claim, "T1", LINES)
        ((call, status, problem),) = till.refused
        assert (call.body["receipt_number"], status) == ("T1", 409)
        assert problem["code"] == "claimed_elsewhere"
        assert list(till.held) == [claim]


async def test_a_sale_outlives_a_key_that_is_no_longer_accepted(
    open_till: OpenTill, gateway: FakeGateway
) -> None:
    claim = await claimed(open_till)
    gateway.refuse = (401, {"code": "unknown_key"})
    async with open_till() as till:
        with pytest.raises(Queued):
            await till.complete(claim, "T1", LINES)
        assert len(till.waiting) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 503])
async def test_a_call_that_was_not_taken_yet_is_made_again(
    open_till: OpenTill, gateway: FakeGateway, status: int
) -> None:
    gateway.busy, gateway.busy_status = 2, status
    async with open_till() as till:
        assert (await till.claim(code="BCDF"))["claim"] == "clm_1"
    assert (len(gateway.keys), len(set(gateway.keys))) == (3, 1)


async def test_pairing_keeps_the_key_in_a_file_of_its_own(
    url: str, tmp_path: Path, gateway: FakeGateway
) -> None:
    path = tmp_path / "new.db"
    async with Till(url, path) as till:
        assert await till.pair("1234 5678") == {"terminal": "till-1", "store": "lyon"}
    assert path.stat().st_mode & 0o077 == 0
    async with Till(url, path) as till:
        await till.claim(cart="crt_1", take_over="her till is out of paper")
    assert gateway.auth == [None, "Bearer cb_of_till_1"]
    assert gateway.effects[1][1]["take_over"] == {"reason": "her till is out of paper"}


async def test_what_is_not_held_cannot_be_sold(open_till: OpenTill) -> None:
    async with open_till() as till:
        with pytest.raises(TillError, match="claim the cart first"):
            await till.complete("clm_none", "T1", LINES)
        assert till.waiting == []
