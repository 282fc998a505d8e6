"""The contract tried on a till that only hints: Odoo's hooks as recorded, unsigned."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Connector, Delivery, Manifest, Named, Raw, Reply
from cartbridge.sdk.documents import Cart, Projection, TwinKind, project_by
from cartbridge.sdk.errors import Forged, Unreadable
from cartbridge.sdk.observations import Hint, Read
from cartbridge.sdk.webhook import same
from cartbridge.testing.connector import NOW, ConnectorContract

CAPTURES: Final = Path(__file__).parent / "captures" / "odoo" / "webhooks.jsonl"
KINDS: Final[Mapping[str, TwinKind]] = {"pos.order": "till_order", "sale.order": "draft_order"}


class Settings(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)
    path_secrets: Annotated[tuple[SecretStr, ...], Field(min_length=1)]


class OdooTill(Connector):
    manifest: ClassVar[Manifest] = Manifest(
        name="odoo", title="Odoo", kind="pos", versions="19.0", settings=Settings
    )

    @property
    def accepted(self) -> Reply:
        return Reply(status=200)  # Odoo waits one second, and blocks the cashier meanwhile

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        given = raw.url.rsplit("/", 1)[-1].encode("utf-8", "surrogateescape")
        known = [secret.get_secret_value().encode() for secret in settings.path_secrets]
        if not any([same(secret, given) for secret in known]):
            raise Forged("the secret in the path is not this connection's")
        return Delivery()

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        record = payload.loads(hook.body)
        model = _text(record, "_model")
        if model not in KINDS:
            return []
        # The till's own names may come twice; a draft is saved several times in one transaction.
        parts = (model, _number(record, "id"), _text(record, "state"), _text(record, "write_date"))
        external_id = _text(record, "uuid") if model == "pos.order" else parts[1]
        return [Named(external_id=external_id, kind=KINDS[model], dedup="/".join(parts))]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        if not isinstance(document, Raw):
            raise Unreadable("this trial reads hooks alone")
        named = self.identify(document, settings)
        hints = (Hint(kind=one.kind, external_id=one.external_id) for one in named)
        return Read(observations=tuple(hints))

    def project(self, cart: Cart, settings: Any) -> Projection:
        return project_by(cart.lines, lambda line: line.item.sku)


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not 0 < len(value) < 200 or not value.isprintable():
        raise Unreadable(f"{name}: a text is expected")
    return value


def _number(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Unreadable(f"{name}: the id of a record is expected")
    return str(value)


def records() -> list[dict[str, Any]]:
    return [json.loads(text)["json"] for text in CAPTURES.read_text().splitlines()]


class TestOdooTill(ConnectorContract):
    connector: ClassVar[Connector] = OdooTill()
    secrets = ("path-secret-of-today", "path-secret-of-tomorrow")
    signs_body = False
    signs_time = False

    def settings(self, *secrets: str) -> BaseModel:
        return Settings.model_validate({"path_secrets": secrets})

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        return Raw("POST", f"https://gateway.example/v1/hooks/hk/{secret}", {}, body)

    def recorded(self) -> dict[str, bytes]:
        return {str(number): json.dumps(one).encode() for number, one in enumerate(records())}

    def read_record(self, record: Mapping[str, Any]) -> tuple[list[Named], Read]:
        hook = self.signed(json.dumps(record).encode(), self.secrets[0], NOW, "")
        settings = self.settings(*self.secrets)
        return self.connector.identify(hook, settings), self.connector.read(hook, settings)

    def test_each_record_is_one_hint(self) -> None:
        said = [self.read_record(record)[1].observations for record in records()]
        order = "b0ac77ca-442d-4d94-9e01-973fc1f221be"
        assert said[0] == (Hint(kind="draft_order", external_id="1"),)
        assert said[1:3] == [(Hint(kind="till_order", external_id=order),)] * 2

    def test_stock_and_wish_lists_concern_no_twin(self) -> None:
        for record in records():
            if record["_model"] not in KINDS:
                named, read = self.read_record(record)
                assert (named, read) == ([], Read())

    def test_a_save_that_comes_twice_is_one_mention_and_each_state_another(self) -> None:
        orders = [record for record in records() if record["_model"] == "pos.order"]
        keys = [self.read_record(record)[0][0].dedup for record in orders]
        told = [(one["id"], one["state"], one["write_date"]) for one in orders]
        assert told[2] == told[3]
        assert keys[2] == keys[3]
        assert len(set(keys)) == len(set(told)) == 4
        assert [state for _, state, _ in told[:2]] == ["draft", "paid"]


@pytest.mark.parametrize("url", ["https://g.example/v1/hooks/hk/", "path-secret-of-toda", ""])
def test_without_its_path_nothing_is_believed(url: str) -> None:
    settings = Settings.model_validate({"path_secrets": ["path-secret-of-today"]})
    with pytest.raises(Forged):
        OdooTill().verify(Raw("POST", url, {}, b"{}"), settings, NOW)
