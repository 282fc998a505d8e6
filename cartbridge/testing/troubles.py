"""Promises about calls that fail: each failure says what is to be done about it."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

import httpx

from cartbridge.sdk.errors import (
    ConnectorError,
    Credentials,
    Ignore,
    Refuse,
    Retry,
    Unknown,
    Unreadable,
)
from cartbridge.testing.answering import TEXT
from cartbridge.testing.every_call import Call, every_call
from cartbridge.testing.listening import heard, said_by
from cartbridge.testing.secrecy import PRIVATE
from cartbridge.testing.suite import Suite
from cartbridge.testing.there import There, on_platform

SUBJECT: Final = "failing calls"
BUSY_SECONDS: Final = 7
LONGEST_WAIT: Final = 86400.0
HTML: Final = b"<html><title>Maintenance</title></html>"
NO_ANSWERS: Final = (HTML, b"", b"[]", b"null", b"{}", b'{"a": NaN}', b"\xff")

Kinds = tuple[type[ConnectorError | Unreadable], ...]
AGAIN: Final[Kinds] = (Retry, Unknown)  # nothing was changed, or it may be changed twice


class Troubles(Suite):
    """Wait, give up, read again, renew the key, or leave it: never anything else."""

    @on_platform("gold", SUBJECT)
    async def test_waits_as_long_as_the_platform_wants(self, there: There) -> None:
        """Told to wait by 429 or 503 it says how long: by seconds, a date, or its own headers."""
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=BUSY_SECONDS), usegmt=True)
        told = (
            (429, there.platform.busy),
            (429, {"retry-after": date}),
            (503, {"retry-after": "7"}),
        )
        for call in await every_call(there):
            for status, headers in told:
                there.platform.answer_all(status, headers)
                error = await _raised(call, (Retry,), f"{status} {headers}")
                assert isinstance(error, Retry)
                assert error.seconds is not None, f"{call.name} heard not how long to wait"
                assert BUSY_SECONDS - 2 <= error.seconds <= BUSY_SECONDS, call.name

    @on_platform("gold", SUBJECT)
    async def test_waits_when_no_time_is_told(self, there: There) -> None:
        """Busy without saying for how long, or for nonsense, is busy and nothing else."""
        for call in await every_call(there):
            for text in ("", "soon", "-1", "9" * 400):
                there.platform.answer_all(429, {"retry-after": text})
                error = await _raised(call, (Retry,), f"429 for {text[:9]}")
                assert isinstance(error, Retry)
                assert error.seconds is None or 0 <= error.seconds <= LONGEST_WAIT, call.name

    @on_platform("gold", SUBJECT)
    async def test_asks_for_new_credentials(self, there: There) -> None:
        """401 and 403 stop the connection until an operator has looked."""
        for call in await every_call(there):
            for status in (401, 403):
                there.platform.answer_all(status)
                await _raised(call, (Credentials,), str(status))

    @on_platform("gold", SUBJECT)
    async def test_does_not_insist_on_what_is_gone(self, there: There) -> None:
        """404 and 410 are no cart, or the word of somebody else: passed over, or read again."""
        for call in await every_call(there):
            for status in (404, 410):
                there.platform.answer_all(status)
                await _raised(call, (Ignore, Unknown, Refuse), str(status), silent=True)

    @on_platform("gold", SUBJECT)
    async def test_gives_up_what_is_never_taken(self, there: There) -> None:
        """400 and a redirect are not tried again as they are."""
        for call in await every_call(there):
            for status in (400, 302):
                there.platform.answer_all(status, {"location": "http://127.0.0.1/"})
                await _raised(call, (Refuse, Unknown, Ignore), str(status))

    @on_platform("gold", SUBJECT)
    async def test_reads_again_after_a_fault_there(self, there: There) -> None:
        """After 500 or 502 a write may have happened; what only asked may ask again."""
        for call in await every_call(there):
            for status in (500, 502):
                there.platform.answer_all(status, body=HTML)
                await _raised(call, (Unknown,) if call.changes else AGAIN, str(status))

    @on_platform("gold", SUBJECT)
    async def test_comes_again_when_it_cannot_connect(self, there: There) -> None:
        """Before anything was sent nothing has happened: the same call again."""
        for call in await every_call(there):
            for fault in (httpx.ConnectError, httpx.ConnectTimeout):
                there.platform.fail(fault)
                await _raised(call, (Retry,), fault.__name__)

    @on_platform("gold", SUBJECT)
    async def test_knows_not_what_became_of_what_was_sent(self, there: There) -> None:
        """Cut off after sending, a write may have happened; what only asked may ask again."""
        for call in await every_call(there):
            for fault in (httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ReadError):
                there.platform.fail(fault)
                await _raised(call, (Unknown,) if call.changes else AGAIN, fault.__name__)

    @on_platform("gold", SUBJECT)
    async def test_makes_nothing_of_what_it_cannot_read(self, there: There) -> None:
        """A success that is no answer of the platform's is an error, never a cart."""
        for call in await every_call(there):
            for body in NO_ANSWERS:
                there.platform.answer_all(200, body=body)
                wanted: Kinds = (Unknown, Retry, Refuse, Ignore, Credentials, Unreadable)
                await _raised(call, wanted, f"200 and {body!r}", silent=True)

    @on_platform("silver", "secrecy")
    async def test_keeps_answers_to_itself(self, there: There) -> None:
        """What is said to and by the platform, and our keys, are in no error and no log line."""
        secrets = [*self.secrets, *there.remote.credentials.values(), PRIVATE, TEXT]
        said = repr(there.remote) + repr(there.remote.settings)
        with heard() as ears:
            for call in await every_call(there):
                for status in (200, 400, 401, 404, 409, 429, 500):
                    body = json.dumps({"error": secrets, "message": PRIVATE}).encode()
                    there.platform.answer_all(status, body=body)
                    said += said_by(await call.failure())
                there.platform.fail(httpx.ReadTimeout)
                said += said_by(await call.failure())
        for secret in secrets:
            assert secret not in said + ears.text, "an error or a log line repeats it"


async def _raised(
    call: Call, wanted: Kinds, when: str, silent: bool = False
) -> ConnectorError | Unreadable | None:
    error = await call.failure()
    if error is None and silent:
        return None
    names = " or ".join(kind.__name__ for kind in wanted)
    assert isinstance(error, wanted), f"{call.name} at {when}: {names} is expected, not {error!r}"
    return error
