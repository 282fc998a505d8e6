"""A platform whose refresh tokens hold once, and the connector for it."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from aiohttp import web
from pydantic import BaseModel, SecretStr

from cartbridge.sdk import client
from cartbridge.sdk.contract import Connector, Delivery, Manifest, Named, Raw, Refreshed, Remote
from cartbridge.sdk.documents import Line, Projection, TwinRef
from cartbridge.sdk.errors import Forged
from cartbridge.sdk.observations import Read


class TokenSettings(BaseModel):
    """Where the platform is, and the token an operator was given once."""

    url: str
    first_token: SecretStr


class TokenShop(Connector):
    """Reads carts with an access token, which a refresh token renews."""

    manifest: ClassVar[Manifest] = Manifest(
        name="token-shop",
        title="A shop with tokens",
        kind="shop",
        capabilities=frozenset({"fetch", "refresh"}),
        versions="the one beside it",
        settings=TokenSettings,
    )

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        raise Forged("it sends no hooks")

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        return []

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        return Read()

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        return ()

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        headers = {"authorization": f"Bearer {remote.credentials['access_token']}"}
        answer = await client.post(remote.client, f"{remote.settings.url}/cart", b"", headers)
        return client.json_object(answer)

    async def refresh(self, remote: Remote) -> Refreshed:
        known = remote.credentials.get("refresh_token")
        token = known or remote.settings.first_token.get_secret_value()
        body = f"refresh_token={token}".encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = await client.post(remote.client, f"{remote.settings.url}/token", body, form)
        told = client.json_object(answer)
        lives = datetime.now(UTC) + timedelta(seconds=int(told.pop("expires_in")))
        return Refreshed(told, lives)


class TokenServer:
    """Exchanges the newest refresh token, once; who comes with a used one is locked out."""

    def __init__(self) -> None:
        self.refresh_token = secrets.token_hex(16)
        self.access_tokens: set[str] = set()
        self.used: set[bytes] = set()
        self.exchanged = self.refused = 0
        self.lives = 3600
        self.side_by_side: asyncio.Barrier | None = None  # exchanges that wait for each other
        self.asked = asyncio.Event()
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listens on loopback."""
        app = web.Application()
        app.add_routes([web.post("/token", self._exchange), web.post("/cart", self._cart)])
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Listens no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _exchange(self, request: web.Request) -> web.Response:
        token = str((await request.post())["refresh_token"])
        if self.side_by_side is not None:
            await self.side_by_side.wait()
        mark = hashlib.sha256(token.encode()).digest()
        if token != self.refresh_token or mark in self.used:
            self.refused += 1
            self.access_tokens.clear()  # as the standard for it demands: somebody stole one
            self.refresh_token = ""
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.asked.set()
        self.used.add(mark)
        self.exchanged += 1
        self.refresh_token, access = secrets.token_hex(16), secrets.token_hex(16)
        self.access_tokens = {access}
        told = {
            "access_token": access,
            "refresh_token": self.refresh_token,
            "expires_in": str(self.lives),
        }
        return web.json_response(told)

    async def _cart(self, request: web.Request) -> web.Response:
        bearer = request.headers["authorization"].removeprefix("Bearer ")
        if bearer not in self.access_tokens:
            return web.json_response({"error": "unauthorized"}, status=401)
        return web.json_response({"lines": []})
