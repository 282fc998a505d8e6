"""A retailer's own system that subscribed: it takes what is posted and checks who signed it."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.acceptance.world import Json

Answering = Callable[[web.Request, int], web.StreamResponse]


def expected(secret: str, message: str, timestamp: str, body: bytes) -> str:
    """The signature as the Standard Webhooks specification tells it, and nobody else's code."""
    key = base64.b64decode(secret[len("whsec_") :])
    text = message.encode() + b"." + timestamp.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


@dataclass
class Post:
    """One call as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The message's name."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> Json:
        """The CloudEvent."""
        event: Json = json.loads(self.body)
        return event

    def signed_by(self, secret: str) -> bool:
        """Whether one of the signatures is this secret's."""
        wanted = expected(secret, self.id, self.headers["webhook-timestamp"], self.body)
        return wanted in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Everything that was posted, and what is answered to it: a status, or a function of it."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    answer: int | Answering = 204
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Notes a call and answers it."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.posts.append(Post(headers, await request.read()))
        self.arrived.set()
        if isinstance(self.answer, int):
            return web.Response(status=self.answer)
        return self.answer(request, len(self.posts))

    def events(self, subject: str) -> list[Json]:
        """The distinct events of a document, in the order they came first."""
        seen = {post.id: post.event for post in reversed(self.posts)}
        firsts = dict.fromkeys(post.id for post in self.posts)
        return [seen[name] for name in firsts if seen[name]["subject"] == subject]


@asynccontextmanager
async def open_receiver(path: str = "/events") -> AsyncIterator[Receiver]:
    """A receiver on a free port of loopback."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post(path, receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
