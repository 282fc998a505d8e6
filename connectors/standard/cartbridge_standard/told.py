"""One canonical body while it is being read."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_standard import payloads as wire
from cartbridge_standard.report import Report
from cartbridge_standard.settings import Settings

Part = TypeVar("Part", bound=wire.Wire)


@dataclass(frozen=True)
class Told:
    """What a body holds, under which message id it came, and what was lost of it so far."""

    data: Mapping[str, Any] = field(repr=False)
    settings: Settings
    timestamp: datetime | None = None
    message: str | None = None
    report: Report = field(default_factory=Report)

    def read_as(self, form: type[Part]) -> Part:
        """The data in its form; Unreadable names what is wrong."""
        return understood(form, self.data, "data")

    def moment(self, *told: datetime | None) -> datetime:
        """The first time that was told, else that of the whole body."""
        for at in (*told, self.timestamp):
            if at is not None:
                return at
        raise Unreadable("data.at: tell when it happened, for example 2026-11-20T10:00:00Z")

    def name(self, own: str | None) -> str:
        """What makes this mention the same one when it is told again: its own id, or the message's.

        A message id may hold anything: what is kept of it is a fingerprint.
        """
        if own is not None:
            return own
        if self.message is None:
            raise Unreadable("data.id: tell by which name this is the same when it comes again")
        sent = self.message.encode("utf-8", "surrogateescape")
        return f"message-{hashlib.sha256(sent).hexdigest()[:32]}"
