"""An errand: what has to be done outside, written to the outbox with the facts it follows from."""

import json
from dataclasses import dataclass
from typing import Any

from cartbridge.domain.twin import PlacedFor, TwinRef
from cartbridge.services.connectors import Link

Links = dict[str, Link]  # connection → its link


@dataclass(frozen=True)
class Errand:
    """A message for the outbox: what to do, for which twin, in whose lane."""

    document: str
    kind: str  # write, freeze, thaw, fetch, answer, take_in, adopt, place, withdraw, …
    ref: TwinRef | None = None
    on: str | None = None  # the connection, where there is no twin yet
    placing: PlacedFor | None = None  # what a cart is put on a till for
    within: str | None = None  # the lane that the connector asks for
    details: tuple[tuple[str, str], ...] = ()  # what else its kind needs to know

    @property
    def connection(self) -> str | None:
        """The connection it is run on, if any."""
        return self.ref.connection if self.ref is not None else self.on

    @property
    def lane(self) -> str:
        """Errands of one lane are run one at a time and in order."""
        if self.within is not None:
            return f"{self.connection}/{self.within}"
        return str(self.ref) if self.ref is not None else self.document

    @property
    def payload(self) -> bytes:
        """The errand's details; never personal data."""
        details: dict[str, Any] = dict(self.details)
        if self.ref is not None:
            details["ref"] = self.ref.model_dump(mode="json")
        if self.placing is not None:
            details |= {"on": self.on, "placing": self.placing.model_dump(mode="json")}
        return json.dumps(details, separators=(",", ":"), sort_keys=True).encode()
