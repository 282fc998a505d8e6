"""What a connector makes of one recorded hook, in the words of payload files."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

from pydantic import BaseModel, SecretStr

from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.administration.connector_recordings import Recording
from cartbridge.domain.model import Strict
from cartbridge.sdk.contract import Connector
from cartbridge.sdk.errors import Forged, Unreadable

EXPECTED: Final = ("named", "observations", "report")
HIDDEN: Final = "**********"


def replayed(
    connector: Connector, settings: BaseModel, one: Recording, at: datetime | None
) -> dict[str, Any]:
    """Signature, documents named, observations and mapping report; or why there are none.

    No secret of the settings is in it, whatever the connector says.
    """
    shown = _hidden(_replayed(connector, settings, one, at), settings)
    return {**shown, "expected": _as_expected(one, shown)}


def _replayed(
    connector: Connector, settings: BaseModel, one: Recording, at: datetime | None
) -> dict[str, Any]:
    shown: dict[str, Any] = {"file": str(one.path), "signature": "", "answered": None}
    shown |= {"named": [], "observations": [], "report": [], "error": None}
    try:
        reply = connector.answer(one.raw, settings)
        if reply is not None:
            shown["answered"] = reply.status
            shown["signature"] = "a ping or handshake: answered, and nothing to store"
            return shown
        shown["signature"] = _believed(connector, settings, one, at)
        shown["named"] = [
            {"external_id": named.external_id, "kind": named.kind}
            for named in connector.identify(one.raw, settings)
        ]
        read = connector.read(one.raw, settings)
    except Unreadable as error:
        shown["error"] = f"unreadable, kept in quarantine: {error}"
    except Exception as error:  # whatever a connector still gets wrong is what one looks for
        where = extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}, line {where.lineno}"
        shown["error"] = f"the connector fails in {place}: {type(error).__name__}: {error}"
    else:
        shown["observations"] = [_told(seen) for seen in read.observations]
        shown["report"] = [lost.model_dump(mode="json") for lost in read.report]
    return shown


def _believed(
    connector: Connector, settings: BaseModel, one: Recording, at: datetime | None
) -> str:
    if not one.is_signed:
        return "not checked: the file holds no headers"
    now = at or one.recorded_at or datetime.now(UTC)
    try:
        connector.verify(one.raw, settings, now)
    except Forged as error:
        hint = "" if at or one.recorded_at else " (as of now: --at says when it came)"
        return f"forged: {error}{hint}"
    return "believed"


def _told(said: Strict) -> dict[str, Any]:
    return {"saw": type(said).__name__, **said.model_dump(mode="json", exclude_defaults=True)}


def _expected(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What a payload file keeps: of the mapping report, the fields alone."""
    fields = [lost["field"] for lost in shown["report"]]
    return {**{name: shown[name] for name in EXPECTED}, "report": fields}


def _as_expected(one: Recording, shown: Mapping[str, Any]) -> bool | None:
    """Whether a payload file expects just this; None if it expects nothing yet."""
    if one.payload is None or not any(name in one.payload for name in EXPECTED):
        return None
    return {name: one.payload.get(name) for name in EXPECTED} == _expected(shown)


def keep(one: Recording, shown: dict[str, Any], into: Path | None) -> dict[str, Any]:
    """Stores what is shown as what is expected of the hook from now on."""
    if shown["error"] or shown["answered"]:
        return shown
    if into is None and one.payload is None:
        raise CommandRefused(
            f"{one.path} is no payload file: make one of it with --into FOLDER", MISUSED
        )
    payload = one.payload or {"body": _body(one)}
    target = one.path if into is None else into / f"{one.path.stem}.json"
    text = json.dumps({**payload, **_expected(shown)}, ensure_ascii=False, indent=1)
    target.write_text(f"{text}\n", encoding="utf-8")
    return {**shown, "expected": True, "kept": str(target)}


def _body(one: Recording) -> Any:
    try:
        return json.loads(one.raw.body)
    except ValueError:
        return one.raw.body.decode("utf-8", "backslashreplace")


def _hidden(shown: dict[str, Any], settings: BaseModel) -> dict[str, Any]:
    """The same without any secret of the settings, whatever the connector said."""
    text = json.dumps(shown, ensure_ascii=False)
    for secret in _secrets(settings):
        text = text.replace(json.dumps(secret, ensure_ascii=False)[1:-1], HIDDEN)
    hidden: dict[str, Any] = json.loads(text)
    return hidden


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from _secrets([getattr(value, name) for name in type(value).model_fields])
    elif isinstance(value, Mapping):
        yield from _secrets(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _secrets(part)
