"""The connector for any system that speaks the canonical webhook."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Final

from cartbridge.sdk import payload, webhook
from cartbridge.sdk.contract import (
    Capability,
    Changed,
    Connector,
    Delivery,
    Manifest,
    Moved,
    Named,
    Raw,
    Remote,
    ThreadMessage,
    Write,
    Written,
)
from cartbridge.sdk.documents import Line, Projection, TwinRef, Writes, project_by
from cartbridge.sdk.errors import Forged, Refuse, Unknown, Unreadable
from cartbridge.sdk.observations import Observation, Read
from cartbridge.sdk.payload import understood
from cartbridge_standard import payloads as wire
from cartbridge_standard.calls import ask, call, data_of
from cartbridge_standard.keys import item_key
from cartbridge_standard.kinds import KINDS, Kind
from cartbridge_standard.settings import Settings
from cartbridge_standard.told import Told
from cartbridge_standard.writing import (
    message_body,
    message_id,
    shown_snapshot,
    write_body,
    written_snapshot,
)

WRITE_STATUSES: Final = frozenset({200, 409})
ANSWER_STATUSES: Final = frozenset({200, 201})
READ_STATUSES: Final = frozenset({200, 404, 410})
PAGE: Final = "100"  # carts at once
# What can be read and written there, and what a connection must be able to do to write it.
WRITABLE: Final[Mapping[str, Capability]] = {
    "cart": "push",
    "wishlist": "push_wishlists",
    "quote": "push_quotes",
}


class Standard(Connector):
    """Speaks the canonical webhook, Standard Webhooks 1.0.2, both ways."""

    manifest: ClassVar[Manifest] = Manifest(
        name="standard",
        title="Canonical webhook",
        kind="shop",
        capabilities=frozenset(
            {"fetch", "push", "changed_since"}
            | {"push_wishlists", "push_quotes", "answer_enquiries"}
        ),
        writes="conditional",
        versions="canonical webhook v1, Standard Webhooks 1.0.2",
        settings=Settings,
    )

    def writes(self, settings: Any) -> Writes:
        """Conditional with a `write_url`; without one the connection is read-only."""
        return "none" if settings.write_url is None else "conditional"

    def capabilities(self, settings: Any) -> frozenset[Capability]:
        """What its addresses allow: a `read_url`, a `write_url`, a `changes_url`."""
        allowed: dict[Capability, bool] = {
            "fetch": settings.read_url is not None,
            "push": settings.write_url is not None,
            "changed_since": settings.changes_url is not None,
            "push_wishlists": settings.writes_wishlists,
            "push_quotes": settings.writes_quotes,
            "answer_enquiries": settings.answers_enquiries,
        }
        return frozenset(name for name, is_allowed in allowed.items() if is_allowed)

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        """Believes what one of the connection's secrets signed less than five minutes ago."""
        try:
            return Delivery(webhook.verify(raw.headers, raw.body, settings.secrets, now))
        except (OverflowError, UnicodeError):
            raise Forged("a signature header is not one a sender writes") from None

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        """The document a body speaks of; several where it tells many stock levels or prices."""
        envelope = _envelope(hook.body)
        kind = KINDS[envelope.type]
        if not kind.is_document:
            seen = _said(hook.body, _message(hook), settings).observations
            return _named(seen, _dedup(hook))
        named = understood(wire.Mention, envelope.data, "data")
        # What ends a cart need not change it: its revision may be that of the last snapshot.
        revision = named.revision if kind.whole else None
        return [Named(named.external_id, kind.twin, revision=revision, dedup=_dedup(hook))]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        """What a body says, or the document that `fetch` brought."""
        if isinstance(document, Raw):
            envelope = _envelope(document.body)
            if KINDS[envelope.type].is_document:
                return _read(envelope, _message(document), settings)
            return _said(document.body, _message(document), settings)
        if "type" in document and "data" in document:  # a change may say what became of the cart
            return _read(_understood(document), None, settings)
        return _read_told(KINDS["cart.snapshot"], Told(document, settings))

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        """Quantity per item key: rows of one article are one."""
        return project_by(lines, lambda line: item_key(line.item))

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        """The document as it is there now, through `read_url`; None if it is gone."""
        settings: Settings = remote.settings
        if settings.read_url is None:
            raise Refuse("this connection has no read_url: it is known by its webhooks alone")
        if ref.kind not in WRITABLE:
            raise Refuse(f"a twin of the kind {ref.kind} cannot be read there")
        data, message = {"external_id": ref.external_id}, f"msg_{uuid.uuid4().hex}"
        asked = f"{ref.kind}.read"
        response = await call(remote, settings.read_url, asked, data, message, READ_STATUSES)
        if response.status_code != 200:
            return None
        return {"type": f"{ref.kind}.snapshot", "data": {**data, **data_of(response)}}

    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        """The carts that changed, through `changes_url`; the cursor is the system's own."""
        settings: Settings = remote.settings
        if settings.changes_url is None:
            raise Refuse("this connection has no changes_url: it cannot be asked what changed")
        asked = {"after": str(cursor["next"])} if cursor else {}
        answer = await ask(remote, settings.changes_url, {**asked, "limit": PAGE})
        try:
            page = understood(wire.Changes, answer, "answer")
        except Unreadable as error:
            raise Refuse(f"the answer cannot be understood: {error}") from error
        return Changed(answer["carts"], {"next": page.next}, page.more)

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        """Sends the whole document through `write_url`, on condition of its revision."""
        settings: Settings = remote.settings
        kind = write.ref.kind
        if settings.write_url is None:
            raise Refuse("this connection has no write_url: it is read-only")
        if WRITABLE.get(kind) not in self.capabilities(settings):
            raise Refuse(f"a twin of the kind {kind} is not written there")
        url, body = settings.write_url, write_body(write)
        response = await call(remote, url, f"{kind}.write", body, write.push_id, WRITE_STATUSES)
        answer = data_of(response)
        try:
            if response.status_code == 409:
                return Moved(snapshot=shown_snapshot(answer, write, settings))
            return Written(snapshot=written_snapshot(answer, write, settings))
        except Unreadable as error:
            raise Unknown(f"the answer cannot be understood: {error}") from error

    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        """Sends a message of the thread through `write_url`; its name is its id there."""
        settings: Settings = remote.settings
        if settings.write_url is None or not settings.answers_enquiries:
            raise Refuse("this connection takes no answers to enquiries")
        url, body = settings.write_url, message_body(ref, message)
        name = message_id(ref, message)
        response = await call(remote, url, "enquiry.message", body, name, ANSWER_STATUSES)
        if data_of(response).get("external_id") != ref.external_id:
            raise Unknown("answer.external_id: it does not say that this enquiry was answered")


