"""A body taken apart: its documents, and what kind of hook each of them is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Raw
from cartbridge.sdk.errors import Unreadable
from cartbridge_declarative import mapping as rules
from cartbridge_declarative.parts import MAX_DOCUMENTS, Part, places_of
from cartbridge_declarative.report import Report
from cartbridge_declarative.sections import Kind, Sorting
from cartbridge_declarative.values import text_of

_UNKNOWN: Final = "not one that kind.values knows; add it there, or '*' for all others"


@dataclass(frozen=True)
class Found:
    """One document of a body, and what a hook about it means."""

    kind: Kind
    part: Part


def documents(hook: Raw, mapping: rules.Mapping, report: Report) -> list[Found]:
    """The documents of a body, those that do not concern us left out."""
    body = _loaded(hook.body)
    whole = Part(body, "document", report, places_of(body))
    shared = _told_by_all(mapping.kind, hook.headers, whole)
    if shared == "ignored":  # whatever it looks like
        return []
    each = mapping.document.each
    if each is None and not isinstance(body, dict):
        raise Unreadable("body (document.each): a list; say where its documents are, such as '@'")
    told = [whole] if each is None else whole.rows(each, "document", MAX_DOCUMENTS)
    if each is not None and isinstance(body, dict):
        whole.tell_unread(mapping.of_body)
    found = ((shared or _kind(mapping.kind, part), part) for part in told)
    return [Found(kind, part) for kind, part in found if kind != "ignored"]


def fetched(document: Mapping[str, Any], mapping: rules.Mapping, report: Report) -> Found:
    """A document that was read again."""
    part = Part(dict(document), "document", report, places_of(document))
    return Found(_kind(mapping.fetched, part), part)


def _loaded(body: bytes) -> Any:
    if not body.lstrip().startswith(b"["):
        return payload.loads(body)
    wrapped = payload.loads(b'{"body":' + body + b"}")  # read as strictly as an object is
    if set(wrapped) != {"body"}:
        raise Unreadable("not JSON")
    return wrapped["body"]


def _told_by_all(sorting: Sorting, headers: Mapping[str, str], whole: Part) -> Kind | None:
    """The kind that all documents of a body share; None: each tells its own."""
    if sorting.header is not None:
        kind = _meaning(sorting, headers.get(sorting.header))
        if kind is None:
            raise Unreadable(f"header {sorting.header} (kind.header): {_UNKNOWN}")
        return kind
    return sorting.always if sorting.body is None else _looked_up("kind.body", sorting, whole)


def _kind(sorting: Sorting, part: Part) -> Kind:
    if sorting.document is None:
        return sorting.always or "ignored"
    return _looked_up("kind.document", sorting, part)


def _looked_up(entry: str, sorting: Sorting, part: Part) -> Kind:
    where = sorting.body or sorting.document
    kind = _meaning(sorting, part.find(entry, where, _word))
    if kind is None:
        raise part.wrong(entry, where, _UNKNOWN)
    return kind


def _word(found: Any) -> str | None:
    if isinstance(found, bool):
        return "true" if found else "false"
    return text_of(found)


def _meaning(sorting: Sorting, told: str | None) -> Kind | None:
    return sorting.values.get(told or "") or sorting.values.get("*")
