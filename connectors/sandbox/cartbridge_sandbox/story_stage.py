"""The stage: who calls whom, shown as it happens, and the shop that opens for the story."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import segno
from rich.console import Console
from rich.markup import escape

from cartbridge_sandbox.story_words import Lang, Words

Json = dict[str, Any]
Seen = TypeVar("Seen")
PATIENCE: Final = 20.0
_LOOK: Final = 0.05


class Surprise(Exception):
    """Something did not go as the story tells it; the text says what came instead."""


class Stage:
    """Where the story is shown, in one language."""

    def __init__(self, lang: Lang, pause: bool) -> None:
        self.words = Words(lang)
        self._console = Console(highlight=False, soft_wrap=True)
        self._pause = pause and sys.stdin.isatty()
        self._act = 0

    def act(self, key: str) -> None:
        """A new act begins; with `pause` once somebody pressed Enter."""
        if self._pause and self._act:
            self._console.input(f"[dim]{self.words('go_on')} …[/]")
        self._act += 1
        self._console.print(f"\n[bold cyan]{self._act}. {escape(self.words(key))}[/]")

    def say(self, key: str, **told: object) -> None:
        """A sentence of the story."""
        self._console.print(escape(self.words(key, **told)), style="italic")

    def plain(self, text: str, style: str = "dim") -> None:
        """A text as it came, line by line."""
        for line in text.rstrip().splitlines():
            self._console.print(f"   {escape(line)}", style=style)

    def qr(self, text: str) -> None:
        """A QR code that a phone can read off the screen."""
        segno.make_qr(text, error="m").terminal(out=sys.stdout, compact=True, border=2)

    def call(self, who: str, method: str, path: str, status: int) -> None:
        """One call, and how it was answered."""
        colour = "green" if status < 400 else "yellow"
        self._console.print(
            f"   [bold]{escape(who):10}[/] {method:6} {escape(path)} [{colour}]{status}[/]"
        )

    def fields(self, answer: Mapping[str, Any], names: tuple[str, ...]) -> None:
        """The few fields of an answer that matter."""
        told = " · ".join(
            f"{name}={answer[name]}" for name in names if answer.get(name) is not None
        )
        if told:
            self.plain(f"           {told}")

    def good(self, key: str) -> None:
        """How it ended, when it ended well."""
        self._console.print(f"\n[bold green]{escape(self.words(key))}[/]")

    def bad(self, why: str) -> None:
        """How it ended, when it did not."""
        self._console.print(f"\n[bold red]{escape(self.words('surprise', why=why))}[/]")

    def until(self, what: str, look: Callable[[], Seen | None]) -> Seen:
        """What a look brings at last; Surprise if it brings nothing for too long."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            seen = look()
            if seen is not None:
                return seen
            time.sleep(_LOOK)
        raise Surprise(self.words("waited", what=what))


class Person:
    """Somebody who calls: a till, the shop or an operator with a key, a shopper with a cookie."""

    def __init__(self, stage: Stage, name: str, url: str, key: str | None = None) -> None:
        self._stage = stage
        self._name = name
        headers: dict[str, str] = {"accept-language": stage.words.lang}
        if key is not None:
            headers["authorization"] = f"Bearer {key}"
        self._client = httpx.Client(base_url=url, headers=headers, timeout=15, trust_env=False)

    def does(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        wanted: int = 200,
        show: tuple[str, ...] = (),
    ) -> Json:
        """One call, shown; Surprise if it is not answered as the story tells."""
        response = self._send(method, path, body)
        self._stage.call(self._name, method, path, response.status_code)
        self._expect(response, wanted)
        answer = _object(response)
        self._stage.fields(answer, show)
        return answer

    def looks(self, path: str) -> Json:
        """A look that is not worth showing."""
        response = self._send("GET", path, None)
        self._expect(response, 200)
        return _object(response)

    def reads(self, path: str) -> str:
        """A text, shown as one call."""
        response = self._send("GET", path, None)
        self._stage.call(self._name, "GET", path, response.status_code)
        self._expect(response, 200)
        return response.text

    def close(self) -> None:
        """Hangs up."""
        self._client.close()

    def _send(self, method: str, path: str, body: Json | None) -> httpx.Response:
        headers = {} if method == "GET" else {"idempotency-key": uuid.uuid4().hex}
        try:
            return self._client.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise Surprise(f"{method} {path}: {type(error).__name__}") from None

    def _expect(self, response: httpx.Response, wanted: int) -> None:
        if response.status_code != wanted:
            request = response.request
            raise Surprise(
                self._stage.words(
                    "expected",
                    method=request.method,
                    path=request.url.path,
                    wanted=wanted,
                    status=response.status_code,
                    answer=response.text[:400],
                )
            )


def _object(response: httpx.Response) -> Json:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


@contextmanager
def opened_shop(stage: Stage, told: Json, data_dir: Path) -> Iterator[str]:
    """The sandbox shop as a process of its own, closed when the story is over; its address."""
    place = told["connections"]["sandbox-shop"]
    command = [
        *(sys.executable, "-m", "cartbridge_sandbox", "shop"),
        *("--port", str(urlsplit(place["shop_url"]).port or 80)),
        *("--database", str(data_dir / "sandbox-shop.db")),
        *("--hook-url", place["hook_url"]),
        *("--gateway-url", told["base_url"], "--connection", place["id"]),
    ]
    # Secrets go by the environment: everybody can read a command line.
    secrets = {
        "CARTBRIDGE_SANDBOX_SECRET": place["webhook_secret"],
        "CARTBRIDGE_SANDBOX_SHOP_KEY": place["shop_key"],
    }
    shop = subprocess.Popen(  # noqa: S603 - our own program
        command,
        env={**os.environ, **secrets},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        if shop.stdout is None or "ready" not in shop.stdout.readline():
            raise Surprise(stage.words("no_shop", url=place["shop_url"]))
        yield place["shop_url"]
    finally:
        shop.terminate()
        shop.communicate(timeout=15)
