"""Recorded hooks as files: a raw body, a payload file of a connector's tests, or a capture."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cartbridge.administration.choosing import moment
from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.sdk.contract import Raw

NOWHERE: Final = "https://gateway.example/v1/hooks/hk_replayed"


@dataclass(frozen=True)
class Recording:
    """One hook out of a file; `payload` is the whole file where it is a payload file."""

    path: Path
    raw: Raw
    recorded_at: datetime | None  # when it came, if the file tells
    payload: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def is_signed(self) -> bool:
        """Whether there is anything by which it could be believed."""
        return bool(self.raw.headers) or self.raw.url != NOWHERE


def recording(path: Path) -> Recording:
    """The hook in a file; CommandRefused says how a file has to be written."""
    content = path.read_bytes()
    try:
        told = json.loads(content)
    except ValueError:  # a form, or what is no JSON at all: the connector shall see it
        told = None
    if isinstance(told, dict) and isinstance(told.get("request"), dict):
        return _request(path, {**told["request"], "received_at": told.get("received_at")}, None)
    if isinstance(told, dict) and "body" in told:
        return _request(path, told, told)
    return Recording(path, _raw(content, _beside(path), NOWHERE, "POST", None), None)


def _request(path: Path, told: Mapping[str, Any], payload: dict[str, Any] | None) -> Recording:
    body = told.get("body")
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    exact = path.with_suffix(".body")  # a recorder that keeps the bytes puts them there
    content = exact.read_bytes() if exact.is_file() else text.encode()
    at = _moment(path, told.get("received_at"))
    headers = _headers(path, told.get("headers"))
    url, method = str(told.get("url") or NOWHERE), str(told.get("method") or "POST")
    return Recording(path, _raw(content, headers, url, method, at), at, payload)


def _raw(
    body: bytes, headers: Mapping[str, str], url: str, method: str, at: datetime | None
) -> Raw:
    return Raw(method, url, headers, body, received_at=at or datetime.now(UTC))


def _headers(path: Path, told: Any) -> dict[str, str]:
    """Header names in lower case, as the gateway hands them on; pairs, or an object."""
    pairs = list(told.items()) if isinstance(told, dict) else told or []
    try:
        return {str(name).lower(): str(value) for name, value in pairs}
    except (TypeError, ValueError):
        raise CommandRefused(
            f'{path}: headers are an object, {{"name": "value"}}, or a list of pairs', MISUSED
        ) from None


def _beside(path: Path) -> dict[str, str]:
    """The headers in the file of the same name that ends in .headers: `name: value` lines."""
    for file in (path.with_name(f"{path.name}.headers"), path.with_suffix(".headers")):
        if file.is_file() and file != path:
            lines = file.read_text("utf-8").splitlines()
            pairs = [line.partition(":") for line in lines if ":" in line]
            return {name.strip().lower(): value.strip() for name, _, value in pairs}
    return {}


def _moment(path: Path, told: Any) -> datetime | None:
    if isinstance(told, int | float):
        return datetime.fromtimestamp(told, UTC)
    return moment(f"{path}: received_at", None if told is None else str(told))
