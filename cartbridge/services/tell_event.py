"""Events on their way out: CloudEvents 1.0.2, subject the document, sequence its version."""

from datetime import datetime
from typing import Any

from cartbridge.database.history import StoredEvent
from cartbridge.database.vault import Vault
from cartbridge.domain.model import Strict
from cartbridge.domain.wanted import MessageWanted
from cartbridge.services.codes import pass_of


class CloudEvent(Strict):
    """One fact of the journal as subscribers get it."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    dataschema: str
    sequence: str
    recordedtime: datetime
    actor: str
    connection: str | None = None
    store: str | None = None
    terminal: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    erased: bool | None = None
    data: dict[str, Any]


def cloud_event(stored: StoredEvent, public_url: str, vault: Vault) -> CloudEvent:
    """The envelope of one stored event; what a person should be told gets its link only here."""
    header = stored.header
    data = {name: fact for name, fact in stored.facts.items() if name != "type"}
    if stored.event is not None:
        data = stored.event.model_dump(mode="json", exclude={"type"})
    if isinstance(stored.event, MessageWanted):
        data["url"] = f"{public_url}/c/{pass_of(vault, stored.event.pass_of)}"
    return CloudEvent(
        id=f"{stored.document}-{stored.version}",
        source=f"{public_url}/v1",
        type=stored.type,
        subject=stored.document,
        time=header.occurred_at,
        dataschema=f"{public_url}/schemas/{stored.type}.v{header.schema_version}.json",
        sequence=f"{stored.version:010d}",
        recordedtime=stored.recorded_at,
        actor=header.actor.kind if header.staff is None else f"staff:{header.staff}",
        connection=header.connection,
        store=header.store,
        terminal=header.terminal,
        correlationid=header.correlation,
        causationid=header.causation,
        erased=True if stored.erased else None,
        data=data,
    )
