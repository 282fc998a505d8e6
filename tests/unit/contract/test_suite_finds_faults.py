"""The conformance suite itself: a sound connector passes, and each fault is found by its test."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Connector, Delivery, Named, Raw, Reply
from cartbridge.sdk.documents import Line, ObservedLine, Projection, plain, project_by
from cartbridge.sdk.errors import Forged, Unreadable
from cartbridge.sdk.observations import Lost, Read
from tests.unit.contract.sound import Body, Row, Settings, Sound, mac
from tests.unit.contract.sound_platform import Suite, proving


class BelievesNobody(Sound):
    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        raise Forged("x-signature")


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


class AnswersPingsInItsOwnWay(Sound):
    def answer(self, request: Raw, settings: Any) -> Reply | None:
        return Reply(204) if request.body == b"ping" else None


class TellsThePlatformToStop(Sound):
    @property
    def accepted(self) -> Reply:
        return Reply(410)


class DedupsByTime(Sound):
    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        (named,) = super().identify(hook, settings)
        return [Named(named.external_id, dedup=hook.headers["x-time"])]


class NamesAnotherCart(Sound):
    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        (named,) = super().identify(hook, settings)
        return [Named("c9", dedup=named.dedup)]


class NamesTwoUnderOneKey(Sound):
    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        (named,) = super().identify(hook, settings)
        return [named, Named("c9", dedup=named.dedup)]


class NamesOneTwice(Sound):
    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        (named,) = super().identify(hook, settings)
        return [named, Named(named.external_id, named.kind, dedup="again")]


class CountsWhatItRead(Sound):
    def __init__(self) -> None:
        self.count = 0

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        (named,) = super().identify(hook, settings)
        self.count += 1
        return [Named(named.external_id, dedup=str(self.count))]


class ReadsHalf(Sound):
    def line(self, row: Row) -> ObservedLine:
        return super().line(row.model_copy(update={"qty": "1"}))


class ReadsUnknownRows(Sound):
    def parsed(self, body: bytes) -> Any:
        told = payload.loads(body)
        if "zz_new" in told:
            raise Unreadable("zz_new: unknown field")
        return told


class ProjectsOtherwise(Sound):
    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        return project_by(lines, lambda line: f"{line.item.sku}/{plain(line.quantity.value)}")


class DropsACent(Sound):
    def line(self, row: Row) -> ObservedLine:
        return super().line(row.model_copy(update={"total": row.total - 1}))


class PutsTaxOnTop(Sound):
    def line(self, row: Row) -> ObservedLine:
        return super().line(row.model_copy(update={"tax": row.total // 5}))


class CutsMetres(Sound):
    def line(self, row: Row) -> ObservedLine:
        return super().line(row.model_copy(update={"qty": str(int(Decimal(row.qty)))}))


class LosesTheNote(Sound):
    def lost(self, body: Body) -> tuple[Lost, ...]:
        return ()


class TrustsJson(Sound):
    def parsed(self, body: bytes) -> Any:
        return json.loads(body)


class TrustsValues(Sound):
    def body(self, document: Raw | Mapping[str, Any]) -> Body:
        told = self.parsed(document.body) if isinstance(document, Raw) else document
        return Body.model_construct(**{**told, "rows": [Row(**row) for row in told["rows"]]})


class TrustsDocuments(Sound):
    def body(self, document: Raw | Mapping[str, Any]) -> Body:
        if isinstance(document, Raw):
            return super().body(document)
        rows = [Row.model_construct(**row) for row in document["rows"]]
        return Body.model_construct(**{**document, "rows": rows})


class SaysOnlyThatItIsWrong(Sound):
    def body(self, document: Raw | Mapping[str, Any]) -> Body:
        try:
            return super().body(document)
        except Unreadable:
            raise Unreadable("not understood") from None


class TakesAnyAmount(Sound):
    def parsed(self, body: bytes) -> Any:
        return payload.loads(body, 10**9)


class ComparesEachRowWithEach(Sound):
    def body(self, document: Raw | Mapping[str, Any]) -> Body:
        body = super().body(document)
        assert all(str(one.sku).isascii() for _ in body.rows for one in body.rows)
        return body


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


class QuotesWhatIsWrong(Sound):
    def parsed(self, body: bytes) -> Any:
        told = payload.loads(body)
        if not str(told.get("cart")).isalnum():
            raise Unreadable(f"cart: {told.get('cart')} is none")
        return told


class LogsWhatItReads(Sound):
    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        logging.getLogger("sound").info("read %s", self.body(document).note)
        return super().read(document, settings)


class DeclaresWhatItCannot(Sound):
    capabilities_more = Sound.manifest.capabilities - {"fetch"}
    manifest = Sound.manifest.model_copy(update={"capabilities": capabilities_more})


class RunsInAnyLane(Sound):
    def __init__(self) -> None:
        self.calls = 0

    def lane(self, terminal: str | None, settings: Any) -> str | None:
        self.calls += 1
        return hashlib.sha256(str(self.calls).encode()).hexdigest()


FAULTS = [
    (BelievesNobody, "test_believes_its_platform"),
    (BelievesAll, "test_refuses_another_secret"),
    (BelievesTheFirstSecretOnly, "test_believes_both_secrets_while_they_change"),
    (VerifiesParsedJson, "test_refuses_a_changed_body"),
    (ForgetsTheClock, "test_refuses_what_is_old"),
    (BreaksOnHeaders, "test_refuses_missing_and_hostile_headers"),
    (AnswersPingsInItsOwnWay, "test_answers_handshakes_and_nothing_else"),
    (TellsThePlatformToStop, "test_answers_hooks_as_accepted"),
    (DedupsByTime, "test_a_repeat_is_the_same_mention"),
    (NamesAnotherCart, "test_names_what_it_reads"),
    (NamesTwoUnderOneKey, "test_tells_its_mentions_apart"),
    (NamesOneTwice, "test_tells_its_mentions_apart"),
    (CountsWhatItRead, "test_reads_the_same_again"),
    (ReadsHalf, "test_reads_every_recorded_payload_as_expected"),
    (ReadsUnknownRows, "test_tolerates_unknown_fields"),
    (ProjectsOtherwise, "test_projects_what_it_reads"),
    (DropsACent, "test_adds_up_to_the_total_of_the_platform"),
    (PutsTaxOnTop, "test_takes_taxes_as_the_platform_does"),
    (CutsMetres, "test_reads_decimal_quantities_exactly"),
    (LosesTheNote, "test_loses_nothing_in_silence"),
    (TrustsJson, "test_survives_hostile_bodies"),
    (TrustsValues, "test_survives_hostile_values"),
    (TrustsDocuments, "test_survives_hostile_documents"),
    (SaysOnlyThatItIsWrong, "test_refuses_by_name"),
    (TakesAnyAmount, "test_refuses_more_than_any_cart_holds"),
    (ComparesEachRowWithEach, "test_works_no_harder_than_a_cart_is_long"),
    (ShowsItsSecret, "test_keeps_secrets_to_itself"),
    (LogsItsSecret, "test_keeps_secrets_to_itself"),
    (QuotesWhatIsWrong, "test_keeps_people_to_themselves"),
    (LogsWhatItReads, "test_keeps_people_to_themselves"),
    (DeclaresWhatItCannot, "test_declares_only_what_it_can"),
    (RunsInAnyLane, "test_keeps_to_its_lanes"),
]


@pytest.mark.parametrize("test", Suite.promises())
def test_a_sound_connector_passes(test: str) -> None:
    try:
        getattr(Suite(), test)()
    except pytest.skip.Exception as skipped:
        assert test == "test_says_what_it_claims", f"passed over: {skipped}"  # noqa: PT017


@pytest.mark.parametrize(
    ("faulty", "test"), FAULTS, ids=lambda part: getattr(part, "__name__", part)
)
def test_a_fault_is_found(faulty: type[Connector], test: str) -> None:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - a failed promise, or its crash
        getattr(proving(faulty()), test)()
    assert not isinstance(caught.value, pytest.skip.Exception | KeyboardInterrupt)
