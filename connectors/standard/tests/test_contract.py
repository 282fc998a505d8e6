"""The standard connector keeps the connector contract."""

from datetime import datetime
from typing import ClassVar

from cartbridge_standard import Standard
from fake_standard import ADDRESS, SECRETS, FakeStandard
from pydantic import BaseModel

from cartbridge.sdk import webhook
from cartbridge.sdk.contract import Connector, Raw
from cartbridge.testing.connector import ConnectorContract


class StandardContract(ConnectorContract):
    """How a system signs, whatever of it can be called."""

    __test__ = False
    connector: ClassVar[Connector] = Standard()
    secrets = SECRETS
    sells_by_measure = True

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        headers = webhook.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
        headers = {name.title(): text for name, text in headers.items()}
        return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, body)


class TestStandard(StandardContract):
    """A system that has all three addresses, and takes all that can be written."""

    __test__ = True
    fake = FakeStandard

    def settings(self, *secrets: str) -> BaseModel:
        addresses = {f"{name}_url": f"{ADDRESS}/{name}" for name in ("write", "read", "changes")}
        taken = dict.fromkeys(("writes_wishlists", "writes_quotes", "answers_enquiries"), True)
        told = {"webhook_secrets": secrets, **addresses, **taken}
        return Standard.manifest.settings.model_validate(told)


class TestStandardByHooksAlone(StandardContract):
    """A system that only posts: what it does not post is lost."""

    __test__ = True
    claimed = "bronze"

    def settings(self, *secrets: str) -> BaseModel:
        return Standard.manifest.settings.model_validate({"webhook_secrets": secrets})
