"""A call goes to the checked address, under the name it was given, and its answer is bounded."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cartbridge.sdk import client as sdk
from cartbridge.sdk.addresses import Reach
from cartbridge.sdk.client import OutgoingClient, make_client
from cartbridge.sdk.errors import Retry, Unknown
from cartbridge.sdk.outgoing import ANSWER_BYTES, AnswerEncoded, AnswerTooLarge, CheckedTransport

LOCAL = Reach(private=(ip_network("127.0.0.0/8"),))
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[..., Awaitable[int]]


async def to_loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves one handler on a free port of loopback; answers the port."""
    runners = []

    async def start(handler: Handler, tls: ssl.SSLContext | None = None) -> int:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        runners.append(runner)
        return int(runner.addresses[0][1])

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[OutgoingClient]:
    async with make_client(LOCAL, resolve=to_loopback) as client:
        yield client


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of that name shows, and a client that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(minutes=5))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    shown, secret = folder / "shown.pem", folder / "secret.pem"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(shown, secret)
    return server, ssl.create_default_context(cafile=str(shown))


async def test_host_and_certificate_are_those_of_the_name(serve: Serve, tmp_path: Path) -> None:
    server, believing = certificate(tmp_path, "shop.example")
    asked_for: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: asked_for.append(name)

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=request.host)

    port = await serve(handler, server)
    async with make_client(LOCAL, resolve=to_loopback, tls=believing) as client:
        answer = await client.get(f"https://shop.example:{port}/")
        with pytest.raises(httpx.ConnectError):
            await client.get(f"https://other.example:{port}/")

    assert answer.text == f"shop.example:{port}"
    assert asked_for == ["shop.example", "other.example"]


async def test_a_redirect_and_a_cookie_lead_nowhere(serve: Serve, http: OutgoingClient) -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append((request.path, request.headers.get("cookie")))
        answer = web.Response(status=307, headers={"location": "/inside"})
        answer.set_cookie("session", "of another connection")
        return answer

    port = await serve(handler)
    for _ in range(2):
        answer = await http.post(f"http://shop.example:{port}/", content=b"{}")
        assert answer.status_code == 307
    assert asked == [("/", None), ("/", None)]


async def test_proxies_of_the_environment_are_not_asked(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="direct")

    port = await serve(handler)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with make_client(LOCAL, resolve=to_loopback) as client:
        assert (await client.get(f"http://shop.example:{port}/")).text == "direct"


async def test_an_answer_without_end_is_cut(serve: Serve, http: OutgoingClient) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65536)

    port = await serve(handler)
    with pytest.raises(AnswerTooLarge):
        await http.get(f"http://shop.example:{port}/")
    with pytest.raises(Unknown):
        await sdk.post(http, f"http://shop.example:{port}/", b"{}", {})


async def test_an_answer_of_the_greatest_size_is_read(serve: Serve, http: OutgoingClient) -> None:
    async def handler(request: web.Request) -> web.Response:
        assert request.headers["accept-encoding"] == "identity"
        return web.Response(body=b"x" * ANSWER_BYTES)

    port = await serve(handler)
    assert len((await http.get(f"http://shop.example:{port}/")).content) == ANSWER_BYTES


async def test_a_compressed_answer_is_not_unpacked(serve: Serve, http: OutgoingClient) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b", headers={"content-encoding": "gzip"})

    port = await serve(handler)
    with pytest.raises(AnswerEncoded):
        await http.get(f"http://shop.example:{port}/")


async def test_an_answer_that_trickles_ends_with_the_time_for_all_of_it(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x")
            await asyncio.sleep(0.02)

    port = await serve(handler)
    loop = asyncio.get_running_loop()
    transport = CheckedTransport(LOCAL, to_loopback, seconds=0.3)
    async with httpx.AsyncClient(transport=transport) as client:
        began = loop.time()
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"http://shop.example:{port}/")
        assert loop.time() - began < 5


async def test_a_name_server_that_never_answers_costs_a_connect_time(
    http: OutgoingClient,
) -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with make_client(resolve=never) as client:
        client.timeout = httpx.Timeout(5.0, connect=0.05)
        with pytest.raises(Retry):
            await sdk.post(client, "https://shop.example/", b"{}", {})


async def test_the_next_address_of_a_name_is_tried(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="second")

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.9.9.9", "127.0.0.1"]

    port = await serve(handler)
    async with make_client(LOCAL, resolve=resolve) as client:
        assert (await client.get(f"http://shop.example:{port}/")).text == "second"
