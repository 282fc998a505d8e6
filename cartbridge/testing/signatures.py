"""Promises about who is believed: signatures, their time, their secrets, and handshakes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cartbridge.sdk.contract import Raw, Reply
from cartbridge.sdk.errors import Forged
from cartbridge.testing.hostile import HEADERS, reencoded
from cartbridge.testing.levels import promise
from cartbridge.testing.suite import NOW, TOLERANCE, Suite

SUBJECT = "signatures"


class Signatures(Suite):
    """Only the platform itself is believed."""

    @promise("bronze", SUBJECT)
    def test_believes_its_platform(self) -> None:
        """A true delivery is believed, its header names in whatever case they came."""
        for name in self.recorded():
            hook = self.hook(name)
            assert all(header == header.lower() for header in hook.headers)
            self._verify(hook)

    @promise("bronze", SUBJECT)
    def test_believes_both_secrets_while_they_change(self) -> None:
        """During a rotation nothing of either secret is refused; afterwards only the new one."""
        old, new = self.secrets
        for name in self.recorded():
            for secret in (old, new):
                hook = self.hook(name, secret=secret)
                self.connector.verify(hook, self.settings(new, old), NOW)
            self._refused(self.hook(name, secret=old), self.settings(new))

    @promise("bronze", SUBJECT)
    def test_refuses_another_secret(self) -> None:
        """What somebody else signed is not believed."""
        for name in self.recorded():
            self._refused(self.hook(name, secret=self.secrets[1]))

    @promise("bronze", SUBJECT)
    def test_refuses_a_changed_body(self) -> None:
        """A body cut short, added to or written anew in JSON no longer holds its signature."""
        if not self.signs_body:
            pytest.skip("this platform does not sign its bodies")
        for name, body in self.recorded().items():
            hook = self.hook(name)
            for other in (body[:-1], body + b" ", b" " + body, b"", reencoded(body)):
                self._refused(replace(hook, body=other))

    @promise("bronze", SUBJECT)
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

    @promise("bronze", SUBJECT)
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

    @promise("bronze", "handshakes")
    def test_answers_handshakes_and_nothing_else(self) -> None:
        """A ping gets the platform's own answer, signed or not; a hook is left to be stored."""
        settings = self.in_use()
        for request, expected in self.handshakes():
            headers = {header.lower(): text for header, text in request.headers.items()}
            answer = self.connector.answer(replace(request, headers=headers), settings)
            assert answer == expected, request.url
        for name in self.recorded():
            assert self.connector.answer(self.hook(name), settings) is None, name

    @promise("bronze", "handshakes")
    def test_answers_hooks_as_accepted(self) -> None:
        """What the platform hears of a hook that was stored is a success to it."""
        accepted: Any = self.connector.accepted
        assert isinstance(accepted, Reply)
        assert 200 <= accepted.status < 300
