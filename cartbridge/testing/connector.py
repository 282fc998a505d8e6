"""The contract every connector passes: subclass, name the connector, add recorded payloads."""

import inspect
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
from pydantic import BaseModel

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.line import Line
from cartbridge.domain.merge import observe
from cartbridge.domain.model import Strict
from cartbridge.domain.projection import basket_of
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.twin import PlannedWrite, Snapshot, Twin
from cartbridge.sdk.contract import Connector, Raw, Write
from cartbridge.sdk.errors import Forged, Unreadable
from cartbridge.sdk.observations import CartSeen, Read
from cartbridge.testing.hostile import (
    BODIES,
    HEADERS,
    as_json,
    encoded,
    reencoded,
    with_hostile_values,
    with_unknown,
)

NOW: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TOLERANCE: Final = timedelta(seconds=300)

# What each declared capability must be made of.
CAPABILITIES: Final = {
    "fetch": ("fetch",),
    "push": ("push",),
    "place": ("place", "withdraw"),
    "freeze": ("freeze", "thaw"),
    "continue_online": ("continue_url",),
    "changed_since": ("changed_since",),
    "hook": ("hook_is_on", "rearm"),
    "refresh": ("refresh",),
}


class ConnectorContract:
    """Inherit in a connector's tests/test_contract.py; every test is a promise to the gateway."""

    connector: ClassVar[Connector]
    secrets: ClassVar[tuple[str, str]]  # the one in use, and the one that comes after it
    signs_body: ClassVar[bool] = True  # False: only a secret in the path tells who it is
    signs_time: ClassVar[bool] = True  # False: an old delivery looks like a new one

    def settings(self, *secrets: str) -> BaseModel:
        """The connection's settings with these secrets, the first being the one in use."""
        raise NotImplementedError

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        """The request as the platform sends it at that moment, its topic that of payload `name`.

        A repeat keeps its delivery id, whatever the moment.
        """
        raise NotImplementedError

    def recorded(self) -> dict[str, bytes]:
        """The bodies beside the test: `body` of each payloads/*.json."""
        return {name: encoded(payload["body"]) for name, payload in self.payloads().items()}

    def payloads(self) -> dict[str, Any]:
        """The files payloads/*.json beside the test: body, named, observations and report."""
        folder = Path(inspect.getfile(type(self))).parent / "payloads"
        return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}

    def test_declares_only_what_it_can(self) -> None:
        """Every declared capability is there, and none is there undeclared."""
        manifest = self.connector.manifest
        for capability, methods in CAPABILITIES.items():
            made = {self._overrides(method) for method in methods}
            assert made == {capability in manifest.capabilities}, capability
        assert (manifest.writes != "none") == ("push" in manifest.capabilities)
        assert isinstance(self.settings(*self.secrets), manifest.settings)

    def test_reads_every_recorded_payload_as_expected(self) -> None:
        """Documents, observations and mapping report, to the cent."""
        assert self.recorded(), "record at least one payload"
        settings = self.settings(self.secrets[0])
        for name, payload in self.payloads().items():
            hook = self.hook(name, encoded(payload["body"]))
            named = [vars(mention) for mention in self.connector.identify(hook, settings)]
            said = [{key: mention[key] for key in ("external_id", "kind")} for mention in named]
            assert said == payload["named"], name
            read = self.connector.read(hook, settings)
            assert [shown(seen) for seen in read.observations] == payload["observations"], name
            assert [shown(lost)["field"] for lost in read.report] == payload["report"], name

    def test_believes_its_platform(self) -> None:
        """A true delivery is believed, its header names in whatever case they came."""
        for name in self.recorded():
            hook = self.hook(name)
            assert all(header == header.lower() for header in hook.headers)
            self._verify(hook)

    def test_believes_both_secrets_while_they_change(self) -> None:
        """During a rotation nothing of either secret is refused; afterwards only the new one."""
        old, new = self.secrets
        for name in self.recorded():
            for secret in (old, new):
                hook = self.hook(name, secret=secret)
                self.connector.verify(hook, self.settings(new, old), NOW)
            self._refused(self.hook(name, secret=old), self.settings(new))

    def test_refuses_another_secret(self) -> None:
        """What somebody else signed is not believed."""
        for name in self.recorded():
            self._refused(self.hook(name, secret=self.secrets[1]))

    def test_refuses_a_changed_body(self) -> None:
        """A body cut short, added to or written anew in JSON no longer holds its signature."""
        if not self.signs_body:
            pytest.skip("this platform does not sign its bodies")
        for name, body in self.recorded().items():
            hook = self.hook(name)
            for other in (body[:-1], body + b" ", b" " + body, b"", reencoded(body)):
                self._refused(replace(hook, body=other))

    def test_refuses_missing_and_hostile_headers(self) -> None:
        """Without its signature, or with nonsense in its place, a hook is forged, nothing else."""
        hook = self.hook(next(iter(self.recorded())))
        self._refused(Raw(hook.method, hook.url.rsplit("/", 1)[0], {}, hook.body))
        for header, value in hook.headers.items():
            for hostile in (*HEADERS, value[:-1]):
                try:
                    self._verify(replace(hook, headers={**hook.headers, header: hostile}))
                except Forged:
                    continue

    def test_refuses_what_is_old(self) -> None:
        """Five minutes before or after, and not a second more."""
        if not self.signs_time:
            pytest.skip("this platform does not sign the time")
        name = next(iter(self.recorded()))
        second = timedelta(seconds=1)
        for off in (TOLERANCE - second, second - TOLERANCE):
            self._verify(self.hook(name, at=NOW + off))
        for off in (TOLERANCE + second, -TOLERANCE - second, timedelta(days=-400)):
            self._refused(self.hook(name, at=NOW + off))

    def test_a_repeat_is_the_same_mention(self) -> None:
        """A delivery that comes again, later, has the same dedup keys."""
        settings = self.settings(self.secrets[0])
        for name in self.recorded():
            first, again = self.hook(name), self.hook(name, at=NOW + timedelta(seconds=60))
            assert self._verify(first) == self._verify(again)
            named = self.connector.identify(first, settings)
            assert named == self.connector.identify(again, settings)
            assert all(mention.dedup is not None for mention in named)

    def test_tolerates_unknown_fields(self) -> None:
        """A platform may send more than it did: the observations stay the same."""
        for name, body in self.recorded().items():
            if (value := as_json(body)) is not None:
                more = self._read(name, encoded(with_unknown(value)))
                assert more.observations == self._read(name).observations, name

    def test_projects_what_it_reads(self) -> None:
        """A cart made of what the platform shows looks, in its own form, as it is shown."""
        settings = self.settings(self.secrets[0])
        for name in self.recorded():
            for seen in self._read(name).observations:
                if isinstance(seen, CartSeen):
                    cart = cart_of(seen.snapshot)
                    shown_there = basket_of(self.connector.project(cart, settings))
                    assert shown_there == seen.snapshot.basket, name

    def test_survives_hostile_bodies(self) -> None:
        """Whatever signed bytes come, they are read, or quarantined as unreadable."""
        for name in self.recorded():
            for body in BODIES:
                self._survives(name, body)

    def test_survives_hostile_values(self) -> None:
        """Any value of a recorded body may be missing, or be of any other kind."""
        for name, body in self.recorded().items():
            if (value := as_json(body)) is not None:
                for hostile in with_hostile_values(value):
                    self._survives(name, hostile)

    def test_keeps_secrets_to_itself(self, caplog: pytest.LogCaptureFixture) -> None:
        """No secret in a representation, an error or a log line."""
        caplog.set_level(logging.DEBUG)
        settings = self.settings(*self.secrets)
        said = [repr(settings), str(settings), settings.model_dump_json()]
        for name, body in self.recorded().items():
            for content in (body, *BODIES[:4]):
                said += self._said_of(name, content)
        said.append(caplog.text)
        for secret in self.secrets:
            assert not any(secret in text for text in said)

    def _said_of(self, name: str, body: bytes) -> list[str]:
        elsewhere = "https://gateway.example/v1/hooks/x"
        hook = replace(self.hook(name, body), headers={}, url=elsewhere)
        said = []
        for check in (self._verify, self._understand):
            try:
                said.append(repr(check(hook)))
            except (Forged, Unreadable) as error:
                said += [str(error), repr(error), repr(error.__cause__)]
        return said

    def _overrides(self, method: str) -> bool:
        return getattr(type(self.connector), method) is not getattr(Connector, method)

    def hook(
        self, name: str, body: bytes | None = None, secret: str | None = None, at: datetime = NOW
    ) -> Raw:
        """A signed delivery as the gateway hands it on: header names in lower case."""
        content = self.recorded()[name] if body is None else body
        raw = self.signed(content, secret or self.secrets[0], at, name)
        return replace(raw, headers={header.lower(): text for header, text in raw.headers.items()})

    def _verify(self, hook: Raw) -> Any:
        return self.connector.verify(hook, self.settings(self.secrets[0]), NOW)

    def _refused(self, hook: Raw, settings: BaseModel | None = None) -> None:
        with pytest.raises(Forged):
            self.connector.verify(hook, settings or self.settings(self.secrets[0]), NOW)

    def _understand(self, hook: Raw) -> Any:
        settings = self.settings(self.secrets[0])
        return self.connector.identify(hook, settings), self.connector.read(hook, settings)

    def _read(self, name: str, body: bytes | None = None) -> Read:
        return self.connector.read(self.hook(name, body), self.settings(self.secrets[0]))

    def _survives(self, name: str, body: bytes) -> None:
        hook = self.hook(name, body)
        settings = self.settings(self.secrets[0])
        self.connector.answer(hook, settings)
        try:
            for mention in self.connector.identify(hook, settings):
                encoded(vars(mention))
        except Unreadable as error:
            _may_be_shown(error)
        try:
            self.connector.read(hook, settings).model_dump_json()
        except Unreadable as error:
            _may_be_shown(error)


