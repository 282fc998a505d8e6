"""A small till: it stores each call before it makes it, and may be killed after any step."""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import quote

import httpx

from cartbridge_sandbox.till_outbox import PAIR, Call, Outbox

Step = Literal["saved", "sent", "answered"]
Lines = list[dict[str, Any]]
TRIES: Final = 3
LONGEST_WAIT: Final = 2.0


class TillError(Exception):
    """A call that did not end as the cashier hoped."""


class Refused(TillError):
    """The gateway says no; `problem` says why and what to do next."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code', 'refused')}")
        self.status = status
        self.problem = problem


class Offline(TillError):
    """The line is down: nothing was sent, or no answer came; `resume` asks again."""

    def __init__(self, reason: str, never_sent: bool) -> None:
        super().__init__(reason)
        self.never_sent = never_sent


class Queued(TillError):
    """The line is down; what happened is stored and is told as soon as it is up again."""


def die(step: Step) -> None:
    """Ends the till as a power cut would, without a last word."""
    os._exit(137)


class Till:
    """One terminal. Every method is a call of the POS interface; money is in minor units."""

    def __init__(
        self,
        gateway_url: str,
        database: Path,
        key: str | None = None,
        after_step: Callable[[Step], None] = lambda step: None,
    ) -> None:
        self._url = gateway_url.rstrip("/")
        self._outbox = Outbox(database)
        if key is not None:
            self._outbox.keep("key", key)
        self._after_step = after_step
        self._client = httpx.AsyncClient(timeout=10, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Switches the till off; its file stays."""
        await self._client.aclose()
        self._outbox.close()

    async def pair(self, pairing_code: str) -> dict[str, Any]:
        """Becomes the terminal of that pairing code, and remembers its key."""
        paired = await self._post(PAIR, {"pairing_code": pairing_code})
        return {name: value for name, value in paired.items() if name != "key"}

    async def claim(
        self,
        *,
        code: str | None = None,
        short_code: str | None = None,
        cart: str | None = None,
        take_over: str | None = None,
        staff: str | None = None,
    ) -> dict[str, Any]:
        """Takes a cart by what was scanned or typed; `take_over` is the reason for doing so."""
        body = _told(
            code=code,
            short_code=short_code,
            cart=cart,
            take_over=None if take_over is None else {"reason": take_over},
            staff=staff,
        )
        return await self._post("/v1/pos/claims", body)

    async def renew(self, claim: str) -> dict[str, Any]:
        """Keeps the cart for another while."""
        return await self._with_fence(claim, "renew")

    async def hold(self, claim: str) -> dict[str, Any]:
        """Suspends the cart: it stays here until the store closes."""
        return await self._with_fence(claim, "hold")

    async def release(self, claim: str) -> dict[str, Any]:
        """Puts the cart back."""
        return await self._with_fence(claim, "release", ends=True)

    async def check(self, claim: str, lines: Lines) -> dict[str, Any]:
        """Compares the till's own prices with those the cart was captured at."""
        return await self._with_fence(claim, "check", lines=lines)

    async def complete(
        self, claim: str, receipt_number: str, lines: Lines, **told: Any
    ) -> dict[str, Any]:
        """Tells what was sold, under which number; Queued while the line is down."""
        sold_at = told.pop("sold_at", None) or datetime.now(UTC).isoformat(timespec="seconds")
        body = {"receipt_number": receipt_number, "sold_at": sold_at, "lines": lines, **told}
        return await self._with_fence(claim, "complete", keep=True, ends=True, **body)

    async def void(self, receipt_number: str) -> dict[str, Any]:
        """Cancels a ticket: its lines go back into the cart."""
        path = f"/v1/pos/sales/{_part(receipt_number)}/void"
        return await self._post(path, {}, keep=True)

    async def returns(
        self, lines: Lines, *, receipt_number: str | None = None, cart: str | None = None
    ) -> dict[str, Any]:
        """Tells which goods of a sale came back."""
        body = _told(receipt_number=receipt_number, cart=cart, lines=lines)
        return await self._post("/v1/pos/returns", body, keep=True)

    async def sheet(self, claim: str, as_: str = "text") -> str:
        """The claimed lines as bar codes: page, screen, text or csv."""
        response = await self._get(f"/v1/pos/claims/{_part(claim)}/sheet", {"as": as_})
        return response.text

    async def claims(self, of: Literal["terminal", "store"] = "terminal") -> Lines:
        """What the gateway says is held here, outcome unknown first."""
        items: Lines = (await self._get("/v1/pos/claims", {"of": of})).json()["items"]
        return items

    async def begin_cart(self, lines: Lines, **told: Any) -> dict[str, Any]:
        """Begins a cart in the store: `lines` of item and quantity."""
        return await self._post("/v1/pos/carts", {"add": lines, **told})

    async def change_cart(
        self, cart: str, *, if_match: str | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Changes a cart begun in the store: set, add, remove, codes, customer."""
        path = f"/v1/pos/carts/{_part(cart)}"
        return await self._post(path, changes, method="PATCH", if_match=if_match)

    async def send_home(self, cart: str) -> dict[str, Any]:
        """Offers the cart online: a code and link that lead to it on the shopper's own screen."""
        path = f"/v1/carts/{_part(cart)}/handovers"
        return await self._post(path, {"direction": "to_online"})

    async def resume(self) -> list[tuple[Call, int, dict[str, Any]]]:
        """Makes every call that was not answered yet, oldest first, until the line is down."""
        done = []
        for call in self._outbox.waiting():
            try:
                done += await self._make([call])
            except Offline:
                break
        return done

    @property
    def waiting(self) -> list[Call]:
        """What is stored and was not answered yet."""
        return self._outbox.waiting()

    @property
    def refused(self) -> list[tuple[Call, int, dict[str, Any]]]:
        """What had happened and the gateway would not take: somebody has to look at it."""
        return self._outbox.refused()

    @property
    def held(self) -> dict[str, dict[str, Any]]:
        """The claims this till knows that it holds."""
        return self._outbox.held()

    async def _with_fence(
        self, claim: str, verb: str, keep: bool = False, ends: bool = False, **body: Any
    ) -> dict[str, Any]:
        held = self._outbox.held().get(claim)
        if held is None:
            raise TillError(f"{claim} is not held here: claim the cart first")
        path = f"/v1/pos/claims/{_part(claim)}/{verb}"
        told = {"fence": held["fence"], **body}
        return await self._post(path, told, keep=keep, ends=claim if ends else None)

    async def _post(
        self,
        path: str,
        body: dict[str, Any],
        *,
        keep: bool = False,
        ends: str | None = None,
        method: str = "POST",
        if_match: str | None = None,
    ) -> dict[str, Any]:
        call = self._outbox.save(method, path, body, keep, if_match, ends)
        self._after_step("saved")
        try:
            # What happened before is told before.
            await self._make([one for one in self._outbox.waiting() if one.id < call.id])
            status, answer = await self._send(call)
        except Offline as down:
            if keep:
                raise Queued("no line: stored, and told when it is up again") from down
            if down.never_sent:
                self._outbox.forget(call)
            raise
        self._after_step("sent")
        self._outbox.answered(call, status, answer)
        self._after_step("answered")
        if status >= 400:
            raise Refused(status, answer)
        return answer

    async def _make(self, calls: list[Call]) -> list[tuple[Call, int, dict[str, Any]]]:
        done = []
        for call in calls:
            try:
                status, answer = await self._send(call)
            except Offline as down:
                if down.never_sent:
                    raise
                continue  # this one is stuck, the line is not
            self._outbox.answered(call, status, answer)
            done.append((call, status, answer))
        return done

    async def _send(self, call: Call) -> tuple[int, dict[str, Any]]:
        headers = {"idempotency-key": call.key, **self._authorized()}
        if call.if_match is not None:
            headers["if-match"] = call.if_match
        for _ in range(TRIES):
            response = await self._request(call, headers)
            wait = _wait(response)
            if response.status_code == 401 and call.keep:
                raise Offline("this till's key is not accepted: pair it again", never_sent=False)
            if wait is None:
                return response.status_code, _object(response)
            await asyncio.sleep(wait)
        raise Offline(f"status {response.status_code}", never_sent=False)

    async def _request(self, call: Call, headers: Mapping[str, str]) -> httpx.Response:
        url = self._url + call.path
        try:
            return await self._client.request(call.method, url, json=call.body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise Offline("the gateway cannot be reached", never_sent=True) from None
        except httpx.HTTPError:
            raise Offline("no answer came", never_sent=False) from None

    async def _get(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        url = self._url + path
        try:
            response = await self._client.get(url, params=query, headers=self._authorized())
        except httpx.HTTPError:
            raise Offline("the gateway cannot be reached", never_sent=True) from None
        if response.is_success:
            return response
        raise Refused(response.status_code, _object(response))

    def _authorized(self) -> dict[str, str]:
        key = self._outbox.kept("key")
        return {} if key is None else {"authorization": f"Bearer {key}"}


def _told(**body: Any) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _part(text: str) -> str:
    return quote(text, safe="")  # numbers on tickets hold slashes and spaces


def _wait(response: httpx.Response) -> float | None:
    """How long to wait before asking again; None if this is an answer."""
    told = response.headers.get("retry-after", "")
    status = response.status_code
    running = status == 409 and told != ""
    if status < 500 and status not in (408, 429) and not running:
        return None
    return min(float(told), LONGEST_WAIT) if told.isdigit() else 0.1


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.content or b"{}")
    except ValueError:
        answer = None
    return answer if isinstance(answer, dict) else {"code": "not_json"}
