"""The HTTP client for every call that leaves: checked, bounded, its failures classified."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpcore
import httpx

from cartbridge.sdk import payload
from cartbridge.sdk.addresses import AddressRefused, Reach, parse
from cartbridge.sdk.errors import Credentials, Ignore, Refuse, Retry, Unknown, Unreadable
from cartbridge.sdk.outgoing import CheckedTransport, NameServer, Resolve, checked

ANSWER_VALUES: Final = 10 * payload.MAX_VALUES  # an answer may list many documents

TIMEOUT: Final = httpx.Timeout(10.0, connect=3.0)
PUBLIC: Final = Reach()


class OutgoingClient(httpx.AsyncClient):
    """Follows no redirect, reads no proxy settings, keeps no cookie, never waits for ever.

    It connects only to addresses within its reach, whatever a name leads to at that moment.
    """

    def __init__(self, reach: Reach, resolve: Resolve | None, tls: ssl.SSLContext | None) -> None:
        self._names = NameServer()
        self._reach = reach
        self._resolve = resolve or self._names.resolve
        super().__init__(
            transport=CheckedTransport(reach, self._resolve, tls),
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"accept-encoding": "identity", "user-agent": "CartBridge"},
        )

    async def check(self, url: str) -> None:
        """Whether calls may go there as things are now: AddressRefused tells why not.

        It must be https, unless the host lies in a network that an operator opened.
        """
        host, port, encrypted = _place(url)
        try:
            addresses = await checked(self._reach, self._resolve, host, port)
        except httpcore.ConnectError:
            raise AddressRefused("the host has no address: check its name") from None
        if not encrypted and not all(self._reach.is_opened(parse(one)) for one in addresses):
            raise AddressRefused("the address must begin with https://")

    async def aclose(self) -> None:
        """Close every connection."""
        await super().aclose()
        self._names.close()

    async def __aexit__(self, *raised: Any) -> None:
        await super().__aexit__(*raised)
        self._names.close()


def _place(url: str) -> tuple[str, int, bool]:
    """Host, port, and whether it is https; AddressRefused for what is no plain address."""
    try:
        parts = httpx.URL(url)
        host = parts.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        raise AddressRefused("this is no address of a server") from None
    if parts.scheme not in ("https", "http") or not host:
        raise AddressRefused("the address must begin with https:// and name a server")
    if parts.userinfo or parts.fragment:
        raise AddressRefused("put no user name, password or # into the address")
    encrypted = parts.scheme == "https"
    return host, parts.port or (443 if encrypted else 80), encrypted


def make_client(
    reach: Reach = PUBLIC, *, resolve: Resolve | None = None, tls: ssl.SSLContext | None = None
) -> OutgoingClient:
    """The client for calls within that reach; names are found as this machine does, or so."""
    return OutgoingClient(reach, resolve, tls)


async def post(
    client: httpx.AsyncClient,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    expected: frozenset[int] = frozenset({200, 201}),
) -> httpx.Response:
    """Posts once, and raises what is to be done when the platform's answer is not expected."""
    try:
        response = await client.post(
            url, content=body, headers={"content-type": "application/json", **headers}
        )
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Retry(f"cannot connect: {type(error).__name__}") from error
    except httpx.RequestError as error:
        raise Unknown(f"no answer: {type(error).__name__}") from error
    if response.status_code not in expected:
        raise failure(response)
    return response


def failure(response: httpx.Response) -> Exception:
    """The error a status means: wait, give up, forget it, read again, or renew the credentials."""
    status = response.status_code
    if status in (408, 425, 429, 503):
        return Retry(f"status {status}", retry_after(response))
    if status in (401, 403):
        return Credentials(f"status {status}: check the secret of this connection")
    if status in (404, 410):
        return Ignore(f"status {status}: the document is gone")
    if status >= 500:
        return Unknown(f"status {status}")
    return Refuse(f"status {status}")


def retry_after(response: httpx.Response, longest: float = 3600.0) -> float | None:
    """After how many seconds the other side wants to be asked again, if it says so."""
    text = response.headers.get("retry-after", "")
    if text.isdigit():
        return min(float(text), longest)
    try:
        wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait, 0.0), longest)


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The object a platform answered; one that is none is a fault of the platform."""
    try:
        return payload.loads(response.content, ANSWER_VALUES)
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