def _message(hook: Raw) -> str | None:
    return hook.headers.get("webhook-id")


def _dedup(hook: Raw) -> str:
    # A sender repeats its message id only with the same body; a careless one does not.
    message = (_message(hook) or "") + "\n"
    return hashlib.sha256(message.encode("utf-8", "surrogateescape") + hook.body).hexdigest()


def _named(seen: Sequence[Observation], dedup: str) -> list[Named]:
    """What was read, each document once; every part of one body is a mention of its own."""
    places = dict.fromkeys((one.external_id, one.kind) for one in seen)
    own = [dedup, *(f"{dedup}:{number}" for number in range(1, len(places)))]
    return [Named(*place, dedup=name) for place, name in zip(places, own, strict=True)]


def _read(envelope: wire.Envelope, message: str | None, settings: Settings) -> Read:
    told = Told(envelope.data, settings, envelope.timestamp, message)
    return _read_told(KINDS[envelope.type], told)


def _read_told(kind: Kind, told: Told) -> Read:
    observations = tuple(kind.read(told))
    return Read(observations=observations, report=told.report.entries)


# Such a body is read once for its names, and again for each of the many things that it tells.
@lru_cache(maxsize=64)
def _said(body: bytes, message: str | None, settings: Settings) -> Read:
    return _read(_envelope(body), message, settings)


# What was sorted a moment ago is being applied now: the same body is not taken apart twice.
@lru_cache(maxsize=512)
def _envelope(body: bytes) -> wire.Envelope:
    return _understood(payload.loads(body))


def _understood(body: Mapping[str, Any]) -> wire.Envelope:
    envelope = understood(wire.Envelope, body, "")
    if envelope.type not in KINDS:
        raise Unreadable("type: not one that this version knows; its README lists them")
    return envelope
