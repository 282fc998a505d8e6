"""Each way of proving a hook, its times, its several secrets, and what is answered before."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cartbridge_declarative import Declarative
from cartbridge_declarative.settings import Settings

from cartbridge.sdk.contract import Delivery, Raw
from cartbridge.sdk.errors import Forged

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOOK = "https://gateway.example/v1/hooks/hk"
OLD, NEW = "0c4e8a2b6d9f1357", "9b1f5c0a7e3d2468"
BODY = b'{"id": "7"}'
CONNECTOR = Declarative()


def settings(signature: dict[str, Any], secrets: tuple[str, ...] = (NEW,), **more: Any) -> Settings:
    mapping = {
        "signature": signature,
        "kind": {"always": "gone"},
        "document": {"external_id": "id"},
        **more,
    }
    return Settings.model_validate({"mapping": json.dumps(mapping), "secrets": secrets})


def verify(
    told: Settings, headers: dict[str, str], url: str = HOOK, body: bytes = BODY
) -> Delivery:
    return CONNECTOR.verify(Raw("POST", url, headers, body), told, NOW)


def refused(told: Settings, headers: dict[str, str], url: str = HOOK, body: bytes = BODY) -> None:
    with pytest.raises(Forged) as caught:
        verify(told, headers, url, body)
    assert NEW not in str(caught.value)


@pytest.mark.parametrize("digest", ["sha256", "sha1", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("key_form", ["text", "hex", "base64"])
def test_a_body_is_believed_that_is_signed_as_the_mapping_says(
    digest: str, encoding: str, key_form: str
) -> None:
    forms = {"text": NEW.encode(), "hex": bytes.fromhex(NEW), "base64": base64.b64decode(NEW)}
    made = hmac.digest(forms[key_form], BODY, digest)
    text = made.hex() if encoding == "hex" else base64.b64encode(made).decode()
    told = settings(
        {
            "scheme": "hmac",
            "header": "X-Sign",
            "prefix": f"{digest}=",
            "digest": digest,
            "encoding": encoding,
            "key_form": key_form,
        }
    )
    assert verify(told, {"x-sign": f"{digest}={text}"}) == Delivery(None)
    for wrong in (text, f"{digest}={text[:-2]}", f"{digest}=", "", f"{digest}={text}x"):
        refused(told, {"x-sign": wrong})
    refused(told, {"x-sign": f"{digest}={text}"}, body=BODY + b" ")
    refused(told, {})


def signed(parts: list[bytes], separator: bytes = b"", secret: str = NEW) -> str:
    return hmac.digest(secret.encode(), separator.join(parts), "sha256").hex()


def test_a_url_that_is_signed_is_ours() -> None:
    told = settings({"scheme": "hmac", "header": "X-Sign", "signs": ["url", "body"]})
    headers = {"x-sign": signed([HOOK.encode(), BODY])}
    verify(told, headers)
    refused(told, headers, url="https://elsewhere.example/v1/hooks/hk")


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("seconds", lambda at: str(int(at.timestamp()))),
        ("milliseconds", lambda at: str(int(at.timestamp()) * 1000)),
        ("rfc3339", lambda at: at.isoformat()),
    ],
)
def test_a_time_is_believed_within_its_tolerance(form: str, written: Any) -> None:
    told = settings(
        {
            "scheme": "hmac",
            "header": "X-Sign",
            "signs": ["id", "timestamp", "body"],
            "separator": ".",
            "id_header": "X-Id",
            "timestamp_header": "X-Time",
            "timestamp_as": form,
            "tolerance_seconds": 60,
        }
    )
    for off, held in ((59, True), (-59, True), (61, False), (-61, False)):
        at = written(NOW + timedelta(seconds=off))
        sign = signed([b"d-1", at.encode(), BODY], b".")
        headers = {"x-sign": sign, "x-id": "d-1", "x-time": at}
        if held:
            assert verify(told, headers) == Delivery("d-1")
        else:
            refused(told, headers)
    for wrong in ("", "soon", "-1", "\u0663", "9" * 400):
        sign = signed([b"d-1", wrong.encode(), BODY], b".")
        refused(told, {"x-sign": sign, "x-id": "d-1", "x-time": wrong})


@pytest.mark.parametrize("prefix", ["", "v1,", "v1 "])
def test_one_of_several_signatures_is_enough(prefix: str) -> None:
    told = settings({"scheme": "hmac", "header": "X-Sign", "prefix": prefix}, (NEW, OLD))
    old = prefix + signed([BODY], secret=OLD)
    verify(told, {"x-sign": old})
    if " " not in prefix:
        verify(told, {"x-sign": f"v0,abc {old}"})
        refused(told, {"x-sign": " ".join(["x" * 9] * 10 + [old])})


def test_a_header_holds_one_of_the_secrets() -> None:
    told = settings(
        {"scheme": "header", "header": "Authorization", "prefix": "Bearer "}, (NEW, OLD)
    )
    for secret in (NEW, OLD):
        verify(told, {"authorization": f"Bearer {secret}"})
    for wrong in (NEW, f"Bearer {NEW}x", "Bearer ", f"bearer {NEW}", "\udcff"):
        refused(told, {"authorization": wrong})


def test_an_address_ends_in_one_of_the_secrets() -> None:
    told = settings({"scheme": "path"}, (NEW, OLD))
    for secret in (NEW, OLD):
        verify(told, {}, f"{HOOK}/{secret}")
        verify(told, {}, f"{HOOK}/{secret}?source=flow")
    for wrong in (HOOK, f"{HOOK}/", f"{HOOK}/{NEW}/", f"{HOOK}/x?s={NEW}", f"{HOOK}/{NEW[:-1]}"):
        refused(told, {}, wrong)


def test_a_challenge_is_echoed_and_nothing_else() -> None:
    told = settings({"scheme": "path"}, handshake={"challenge": "hub.challenge"})

    def ask(query: str, method: str = "GET") -> bytes | None:
        reply = CONNECTOR.answer(Raw(method, f"{HOOK}{query}", {}, b""), told)
        assert reply is None or reply.content_type.startswith("text/plain")
        return None if reply is None else reply.body

    assert ask("?mode=subscribe&hub.challenge=abc-1.2") == b"abc-1.2"
    for query in ("", "?challenge=abc", "?hub.challenge=<script>", "?hub.challenge=" + "x" * 201):
        assert ask(query) is None
    assert ask("?hub.challenge=abc", "POST") is None
    assert ask("?hub.challenge=abc&" + "a=1&" * 30) is None
    unasked = settings({"scheme": "path"})
    assert CONNECTOR.answer(Raw("GET", f"{HOOK}?=x&challenge=abc", {}, b""), unasked) is None


def test_a_ping_is_answered_and_not_kept() -> None:
    ping = {"body": "type", "values": ["ping"], "status": 204, "answer": ""}
    told = settings({"scheme": "path"}, handshake={"ping": ping})
    for body, answered in (
        (b'{"type": "ping"}', True),
        (b'{"type": "cart"}', False),
        (b'{"type": ["ping"]}', False),
        (b'{"type": "ping"', False),
        (b'{"type": "ping", "pad": "%s"}' % (b"x" * 4096), False),
    ):
        reply = CONNECTOR.answer(Raw("POST", HOOK, {}, body), told)
        assert (reply is not None and reply.status == 204) == answered, body
