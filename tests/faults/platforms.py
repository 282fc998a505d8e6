"""Many platforms at once, in a process of their own: each posts hook after hook."""

import asyncio
import base64
import hmac
import json
import sys
import time
import uuid
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

BODY_BYTES = 4096


class Platform(asyncio.Protocol):
    """One connection that posts the next hook as soon as the last one is answered."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._load.connected += 1
        self._answer = b""
        self._sent_at = 0.0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._post()

    def data_received(self, data: bytes) -> None:
        """An answer, or a part of one."""
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end:
            return
        fields = head.lower().split(b"\r\n")
        length = next(int(one[16:]) for one in fields if one.startswith(b"content-length: "))
        if len(body) < length:
            return
        waits = any(one.startswith(b"retry-after: ") for one in fields)
        self._load.count(int(head[9:12]), waits, time.monotonic() - self._sent_at)
        self._answer = b""
        self._post()

    def connection_lost(self, exc: Exception | None) -> None:
        """It was hung up, which nobody asked for before the end."""
        if not self._load.over:
            self._load.hung_up += 1
        self._load.connected -= 1
        if not self._load.connected:
            self._load.last_answered.set()

    def _post(self) -> None:
        if self._load.over:
            self._transport.close()
            return
        self._sent_at = time.monotonic()
        self._load.sent += 1
        self._transport.write(self._load.hook())


class Load:
    """So many platforms for so many seconds, and what they were answered."""

    def __init__(self, hook_url: str, secret: str) -> None:
        self._url = urlsplit(hook_url)
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._body = json.dumps({"type": "stock.level", "data": {}}).encode().ljust(BODY_BYTES)
        self.over = False
        self.last_answered = asyncio.Event()
        self.connected = 0
        self.sent = self.hung_up = self.without_wait = 0
        self.answers: Counter[int] = Counter()
        self.accepted: list[float] = []

    def hook(self) -> bytes:
        """A rightly signed request that nobody has sent before."""
        message, moment = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
        signed = hmac.digest(self._key, f"{message}.{moment}.".encode() + self._body, "sha256")
        lines = (
            f"POST {self._url.path} HTTP/1.1",
            f"Host: {self._url.netloc}",
            f"webhook-id: {message}",
            f"webhook-timestamp: {moment}",
            f"webhook-signature: v1,{base64.b64encode(signed).decode()}",
            f"Content-Length: {len(self._body)}",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self._body

    def count(self, status: int, waits: bool, seconds: float) -> None:
        """One answer."""
        self.answers[status] += 1
        if status == 202:
            self.accepted.append(seconds)
        elif status == 503 and not waits:
            self.without_wait += 1

    async def run(self, platforms: int, seconds: float) -> None:
        """Until the time is up and everybody has had the last answer."""
        loop = asyncio.get_running_loop()
        assert self._url.hostname is not None
        assert self._url.port is not None
        for _ in range(platforms):
            await loop.create_connection(lambda: Platform(self), self._url.hostname, self._url.port)
        await asyncio.sleep(seconds)
        self.over = True
        async with asyncio.timeout(30):
            await self.last_answered.wait()

    def told(self) -> dict[str, Any]:
        """For whoever started this process."""
        ranked = sorted(self.accepted) or [0.0]
        return {
            "sent": self.sent,
            "answers": {str(status): count for status, count in self.answers.items()},
            "without_wait": self.without_wait,
            "hung_up": self.hung_up,
            "p99": ranked[int(len(ranked) * 0.99)],
        }


if __name__ == "__main__":
    load = Load(sys.argv[1], sys.argv[2])
    asyncio.run(load.run(int(sys.argv[3]), float(sys.argv[4])))
    print(json.dumps(load.told()))  # noqa: T201 - the counts are the result
