"""What a platform is answered before anything is believed: the echo of a challenge, and pings."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Raw, Reply
from cartbridge.sdk.errors import Unreadable
from cartbridge_declarative.expressions import NotOne
from cartbridge_declarative.sections import Handshake, Ping

MAX_PING: Final = 4096  # bytes; a longer body is a hook, and is not looked at before it is believed
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_.~+/=\-]{1,200}")
PLAIN: Final = "text/plain; charset=utf-8"


def answer(request: Raw, handshake: Handshake) -> Reply | None:
    """The answer to a challenge or ping; None: it is a hook."""
    if request.method == "GET":
        return _echo(request.url, handshake.challenge)
    ping = handshake.ping
    if ping is None or request.method != "POST" or _topic(request, ping) not in ping.values:
        return None
    return Reply(ping.status, ping.answer.encode(), PLAIN)


def _echo(url: str, parameter: str | None) -> Reply | None:
    if parameter is None:
        return None
    try:
        asked = dict(parse_qsl(urlsplit(url).query, max_num_fields=20))
    except ValueError:
        return None
    challenge = asked.get(parameter)
    if challenge is None or not _CHALLENGE.fullmatch(challenge):
        return None
    return Reply(200, challenge.encode(), PLAIN)


def _topic(request: Raw, ping: Ping) -> str | None:
    if ping.header is not None:
        return request.headers.get(ping.header)
    if ping.body is None or len(request.body) > MAX_PING:
        return None
    try:
        topic = ping.body.of(payload.loads(request.body))
    except (Unreadable, NotOne):
        return None
    return topic if isinstance(topic, str) else None
