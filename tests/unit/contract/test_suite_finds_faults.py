"""The conformance suite itself: a sound connector passes, and each fault is found by its test."""

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, SecretStr

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Connector, Delivery, Manifest, Named, Raw
from cartbridge.sdk.documents import (
    Cart,
    Item,
    ObservedLine,
    Projection,
    Snapshot,
    plain,
    project_by,
)
from cartbridge.sdk.errors import Forged, Unreadable
from cartbridge.sdk.observations import CartSeen, Read
from cartbridge.testing.connector import ConnectorContract


class Settings(BaseModel):
    webhook_secrets: tuple[SecretStr, ...]


class Sound(Connector):
    """Bodies `{"cart": "1", "rows": {"A": 2}}`, a hex signature over time and body."""

    manifest: ClassVar[Manifest] = Manifest(
        name="sound", title="Sound", kind="shop", versions="1", settings=Settings
    )

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        sent = raw.headers.get("x-time", "")
        if not sent.isdigit() or len(sent) > 12 or abs(now.timestamp() - int(sent)) > 300:
            raise Forged("x-time")
        secrets = [secret.get_secret_value() for secret in settings.webhook_secrets]
        if raw.headers.get("x-signature") not in [mac(one, sent, raw.body) for one in secrets]:
            raise Forged("x-signature")
        return Delivery()

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        dedup = hashlib.sha256(hook.body).hexdigest()
        return [Named(external_id=self.body(hook)["cart"], dedup=dedup)]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        body = self.body(document) if isinstance(document, Raw) else document
        rows = [(sku, amount) for sku, amount in body["rows"].items() if sku != "zz_new"]
        lines = tuple(
            ObservedLine(key=sku, item=Item(sku=sku, title=sku), quantity=amount)
            for sku, amount in rows
        )
        seen = CartSeen(external_id=body["cart"], snapshot=Snapshot(lines=lines))
        return Read(observations=(seen,))

    def project(self, cart: Cart, settings: Any) -> Projection:
        return project_by(cart.lines, lambda line: line.item.sku)

    def body(self, hook: Raw) -> dict[str, Any]:
        body = payload.loads(hook.body)
        if body.get("cart") != "1" or not isinstance(body.get("rows"), dict):
            raise Unreadable("cart or rows")
        for sku, amount in body["rows"].items():
            known = sku == "zz_new" or (type(amount) is int and 0 < amount < 1000)
            if not known or not sku.isascii() or not sku.isprintable() or not sku:
                raise Unreadable("rows")
        return body


def mac(secret: str, sent: str, body: bytes) -> str:
    return hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest()


class Suite(ConnectorContract):
    secrets = ("secret-of-today", "secret-of-tomorrow")

    def __init__(self, connector: Connector) -> None:
        self.connector = connector  # type: ignore[misc] # one suite per faulty connector

    def settings(self, *secrets: str) -> BaseModel:
        return self.connector.manifest.settings.model_validate({"webhook_secrets": secrets})

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        sent = str(int(at.timestamp()))
        headers = {"X-Time": sent, "X-Signature": mac(secret, sent, body)}
        return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, body)

    def recorded(self) -> dict[str, bytes]:
        return {"cart": json.dumps({"cart": "1", "rows": {"A": 2, "B": 1}}).encode()}

    def payloads(self) -> dict[str, Any]:
        return {}

    @classmethod
    def tests(cls) -> list[str]:
        return [name for name in dir(cls) if name.startswith("test_")]


class BelievesAll(Sound):
    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        return Delivery()


class BelievesTheFirstSecretOnly(Sound):
    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        first = settings.model_copy(update={"webhook_secrets": settings.webhook_secrets[:1]})
        return super().verify(raw, first, now)


class VerifiesParsedJson(Sound):
    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        try:
            body = json.dumps(json.loads(raw.body)).encode()
        except ValueError:
            raise Forged("body") from None
        return super().verify(Raw(raw.method, raw.url, raw.headers, body), settings, now)


