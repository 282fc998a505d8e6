"""A listener that must never be called, and every trick known to lead a client to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

# Host parts that mean this machine, its network or nobody's, in every spelling found in the wild.
LOOPBACK = (
    *("127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "127.000.000.001"),
    *("2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1", "0x7F.0x0.0x0.0x1", "017700000001"),
    *("0177.0.0.1", "0177.1", "0177.0.0.01", "127.0x0.0.1", "0x7f.0.0.0x1", "0x7f.0.1"),
    *("0", "0.0.0.0", "0x0", "00", "0.0", "localhost", "LOCALHOST", "localhost."),  # noqa: S104 - not to bind to
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[0000::1]", "[::ffff:127.0.0.1]"),
    *("[::ffff:7f00:1]", "[::ffff:7f00:0001]", "[::127.0.0.1]", "[::7f00:1]", "[::ffff:0:0]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2002:7f00:0001::1]", "[2001:0:7f00:1::]", "[fe80::1]", "[fec0::1]", "[fc00::1]"),
    *("①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "127．0．0．1", "１２７｡０｡０｡１"),
    *("ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌｏｃａｌｈｏｓｔ", "loc\u00adalhost", "127.0.0.1.", "127.0.0.1%20"),
)
NETWORK = (
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.1.1"),
    *("169.254.169.254", "169.254.0.1", "0xa9fea9fe", "2852039166", "169.254.43518", "0251.254.1"),
    *("100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.0.8", "192.0.0.170", "192.0.2.1"),
    *("198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.250"),
    *("240.0.0.1", "255.255.255.255", "0.1.2.3", "0x0a000001", "167772161", "012.0.0.1"),
    *("[fd00::1]", "[fd00:ec2::254]", "[fe80::a9fe:a9fe]", "[ff02::1]", "[ff0e::1]", "[100::1]"),
    *("[2001:db8::1]", "[3fff::1]", "[5f00::1]", "[2001::1]", "[2002:a00:1::1]", "[2002:c0a8::1]"),
    *("[2002:a9fe:a9fe::1]", "[64:ff9b::a00:1]", "[64:ff9b::a9fe:a9fe]", "[::10.0.0.1]"),
    *("[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[::a9fe:a9fe]"),
)


def tricks(port: int) -> list[str]:
    """Addresses that all lead, or seem to lead, somewhere only this machine may go."""
    plain = [f"http://{host}:{port}/hook" for host in (*LOOPBACK, *NETWORK)]
    dressed = [
        f"http://shop.example@127.0.0.1:{port}/",
        f"http://shop.example:443@127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}@127.0.0.1:{port}/",
        f"http://user:word@127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}#@shop.example/",
        f"http://127.0.0.1:{port}?@shop.example/",
        f"http://127.0.0.1:{port}\\@shop.example/",
        f"http://127.0.0.1:{port}\t/",
        f"http://127.0.0.1\n:{port}/",
        f"http:\\\\127.0.0.1:{port}/",
        f"http:/127.0.0.1:{port}/",
        f"http:127.0.0.1:{port}",
        f"//127.0.0.1:{port}/",
        f"hTTp://127.0.0.1:{port}/",
        f"https://127.0.0.1:{port}/",
        f"https://localhost:{port}/",
        f"ftp://127.0.0.1:{port}/",
        f"gopher://127.0.0.1:{port}/_x",
        f"file://127.0.0.1:{port}/etc/passwd",
        f"unix://127.0.0.1:{port}/var/run/x.sock",
        f"ws://127.0.0.1:{port}/",
        f"http://[::1%25lo]:{port}/",
        f"http://[fe80::1%25lo]:{port}/",
        f"http://[::1]:{port}.shop.example/",
        f"http://127.0.0.1:0{port}/",
        f"http:///127.0.0.1:{port}/",
        f"http://%31%32%37.0.0.1:{port}/",
        f"http://127.0.0.1%00.shop.example:{port}/",
        f"http://127.0.0.1%2e:{port}/",
        f"http://0:{port}/",
    ]
    return [*plain, *dressed]


@dataclass
class Canary:
    """How often somebody connected, and where it listens."""

    port: int = 0
    connects: int = 0


@asynccontextmanager
async def listening() -> AsyncIterator[Canary]:
    """A canary on one free port of this machine, in IPv4 and, where there is one, IPv6."""
    canary = Canary()

    async def sing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        canary.connects += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    servers = [await asyncio.start_server(sing, "127.0.0.1", 0)]
    canary.port = servers[0].sockets[0].getsockname()[1]
    with contextlib.suppress(OSError):
        servers.append(await asyncio.start_server(sing, "::1", canary.port))
    try:
        yield canary
    finally:
        for server in servers:
            server.close()
            await server.wait_closed()
