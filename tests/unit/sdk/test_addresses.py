"""No trick leads a call to this machine or its network; only an operator's word does."""

from ipaddress import ip_network

import httpx
import pytest

from cartbridge.sdk.addresses import AddressRefused, Reach, is_public, parse
from cartbridge.sdk.client import make_client
from cartbridge.sdk.errors import ConnectorError
from tests.unit.sdk.canary import LOOPBACK, NETWORK, listening, tricks

OPENED = Reach(private=(ip_network("127.0.0.0/8"),))


async def called(client: httpx.AsyncClient, url: str) -> bool:
    """Whether a call was answered; each that was not must be refused, not broken."""
    try:
        await client.post(url, content=b"{}")
    except (ConnectorError, httpx.HTTPError, httpx.InvalidURL):
        return False
    return True


async def test_no_trick_reaches_the_canary() -> None:
    async with listening() as canary, make_client() as client:
        urls = tricks(canary.port)
        answered = [url for url in urls if await called(client, url)]

    assert len(set(urls)) >= 120
    assert answered == []
    assert canary.connects == 0


async def test_a_plain_client_is_led_there() -> None:
    """The control: without the check the same addresses do lead to the canary."""
    async with listening() as canary, httpx.AsyncClient(trust_env=False, timeout=0.3) as client:
        local = [url for url in tricks(canary.port) if "127" in url or "7f" in url.lower()]
        answered = [url for url in local if await called(client, url)]

    assert len(answered) > 15
    assert canary.connects >= len(answered)


@pytest.mark.parametrize("host", [*LOOPBACK, *NETWORK])
async def test_such_an_address_is_refused_when_it_is_set_up(host: str) -> None:
    async with make_client() as client:
        with pytest.raises(AddressRefused):
            await client.check(f"https://{host}/hook")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://93.184.216.34/hook", "https"),
        ("ftp://93.184.216.34/", "https"),
        ("https://user:hidden@93.184.216.34/", "user name"),
        ("https://93.184.216.34/#part", "# into"),
        ("https://93.184.216.34:5432/", "port 5432"),
        ("https://93.184.216.34:6379/", "port 6379"),
        ("https://93.184.216.34:25/", "port 25"),
        ("https://", "name a server"),
        ("nonsense", "https"),
        ("https://[::1", "no address of a server"),
    ],
)
async def test_a_refusal_says_what_to_change(url: str, why: str) -> None:
    async with make_client() as client:
        with pytest.raises(AddressRefused, match=why) as caught:
            await client.check(url)
    assert "hidden" not in str(caught.value)


async def test_public_addresses_and_opened_networks_may_be_called() -> None:
    async with make_client(Reach(ports=frozenset({443, 8443}))) as client:
        await client.check("https://93.184.216.34/hook")
        await client.check("https://93.184.216.34:8443/hook?of=us")
        await client.check("https://[2606:2800:220:1::1]/hook")
    async with listening() as canary, make_client(OPENED) as client:
        await client.check(f"http://127.0.0.1:{canary.port}/hook")
        assert await called(client, f"http://127.0.0.1:{canary.port}/hook")
        assert await called(client, f"http://[::ffff:127.0.0.1]:{canary.port}/hook")
        assert not await called(client, f"http://10.0.0.1:{canary.port}/hook")
    assert canary.connects == 2


async def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.7"]

    async with make_client(resolve=resolve) as client:
        with pytest.raises(AddressRefused, match="not a public one"):
            await client.post("https://shop.example/", content=b"")
        with pytest.raises(AddressRefused):
            await client.check("https://shop.example/")


async def test_a_name_without_an_address_is_told_as_such() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return []

    async with make_client(resolve=resolve) as client:
        with pytest.raises(AddressRefused, match="no address"):
            await client.check("https://shop.example/")
        with pytest.raises(httpx.ConnectError):
            await client.post("https://shop.example/", content=b"")


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.216.34", "2606:2800:220:1::1", "2a01::1"])
def test_a_public_address_is_one(text: str) -> None:
    assert is_public(parse(text))
