"""The door: how many connections are let in, in total and from one address."""

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

KEEPALIVE_SECONDS: Final = 15.0  # without a whole request head; what comes drop by drop, too
LINE_BYTES: Final = 8190
HEADERS: Final = 128
LINGER_SECONDS: Final = 5.0  # for the rest of a body that was refused, so that the answer arrives
UNREAD_SECONDS: Final = 20.0  # for which a caller may leave its answer unread
_PREFIX: Final = 8  # bytes of an IPv6 address that one customer is given
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)

AnyHandler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Room:
    """How many connections are open at once, at most."""

    connections: int = 4000
    per_address: int = 1000


class Door(web.Server):
    """A server that answers 503 at once to whoever comes when it is full, and hangs up."""

    def __init__(self, handler: AnyHandler, room: Room, **more: Any) -> None:
        limits = {
            "keepalive_timeout": KEEPALIVE_SECONDS,
            "lingering_time": LINGER_SECONDS,
            "max_line_size": LINE_BYTES,
            "max_field_size": LINE_BYTES,
            "max_headers": HEADERS,
            "access_log": None,  # it would write codes and passes
            "auto_decompress": False,  # a signature covers the bytes as sent
        }
        super().__init__(handler, **{**limits, **more})
        self._room = room
        self._inside: dict[web.RequestHandler, str | bytes] = {}
        self._from: Counter[str | bytes] = Counter()

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Lets a connection in, or tells it to come back."""
        super().connection_made(handler, transport)
        address = _address(transport)
        room = self._room
        if len(self._inside) >= room.connections or self._from[address] >= room.per_address:
            transport.write(_FULL)
            transport.close()
            return
        _bound_unread(transport)
        self._inside[handler] = address
        self._from[address] += 1

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Its place is free again."""
        super().connection_lost(handler, exc)
        address = self._inside.pop(handler, None)
        if address is not None:
            self._from[address] -= 1
            if not self._from[address]:
                del self._from[address]


def _address(transport: asyncio.Transport) -> str | bytes:
    """Whom a connection counts for; of IPv6 the network, in which anybody has many addresses."""
    host: str = (transport.get_extra_info("peername") or ("",))[0]
    if ":" not in host:
        return host
    return socket.inet_pton(socket.AF_INET6, host.partition("%")[0])[:_PREFIX]


def _bound_unread(transport: asyncio.Transport) -> None:
    """Who never reads its answers must not keep a place and what was written for it."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it
    line = transport.get_extra_info("socket")
    if option is not None and line is not None:
        line.setsockopt(socket.IPPROTO_TCP, option, int(UNREAD_SECONDS * 1000))
