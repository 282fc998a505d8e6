"""The caller: keep-alive sockets and ready-made requests, so that calling costs little."""

import re
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from tests.bench.hooks import NUMBER_DIGITS, Carts, head, signed
from tests.bench.processes import answer, take_job, wait_for_go

_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_LAST_WORD_SECONDS: Final = 10.0  # for answers that are still out when the time is over


class Requests:
    """What is sent, number by number; heads are made ahead, bodies from their two halves."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._calls: list[bytes] = [
            head(job["url"] + path, headers, len(body.encode()), method) + body.encode()
            for method, path, headers, body in job.get("calls", ())
        ]
        self._heads: list[bytes] = []
        if not self._calls:
            carts = Carts(job["series"], job.get("revision", 1), job.get("quantity", 1))
            self._before, self._after = carts.halves()
            first = job.get("first", 0)
            self._numbers = range(first, first + job["count"])
            for number in self._numbers:
                message = f"{job['series']}-{job.get('revision', 1)}-{number}"
                self._heads.append(signed(job["url"], job["secret"], message, self._body(number)))

    def __len__(self) -> int:
        return len(self._calls) or len(self._heads)

    def __getitem__(self, place: int) -> bytes:
        if self._calls:
            return self._calls[place]
        return self._heads[place] + self._body(self._numbers[place])

    def _body(self, number: int) -> bytes:
        return self._before + f"{number:0{NUMBER_DIGITS}}".encode() + self._after


class Wire:
    """One socket: a request goes out, its answer comes in."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.place = -1
        self._come = b""

    def send(self, place: int, request: bytes) -> None:
        """Send the request that stands at this place."""
        self.place, self._come = place, b""
        sent = self.socket.send(request)
        if sent < len(request):
            self.socket.setblocking(True)
            self.socket.sendall(request[sent:])
            self.socket.setblocking(False)

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body once the answer is whole; status 0 if the other side hung up."""
        try:
            piece = self.socket.recv(1 << 18)
        except OSError:
            piece = b""
        if not piece:
            return 0, b""
        self._come += piece
        top, empty_line, body = self._come.partition(b"\r\n\r\n")
        if not empty_line:
            return None
        length = _LENGTH.search(top)
        if length is None or len(body) < int(length[1]):
            return None
        return int(top[9:12]), body


@dataclass
class Run:
    """What happened: per request when it was due and how long it took, in seconds."""

    begun: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    good: list[int] = field(default_factory=list)  # the places of those that were answered 2xx
    bodies: dict[int, str] = field(default_factory=dict)
    first: float = 0.0
    last: float = 0.0


class Caller:
    """Sends as fast as answers come, or at a steady rate whatever the answers do."""

    def __init__(self, job: dict[str, Any], requests: Requests) -> None:
        parts = urlsplit(job["url"])
        assert parts.hostname is not None
        assert parts.port is not None
        self._address = (parts.hostname, parts.port)
        self._requests = requests
        self._rate: float | None = job.get("rate")
        self._seconds: float = job.get("seconds") or float("inf")
        self._keep: bool = job.get("keep", False)
        self._selector = selectors.DefaultSelector()
        self._idle = deque(self._wire() for _ in range(job["connections"]))
        self.run = Run(begun=[0.0] * len(requests))

    def _wire(self) -> Wire:
        wire = Wire(self._address)
        self._selector.register(wire.socket, selectors.EVENT_READ, wire)
        return wire

    def work(self) -> None:
        """Send everything, or for as long as was asked, and wait for the answers."""
        self.run.first = time.monotonic()
        due, out = self._due(), 0
        upcoming = next(due, None)
        ended = self.run.first + self._seconds
        while upcoming is not None or out:
            now = time.monotonic()
            while upcoming is not None and self._idle and upcoming[1] <= now:
                out += 1
                self._send(*upcoming, now)
                upcoming = next(due, None) if now < ended else None
            if out and now > ended + _LAST_WORD_SECONDS:
                self.run.statuses[0] += out
                return
            out -= self._collect(upcoming, now)

    def _due(self) -> Iterator[tuple[int, float]]:
        for place in range(len(self._requests)):
            yield place, 0.0 if self._rate is None else self.run.first + place / self._rate

    def _send(self, place: int, due: float, now: float) -> None:
        # Late is late: what waits for a free socket has waited since it was due.
        self.run.begun[place] = due or now
        self._idle.popleft().send(place, self._requests[place])

    def _collect(self, upcoming: tuple[int, float] | None, now: float) -> int:
        wait = 1.0
        if upcoming is not None and self._idle:
            wait = max(0.0, upcoming[1] - now)
        answered = 0
        for key, _ in self._selector.select(wait):
            wire: Wire = key.data
            got = wire.receive()
            if got is None:
                continue
            answered += 1
            self._note(wire.place, *got)
            if got[0] == 0:
                self._selector.unregister(wire.socket)
                wire.socket.close()
                wire = self._wire()
            self._idle.append(wire)
        return answered

    def _note(self, place: int, status: int, body: bytes) -> None:
        run = self.run
        run.last = time.monotonic()
        run.statuses[status] += 1
        if 200 <= status < 300:
            run.good.append(place)
        run.took.append(run.last - run.begun[place])
        if self._keep:
            run.bodies[place] = body.decode()


def percentile(values: list[float], share: float) -> float:
    """The smallest value that so large a share of them does not exceed."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def told(run: Run, *, begun: bool) -> dict[str, Any]:
    """A run as the benchmark reads it, times in milliseconds."""
    seconds = max(run.last - run.first, 1e-9)
    return {
        "answered": len(run.took),
        "good": len(run.good),
        "seconds": seconds,
        "rate": len(run.good) / seconds,
        "statuses": {str(status): count for status, count in sorted(run.statuses.items())},
        "p50_ms": percentile(run.took, 0.50) * 1000,
        "p99_ms": percentile(run.took, 0.99) * 1000,
        "max_ms": max(run.took, default=0.0) * 1000,
        "first": run.first,
        "last": run.last,
        "begun": {str(place): run.begun[place] for place in run.good} if begun else {},
        "bodies": {str(place): body for place, body in run.bodies.items()},
    }


def main() -> None:
    """Prepare the requests, wait for the word, send them, tell what happened."""
    job = take_job()
    caller = Caller(job, Requests(job))
    wait_for_go()
    caller.work()
    answer(told(caller.run, begun=job.get("begun", False)))


if __name__ == "__main__":
    main()