def _may_be_shown(error: Unreadable) -> None:
    text = str(error)
    assert text.isprintable(), "an operator reads this"
    assert len(text) < 2000, "an operator reads this"


def is_echo(before: Snapshot, write: Write, after: Snapshot) -> bool:
    """Whether what a platform shows after a write is that write, and no edit of the shopper."""
    planned = PlannedWrite(
        push_id=write.push_id,
        base_revision=write.base_revision,
        expected=write.basket,
        codes=write.codes,
    )
    twin = Twin(
        ref=write.ref,
        shadow=before.basket,
        shadow_codes=before.codes,
        revision=before.revision,
        planned=(planned,),
    )
    change = observe(twin, after)
    return change is not None and change.is_echo


def shown(said: Strict) -> dict[str, Any]:
    """An observation or a report entry as payload files write it: what differs from defaults."""
    return {"saw": type(said).__name__, **said.model_dump(mode="json", exclude_defaults=True)}


def cart_of(snapshot: Snapshot) -> Cart:
    """A cart that holds just what a platform shows."""
    lines = tuple(
        Line(
            id=f"lin_{number}",
            kind=row.kind,
            sold_by=row.sold_by,
            item=row.item,
            quantity=Quantity(value=row.quantity, unit=row.unit),
            prices=row.prices,
        )
        for number, row in enumerate(snapshot.lines)
    )
    return Cart(id="crt_0", lines=lines, codes=snapshot.codes)
