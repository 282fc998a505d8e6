"""Connects to whichever of several servers answers: a dead one must not hold up the others."""

import asyncio
from collections import deque
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

STAGGER_SECONDS: Final = 0.2  # how long a server may be silent before the next one is asked too


def each_host(dsn: str) -> list[str]:
    """A DSN for each host that a DSN names, with everything else as it was.

    asyncpg asks hosts in turn within one timeout, which the first silent one would use up.
    """
    url = urlsplit(dsn)
    account, at, hosts = url.netloc.rpartition("@")
    if "," in hosts:
        return [urlunsplit(url._replace(netloc=account + at + host)) for host in hosts.split(",")]
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    names = query.get("host", "").split(",")
    ports = query.get("port", "").split(",")
    if len(names) == 1 or len(ports) not in (1, len(names)):
        return [dsn]
    scheme, _, rest = dsn.partition("?")[0].partition("://")
    several = ports if len(ports) > 1 else ports * len(names)
    return [
        f"{scheme}://{rest}?" + urlencode(query | {"host": name} | ({"port": port} if port else {}))
        for name, port in zip(names, several, strict=True)
    ]


async def dial(dsns: list[str], **options: Any) -> Any:
    """A connection to the first server that takes it; fails as the last one failed."""
    waiting, trying = deque(dsns), set[asyncio.Task[Any]]()
    error: BaseException = ConnectionError("no server to connect to")
    try:
        while waiting or trying:
            if waiting:
                trying.add(asyncio.create_task(asyncpg.connect(waiting.popleft(), **options)))
            patience = STAGGER_SECONDS if waiting else None
            done, trying = await asyncio.wait(
                trying, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            for attempt in done:
                if attempt.exception() is None:
                    trying |= done - {attempt}
                    return attempt.result()
                error = attempt.exception() or error
        raise error
    finally:
        for attempt in trying:
            attempt.cancel()
            attempt.add_done_callback(_hang_up)


def _hang_up(attempt: "asyncio.Task[Any]") -> None:
    """One that answered too late is not kept."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().terminate()
