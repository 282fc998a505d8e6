"""The ways by which platforms prove that a hook is theirs, compared in constant time."""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cartbridge.sdk.contract import Delivery, Raw
from cartbridge.sdk.errors import Forged
from cartbridge.sdk.webhook import same
from cartbridge_declarative.expressions import NotOne
from cartbridge_declarative.sections import Signature
from cartbridge_declarative.settings import Settings, key
from cartbridge_declarative.values import moment_of

MAX_SIGNATURES: Final = 10  # in one header, while a secret is changed


def verify(raw: Raw, settings: Settings, now: datetime) -> Delivery:
    """Believes a hook that one of the secrets proves; a signed delivery id names it."""
    signature = settings.rules.signature
    match signature.scheme:
        case "path":
            proved = _one_of(_last_segment(raw.url), settings.plain_secrets)
        case "header":
            sent = _header(raw.headers, signature.header)
            known = sent.startswith(signature.prefix)
            given = _bytes(sent.removeprefix(signature.prefix))
            proved = known and _one_of(given, settings.plain_secrets)
        case "hmac":
            proved = _signed(raw, settings, now)
    if not proved:
        raise Forged("no secret of this connection proves it: compare the two sides' secrets")
    return Delivery(_header(raw.headers, signature.id_header) if "id" in signature.signs else None)


def _last_segment(url: str) -> bytes:
    return _bytes(urlsplit(url).path.rpartition("/")[2])


def _one_of(given: bytes, secrets: tuple[str, ...]) -> bool:
    held = False
    for secret in secrets:
        held |= same(secret.encode(), given)
    return held


def _signed(raw: Raw, settings: Settings, now: datetime) -> bool:
    signature = settings.rules.signature
    if signature.timestamp_header is not None:
        _check_time(_header(raw.headers, signature.timestamp_header), signature, now)
    parts = [_part(raw, name, signature) for name in signature.signs]
    content = _bytes(signature.separator).join(parts)
    given = _given(_header(raw.headers, signature.header), signature)
    held = False
    for secret in settings.plain_secrets:
        digest = hmac.digest(key(secret, signature), content, signature.digest)
        for one in given:
            held |= same(_written(digest, signature), one)
    return held


def _given(sent: str, signature: Signature) -> list[bytes]:
    """The signatures in a header, which holds several while a secret is changed."""
    several = [sent] if " " in signature.prefix else sent.split()[:MAX_SIGNATURES]
    bare = [
        _bytes(one.removeprefix(signature.prefix))
        for one in several
        if one.startswith(signature.prefix)
    ]
    return [one.lower() for one in bare] if signature.encoding == "hex" else bare


def _part(raw: Raw, name: str, signature: Signature) -> bytes:
    match name:
        case "body":
            return raw.body
        case "url":
            return _bytes(raw.url)
        case "id":
            return _bytes(_header(raw.headers, signature.id_header))
    return _bytes(_header(raw.headers, signature.timestamp_header))


def _written(digest: bytes, signature: Signature) -> bytes:
    return digest.hex().encode() if signature.encoding == "hex" else base64.b64encode(digest)


def _check_time(told: str, signature: Signature, now: datetime) -> None:
    try:
        sent = moment_of(told, signature.timestamp_as)
    except NotOne:
        raise Forged("the timestamp is not one the mapping knows") from None
    if abs((now - sent).total_seconds()) > signature.tolerance_seconds:
        raise Forged("the timestamp is too far from now: compare the two clocks")


def _header(headers: Mapping[str, str], name: str | None) -> str:
    if name is None or name not in headers:
        raise Forged("a header that the signature needs is missing")
    return headers[name]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
