"""Platforms that post webhooks of their own, read by a mapping file instead of a program."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from cartbridge.sdk.contract import (
    Capability,
    Connector,
    Delivery,
    Manifest,
    Named,
    Raw,
    Remote,
    Reply,
)
from cartbridge.sdk.documents import Line, Projection, TwinKind, TwinRef, project_by
from cartbridge.sdk.observations import Read
from cartbridge_declarative import calls, handshakes, signatures
from cartbridge_declarative.payloads import documents, fetched
from cartbridge_declarative.report import Report
from cartbridge_declarative.settings import Settings
from cartbridge_declarative.snapshots import Told
from cartbridge_declarative.translate import read_all


class Declarative(Connector):
    """Reads any platform that can post JSON, as far as its mapping says how; writes nothing."""

    manifest: ClassVar[Manifest] = Manifest(
        name="declarative",
        title="Mapping file",
        kind="shop",
        capabilities=frozenset({"fetch"}),
        writes="none",
        versions="any that posts JSON; JMESPath by jmespath 1.1",
        settings=Settings,
    )

    def capabilities(self, settings: Any) -> frozenset[Capability]:
        """Documents can be read again only where the mapping has a [fetch] section."""
        return frozenset() if settings.rules.fetch is None else frozenset({"fetch"})

    def answer(self, request: Raw, settings: Any) -> Reply | None:
        """The echo of a challenge, or what a ping wants to hear, where the mapping has them."""
        return handshakes.answer(request, settings.rules.handshake)

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        """Believes what one of the secrets proves, in the way that the mapping names."""
        return signatures.verify(raw, settings, now)

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        """The documents a body speaks of; a platform's own delivery id tells repeats apart."""
        named: dict[tuple[TwinKind, str], Named] = {}
        for found in documents(hook, settings.rules, Report()):
            told = Told(found.part, settings, found.kind)
            name = (told.twin, told.external_id)
            if name in named:  # told twice in one body: it is read once, and no revision orders it
                named[name] = replace(named[name], revision=None)
                continue
            # What ends a cart need not change it: its revision may be that of the last snapshot.
            revision = told.revision if found.kind in ("cart", "wishlist") else None
            dedup = _dedup(hook, settings, found.kind, place=len(named))
            named[name] = Named(told.external_id, told.twin, revision=revision, dedup=dedup)
        return list(named.values())

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        """What a hook says, or a document that `fetch` brought."""
        report = Report()
        if isinstance(document, Raw):
            found = documents(document, settings.rules, report)
            return read_all(found, settings, report, document.received_at)
        return read_all([fetched(document, settings.rules, report)], settings, report, None)

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        """One row per item key: the SKU, else the GTIN, else the title."""
        return project_by(lines, lambda line: line.item.key)

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        """The document as it is there now, at the address that the mapping names."""
        return await calls.fetched(ref, remote)


def _dedup(hook: Raw, settings: Settings, kind: str, place: int) -> str:
    # Some platforms repeat an id for another body, and some tell the kind in a header alone.
    delivery = hook.headers.get(settings.rules.signature.id_header or "", "")
    names = f"{delivery}\n{kind}\n".encode("utf-8", "surrogateescape")
    mention = hashlib.sha256(names + hook.body).hexdigest()
    return f"{mention}:{place}" if place else mention  # each document of a body has its own
