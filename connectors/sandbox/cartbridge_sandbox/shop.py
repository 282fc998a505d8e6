"""The sandbox shop: a small real shop over one SQLite file, which survives its own death."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web
from pydantic import BaseModel, ValidationError

from cartbridge.sdk.errors import Forged
from cartbridge_sandbox import page, signing
from cartbridge_sandbox.baskets import Baskets
from cartbridge_sandbox.database import Database
from cartbridge_sandbox.deliveries import Deliveries
from cartbridge_sandbox.misbehaviour import Dice, Misbehaviour
from cartbridge_sandbox.refusals import ShopRefuses
from cartbridge_sandbox.shelves import Shelf, Shelves, called
from cartbridge_sandbox.shopper_desk import ShopperDesk, language
from cartbridge_sandbox.visitor import Gateway
from cartbridge_sandbox.writes import (
    Answer,
    ChangedCall,
    FreezeCall,
    GatewayDesk,
    ReadCall,
    WriteCall,
)


@dataclass(frozen=True)
class ShopSettings:
    """Where the shop keeps its file, what it signs with, and where its gateway is."""

    database: Path
    secret: str = field(repr=False)
    hook_url: str | None = None
    gateway: Gateway | None = None
    misbehaviour: Misbehaviour = Misbehaviour()


class Shop:
    """The shop: start it, tell it where its gateway is, stop it; the file stays."""

    def __init__(self, settings: ShopSettings) -> None:
        self.url = ""
        self._settings = settings
        self._dice = Dice(settings.misbehaviour)
        self._database = Database(settings.database)
        self._desk = GatewayDesk(self._database)
        self.baskets = Baskets(self._database)
        self.shelves = Shelves(self._database)
        self._client = httpx.AsyncClient(timeout=10, trust_env=False)
        self.deliveries = Deliveries(self._database, settings.secret)
        self.deliveries.url = settings.hook_url
        self._gateway = settings.gateway
        self._closing = asyncio.Event()
        self._late: set[asyncio.TimerHandle] = set()
        self.app = self._app()
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.Task[None] | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Opens the shop and goes on posting what waits from before."""
        self._runner = web.AppRunner(self.app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        self._loop = asyncio.create_task(self.deliveries.run(self._client, self._dice))

    async def stop(self) -> None:
        """Closes the shop; what is stored stays."""
        self._closing.set()
        for handle in self._late:
            handle.cancel()
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        if self._runner is not None:
            await self._runner.cleanup()
        await self._client.aclose()
        self._database.close()

    def connect(self, hook_url: str, gateway: Gateway | None = None) -> None:
        """Tells a running shop where its gateway is."""
        self.deliveries.url = hook_url
        self._gateway = gateway or self._gateway
        self.deliveries.wake()

    def misbehave(self, switches: Misbehaviour) -> None:
        """Sets the switches anew; the dice begin again at their seed."""
        self._dice.reset(switches)

    def _asking(self) -> Gateway:
        if self._gateway is None:
            raise ShopRefuses(503, "store_away")
        return self._gateway

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._answering], client_max_size=2**20)
        app.add_routes(ShopperDesk(self.baskets, self._client, self._asking).routes())
        app.add_routes(
            [
                web.post("/gateway/{what}", self._for_gateway),
                web.get("/misbehave", self._switches),
                web.post("/misbehave", self._switch),
                web.post("/shelf", self._fill),
            ]
        )
        return app

    @web.middleware
    async def _answering(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            response = await handler(request)
        except ShopRefuses as refusal:
            response = _refusal(request, refusal)
        self.deliveries.wake()
        return response

    async def _for_gateway(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            signing.check(request.headers, body, [self._settings.secret], datetime.now(UTC))
        except Forged:
            return web.json_response({"code": "forged"}, status=401)
        switches = self._dice.switches
        await self._pause(switches.slow)
        if request.match_info["what"] == "write" and self._dice.fall(switches.late_write):
            self._land_later(body)
            return _unanswered(request)
        status, answer = self._called(request.match_info["what"], body)
        if self._dice.fall(switches.lost_answer):
            self.deliveries.wake()
            return _unanswered(request)
        if switches.slow_answer:
            self.deliveries.wake()  # the hook of a write comes before its answer
            await self._pause(switches.slow_answer)
        return web.json_response(answer, status=status)

    async def _pause(self, seconds: float) -> None:
        """So long, unless the shop closes before."""
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), seconds)

    def _called(self, what: str, body: bytes) -> Answer:
        try:
            match what:
                case "write":
                    call = WriteCall.model_validate_json(body)
                    return self._desk.write(call, self._dice.switches.refuse)
                case "read":
                    return self._desk.read(ReadCall.model_validate_json(body))
                case "changed":
                    return self._desk.changed(ChangedCall.model_validate_json(body))
                case "hook":
                    return 200, {"on": not self._dice.switches.hook_off}
                case "rearm":
                    self._dice.hook_on()
                    return 200, {"on": True}
                case "freeze":
                    return self._desk.freeze(FreezeCall.model_validate_json(body))
                case "thaw":
                    return self._desk.thaw(ReadCall.model_validate_json(body))
            return called(self.shelves, what, body) or (404, {"code": "no_such_call"})
        except ValidationError:
            return 422, {"code": "not_understood"}

    def _land_later(self, body: bytes) -> None:
        def land() -> None:
            self._late.discard(handle)
            with contextlib.suppress(ShopRefuses):
                self._called("write", body)
            self.deliveries.wake()

        delay = self._dice.switches.late_after
        handle = asyncio.get_running_loop().call_later(delay, land)
        self._late.add(handle)

    async def _switches(self, request: web.Request) -> web.Response:
        _only_from_here(request)
        return _told(self._dice.switches)

    async def _switch(self, request: web.Request) -> web.Response:
        _only_from_here(request)
        try:
            self.misbehave(Misbehaviour.model_validate_json(await request.read()))
        except ValidationError as error:
            return web.json_response({"code": "wrong_switch", "detail": str(error)}, status=422)
        return _told(self._dice.switches)

    async def _fill(self, request: web.Request) -> web.Response:
        _only_from_here(request)
        try:
            self.shelves.fill(Shelf.model_validate_json(await request.read()))
        except ValidationError as error:
            return web.json_response({"code": "wrong_shelf", "detail": str(error)}, status=422)
        return web.json_response({})


def _only_from_here(request: web.Request) -> None:
    if request.remote is None or not ip_address(request.remote).is_loopback:
        raise web.HTTPForbidden(text="only from the machine the shop runs on")


def _told(model: BaseModel) -> web.Response:
    return web.json_response(text=model.model_dump_json())


def _unanswered(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _refusal(request: web.Request, refusal: ShopRefuses) -> web.Response:
    lang = language(request)
    text = refusal.text(lang)
    if "text/html" in request.headers.get("accept", ""):
        shown = page.refusal_page(lang, text)
        return web.Response(text=shown, content_type="text/html", status=refusal.status)
    body: Mapping[str, Any] = {"code": refusal.code, "detail": text}
    return web.Response(
        text=json.dumps(body, ensure_ascii=False),
        content_type="application/problem+json",
        status=refusal.status,
    )