class ForgetsTheClock(Sound):
    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        sent = raw.headers.get("x-time", "")
        secrets = [secret.get_secret_value() for secret in settings.webhook_secrets]
        if raw.headers.get("x-signature") not in [mac(one, sent, raw.body) for one in secrets]:
            raise Forged("x-signature")
        return Delivery()


class BreaksOnHeaders(Sound):
    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        int(raw.headers["x-time"])
        return super().verify(raw, settings, now)


class DedupsByTime(Sound):
    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        (named,) = super().identify(hook, settings)
        return [Named(named.external_id, dedup=hook.headers["x-time"])]


class ReadsUnknownRows(Sound):
    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        if isinstance(document, Raw) and set(self.body(document)) != {"cart", "rows"}:
            raise Unreadable("unknown field")
        return super().read(document, settings)


class ProjectsOtherwise(Sound):
    def project(self, cart: Cart, settings: Any) -> Projection:
        return project_by(cart.lines, lambda line: f"{line.item.sku}/{plain(line.quantity.value)}")


class TrustsJson(Sound):
    def body(self, hook: Raw) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(hook.body)
        return body


class TrustsValues(Sound):
    def body(self, hook: Raw) -> dict[str, Any]:
        return payload.loads(hook.body)


class PlainSettings(BaseModel):
    webhook_secrets: tuple[str, ...]


class ShowsItsSecret(Sound):
    manifest = Sound.manifest.model_copy(update={"settings": PlainSettings})

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        secrets = {"webhook_secrets": settings.webhook_secrets}
        return super().verify(raw, Settings.model_validate(secrets), now)


class LogsItsSecret(Sound):
    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        logging.getLogger("sound").debug(settings.webhook_secrets[0].get_secret_value())
        return super().verify(raw, settings, now)


class DeclaresWhatItCannot(Sound):
    manifest = Sound.manifest.model_copy(update={"capabilities": frozenset({"fetch"})})


FAULTS = [
    (BelievesAll, "test_refuses_another_secret"),
    (BelievesTheFirstSecretOnly, "test_believes_both_secrets_while_they_change"),
    (VerifiesParsedJson, "test_refuses_a_changed_body"),
    (ForgetsTheClock, "test_refuses_what_is_old"),
    (BreaksOnHeaders, "test_refuses_missing_and_hostile_headers"),
    (DedupsByTime, "test_a_repeat_is_the_same_mention"),
    (ReadsUnknownRows, "test_tolerates_unknown_fields"),
    (ProjectsOtherwise, "test_projects_what_it_reads"),
    (TrustsJson, "test_survives_hostile_bodies"),
    (TrustsValues, "test_survives_hostile_values"),
    (ShowsItsSecret, "test_keeps_secrets_to_itself"),
    (LogsItsSecret, "test_keeps_secrets_to_itself"),
    (DeclaresWhatItCannot, "test_declares_only_what_it_can"),
]


def run(connector: Connector, test: str, caplog: pytest.LogCaptureFixture) -> None:
    arguments = [caplog] if test == "test_keeps_secrets_to_itself" else []
    getattr(Suite(connector), test)(*arguments)


@pytest.mark.parametrize("test", Suite.tests())
def test_a_sound_connector_passes(test: str, caplog: pytest.LogCaptureFixture) -> None:
    run(Sound(), test, caplog)


@pytest.mark.parametrize(
    ("faulty", "test"), FAULTS, ids=lambda part: getattr(part, "__name__", part)
)
def test_a_fault_is_found(
    faulty: type[Connector], test: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - a failed promise, or its crash
        run(faulty(), test, caplog)
    assert not isinstance(caught.value, pytest.skip.Exception | KeyboardInterrupt)


def test_every_promise_has_a_fault_that_breaks_it() -> None:
    unbroken = set(Suite.tests()) - {test for _, test in FAULTS}
    assert unbroken == {
        "test_believes_its_platform",
        "test_reads_every_recorded_payload_as_expected",
    }
