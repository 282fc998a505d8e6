"""What a platform's answer tells to do."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
import respx

from cartbridge.sdk import client
from cartbridge.sdk.errors import Credentials, Ignore, Refuse, Retry, Unknown

URL = "https://shop.example/write"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client.make_client() as made:
        yield made


@respx.mock
async def test_an_expected_answer_is_given_back(http: httpx.AsyncClient) -> None:
    route = respx.post(URL).respond(409, json={"a": 1})
    answer = await client.post(http, URL, b"{}", {"x-a": "b"}, frozenset({409}))
    assert client.json_object(answer) == {"a": 1}
    assert route.calls.last.request.headers["x-a"] == "b"


@respx.mock
@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, Retry) for status in (408, 425, 429, 503)),
        *((status, Credentials) for status in (401, 403)),
        *((status, Ignore) for status in (404, 410)),
        *((status, Unknown) for status in (500, 502, 504)),
        *((status, Refuse) for status in (204, 301, 307, 400, 405, 409, 422)),
    ],
)
async def test_each_status_has_its_meaning(
    http: httpx.AsyncClient, status: int, error: type[Exception]
) -> None:
    route = respx.post(URL).respond(status, headers={"location": "http://127.0.0.1/"})
    with pytest.raises(error):
        await client.post(http, URL, b"{}", {})
    assert route.call_count == 1  # no redirect followed, nothing repeated


@respx.mock
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (httpx.ConnectError("refused at https://user:word@shop"), Retry),
        (httpx.ConnectTimeout("late"), Retry),
        (httpx.ReadTimeout("late"), Unknown),
        (httpx.ReadError("cut"), Unknown),
        (httpx.RemoteProtocolError("nonsense"), Unknown),
    ],
)
async def test_only_a_call_that_never_left_may_simply_be_repeated(
    http: httpx.AsyncClient, fault: Exception, error: type[Exception]
) -> None:
    respx.post(URL).mock(side_effect=fault)
    with pytest.raises(error) as caught:
        await client.post(http, URL, b"{}", {})
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7.0), ("999999", 3600.0), ("", None), ("soon", None), ("-1", None)],
)
def test_retry_after_is_heeded_within_reason(told: str, seconds: float | None) -> None:
    answer = httpx.Response(503, headers={"retry-after": told})
    error = client.failure(answer)
    assert isinstance(error, Retry)
    assert error.seconds == seconds


def test_retry_after_may_be_a_date() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    error = client.failure(httpx.Response(503, headers={"retry-after": then}))
    assert isinstance(error, Retry)
    assert error.seconds is not None
    assert 50 < error.seconds <= 60


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"null"])
def test_an_answer_that_is_no_object_is_the_platforms_fault(content: bytes) -> None:
    with pytest.raises(Unknown):
        client.json_object(httpx.Response(200, content=content))
