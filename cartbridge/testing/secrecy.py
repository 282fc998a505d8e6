"""Promises about what is never shown: secrets, and what a body says of a person."""

from dataclasses import replace
from typing import Final

from cartbridge.sdk.errors import Forged, Unreadable
from cartbridge.testing.hostile import BODIES, as_json, encoded, paths, put
from cartbridge.testing.levels import promise
from cartbridge.testing.listening import heard, said_by
from cartbridge.testing.suite import Suite

SUBJECT: Final = "secrecy"
PRIVATE: Final = "Zzyzx.Martin@private.example"  # no recorded body holds it


class Secrecy(Suite):
    """Errors and logs name places, never contents."""

    @promise("bronze", SUBJECT)
    def test_keeps_secrets_to_itself(self) -> None:
        """No secret in a representation, an error or a log line."""
        settings = self.settings(*self.secrets)
        said = [repr(settings), str(settings), settings.model_dump_json()]
        with heard() as ears:
            for name, body in self.recorded().items():
                for content in (body, *BODIES[:4]):
                    said += self._said_of(name, content)
        said.append(ears.text)
        for secret in self.secrets:
            assert not any(secret in text for text in said)

    @promise("bronze", SUBJECT)
    def test_keeps_people_to_themselves(self) -> None:
        """Nothing that a body holds comes back in an error or a log line, whatever is wrong."""
        with heard() as ears:
            said = []
            for name, body in self.recorded().items():
                value = as_json(body) or {}
                spoilt = [encoded(put(value, path, PRIVATE)) for path in paths(value)]
                for content in (*spoilt, PRIVATE.encode(), encoded({"who": PRIVATE})[:-1]):
                    said += self._said_of(name, content, believed=True)
        for text in (*said, ears.text):
            assert PRIVATE not in text, text

    def _said_of(self, name: str, body: bytes, believed: bool = False) -> list[str]:
        hook = self.hook(name, body)
        if not believed:
            hook = replace(hook, headers={}, url="https://gateway.example/v1/hooks/x")
        said = []
        for check in (self._verify, self._understand):
            try:
                told = check(hook)
            except (Forged, Unreadable) as error:
                said.append(said_by(error))
            else:
                said += [] if believed else [repr(told)]  # what is read may well name a person
        return said
