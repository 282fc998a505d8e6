"""What every part of the suite stands on: the connector, its settings, and what was recorded."""

import inspect
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
from pydantic import BaseModel

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Connector, Raw, Reply
from cartbridge.sdk.errors import Forged
from cartbridge.sdk.observations import Read
from cartbridge.testing.hostile import encoded
from cartbridge.testing.levels import FILE, Level, at_least, promise_of, read_quality
from cartbridge.testing.platform import Platform

NOW: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TOLERANCE: Final = timedelta(seconds=300)
MOST_VALUES: Final = 500_000  # in a file of ours


class Suite:
    """What an integrator names, and how the promises reach it."""

    connector: ClassVar[Connector]
    secrets: ClassVar[tuple[str, str]]  # the one in use, and the one that comes after it
    signs_body: ClassVar[bool] = True  # False: only a secret in the path tells who it is
    signs_time: ClassVar[bool] = True  # False: an old delivery looks like a new one
    fake: ClassVar[type[Platform] | None] = None  # needed from silver on
    # True: it sells by the metre or the gram, and a recorded payload shows it.
    sells_by_measure: ClassVar[bool] = False
    # None: the level of quality.toml. A second suite, over settings that allow less, says its own.
    claimed: ClassVar[Level | None] = None

    def settings(self, *secrets: str) -> BaseModel:
        """The connection's settings with these secrets, the first being the one in use."""
        raise NotImplementedError

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        """The request as the platform sends it at that moment, its topic that of payload `name`.

        A repeat keeps its delivery id, whatever the moment.
        """
        raise NotImplementedError

    def handshakes(self) -> list[tuple[Raw, Reply]]:
        """Pings and handshakes as they come, unsigned or not, and the answer to each."""
        return []

    def recorded(self) -> dict[str, bytes]:
        """The bodies beside the test: `body` of each payloads/*.json."""
        return {name: encoded(told["body"]) for name, told in self.payloads().items()}

    def payloads(self) -> dict[str, Any]:
        """The files payloads/*.json beside the test: hooks, and what is expected of them.

        `body`, `named`, `observations`, `report`; and, in minor units and the cart's own tax mode,
        `total`, `tax` and `beside`: what the platform says the cart costs, the tax on its lines,
        and what of the total is no article.
        """
        return dict(_hooks(self.payload_folder))

    def documents(self) -> dict[str, Any]:
        """The files payloads/documents/*.json: what `fetch` brought, as `document`.

        With `observations`, `report` and the amounts that a payload may have.
        """
        return dict(_documents(self.payload_folder / "documents"))

    @property
    def payload_folder(self) -> Path:
        """Where the recorded payloads lie."""
        return self.home / "payloads"

    @property
    def home(self) -> Path:
        """The folder of the test file."""
        return Path(inspect.getfile(type(self))).parent

    def claim(self) -> Level:
        """The level that this suite has to keep: above it, nothing is asked."""
        if self.claimed is not None:
            return self.claimed
        file = self.home.parent / FILE
        return read_quality(file).level if file.is_file() else "bronze"

    @pytest.fixture(autouse=True)
    def within_claim(self, request: pytest.FixtureRequest) -> None:
        """Asks nothing above the level claimed, unless `connector check` wants to know."""
        told = promise_of(request.function)
        beyond = request.config.getoption("--beyond-claim", default=False)
        if told is not None and not beyond and not at_least(self.claim(), told.level):
            pytest.skip(f"a promise of {told.level}, and {self.claim()} is claimed")

    def hook(
        self, name: str, body: bytes | None = None, secret: str | None = None, at: datetime = NOW
    ) -> Raw:
        """A signed delivery as the gateway hands it on: header names in lower case."""
        content = self.recorded()[name] if body is None else body
        raw = self.signed(content, secret or self.secrets[0], at, name)
        headers = {header.lower(): text for header, text in raw.headers.items()}
        return replace(raw, headers=headers, received_at=at)

    def in_use(self) -> BaseModel:
        """The settings with the one secret in use."""
        return self.settings(self.secrets[0])

    def reads(self) -> Iterator[tuple[str, dict[str, Any], Read]]:
        """Every recorded hook and document: its name, its file, and what it says."""
        for name, told in self.payloads().items():
            yield name, told, self._read(name)
        for name, told in self.documents().items():
            yield name, told, self.connector.read(told["document"], self.in_use())

    def _verify(self, hook: Raw) -> Any:
        return self.connector.verify(hook, self.in_use(), NOW)

    def _refused(self, hook: Raw, settings: BaseModel | None = None) -> None:
        with pytest.raises(Forged):
            self.connector.verify(hook, settings or self.in_use(), NOW)

    def _understand(self, hook: Raw) -> Any:
        settings = self.in_use()
        return self.connector.identify(hook, settings), self.connector.read(hook, settings)

    def _meaning(self, hook: Raw) -> Any:
        """What is made of a hook, but for the dedup keys: they may be made of all its bytes."""
        named, read = self._understand(hook)
        return [(one.kind, one.external_id, one.account, one.revision) for one in named], read

    def _read(self, name: str, body: bytes | None = None) -> Read:
        return self.connector.read(self.hook(name, body), self.in_use())


# A hook is made anew for each of thousands of spoilt bodies: its file is read once.
@cache
def _hooks(folder: Path) -> dict[str, Any]:
    files = sorted(folder.glob("*.json"))
    return {file.stem: json.loads(file.read_text("utf-8")) for file in files}


@cache
def _documents(folder: Path) -> dict[str, Any]:
    files = sorted(folder.glob("*.json"))
    return {file.stem: payload.loads(file.read_bytes(), MOST_VALUES) for file in files}
