"""The way out: every name is resolved once, every address checked, every answer bounded."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpcore
import httpx

from cartbridge.sdk.addresses import AddressRefused, Reach

ANSWER_BYTES: Final = 1024 * 1024
TOTAL_SECONDS: Final = 15.0
_TRIED: Final = 3  # addresses of one name that are tried, one after another
_RESOLVERS: Final = 16  # names looked up at once: a slow name server holds up no other call
_IDLE_CONNECTIONS: Final = 64
_IDLE_SECONDS: Final = 30.0

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class AnswerTooLarge(httpx.ReadError):
    """The answer is longer than what is read of any."""


class AnswerEncoded(httpx.DecodingError):
    """The answer is compressed though that was not asked for: it could grow without bounds."""


class NameServer:
    """The machine's own way of finding addresses, in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolve")

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Every address of a name, or the one that a literal means; OSError if there is none."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, _addresses_of, host, port
        )
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def close(self) -> None:
        """Begin no more look-ups."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses_of(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def checked(reach: Reach, resolve: Resolve, host: str, port: int) -> list[str]:
    """The addresses of a host, if every one of them may be called; AddressRefused if any not."""
    try:
        addresses = await resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("the name has no address") from error
    if not addresses:
        raise httpcore.ConnectError("the name has no address")
    for address in addresses:
        reach.check(address, port)
    return list(addresses)


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the very address that was checked: nobody resolves the name a second time."""

    def __init__(self, reach: Reach, resolve: Resolve) -> None:
        self._reach = reach
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to one of the host's addresses; AddressRefused before any is made."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await checked(self._reach, self._resolve, host, port)
                return await self._first(addresses[:_TRIED], port, timeout)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error

    async def _first(
        self,
        addresses: list[str],
        port: int,
        patience: float | None,
    ) -> httpcore.AsyncNetworkStream:
        share = None if patience is None else patience / len(addresses)
        for address in addresses[:-1]:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(address, port, timeout=share)
        return await self._network.connect_tcp(addresses[-1], port, timeout=share)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: what is behind a socket's path is nobody's public address."""
        raise AddressRefused("a socket's path is not called")

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks between its tries."""
        await asyncio.sleep(seconds)


class CheckedTransport(httpx.AsyncBaseTransport):
    """Sends requests to addresses within reach, and reads so much of an answer for so long."""

    def __init__(
        self,
        reach: Reach,
        resolve: Resolve,
        tls: ssl.SSLContext | None = None,
        seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._seconds = seconds
        # Host, SNI and certificate are the name's, as the caller gave it. Connections are not
        # limited here: whoever calls limits its calls, so that one slow host starves no other.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(trust_env=False),
            max_connections=None,
            max_keepalive_connections=_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=CheckedNetwork(reach, resolve),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer's status and headers; its body is read within the same time."""
        deadline = asyncio.get_running_loop().time() + self._seconds
        with _told_as_httpx():
            async with asyncio.timeout_at(deadline):
                answer = await self._pool.handle_async_request(_core(request))
        body = _Bounded(answer.stream, deadline)
        response = httpx.Response(
            answer.status, headers=answer.headers, stream=body, extensions=answer.extensions
        )
        if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            await body.aclose()
            raise AnswerEncoded("the answer is compressed though that was not asked for")
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


def _core(request: httpx.Request) -> httpcore.Request:
    url = httpcore.URL(
        scheme=request.url.raw_scheme,
        host=request.url.raw_host,
        port=request.url.port,
        target=request.url.raw_path,
    )
    return httpcore.Request(
        request.method,
        url,
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


class _Bounded(httpx.AsyncByteStream):
    """An answer's body: at most so many bytes, until that moment."""

    def __init__(self, stream: Any, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        parts = aiter(self._stream)
        while True:
            with _told_as_httpx():
                async with asyncio.timeout_at(self._deadline):
                    part = await anext(parts, None)
            if part is None:
                return
            size += len(part)
            if size > ANSWER_BYTES:
                raise AnswerTooLarge(f"the answer is longer than {ANSWER_BYTES} bytes")
            yield part

    async def aclose(self) -> None:
        """Give the connection back, or close it if something is left to read."""
        with _told_as_httpx():
            await self._stream.aclose()


@contextlib.contextmanager
def _told_as_httpx() -> Iterator[None]:
    """The failures below, under the names that callers of httpx know."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout("no whole answer in time") from error
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        told: type[httpx.RequestError] = getattr(httpx, type(error).__name__)
        raise told(str(error)) from error
