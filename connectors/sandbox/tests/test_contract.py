"""The sandbox connector keeps the connector contract."""

from datetime import datetime
from typing import ClassVar

from cartbridge_sandbox import Sandbox
from cartbridge_sandbox.signing import sign
from fake_sandbox import SECRETS, FakeSandbox
from pydantic import BaseModel

from cartbridge.sdk.contract import Connector, Raw
from cartbridge.testing.connector import ConnectorContract


class TestSandbox(ConnectorContract):
    connector: ClassVar[Connector] = Sandbox()
    secrets = SECRETS
    fake = FakeSandbox
    sells_by_measure = True

    def settings(self, *secrets: str) -> BaseModel:
        return Sandbox.manifest.settings.model_validate(
            {"webhook_secrets": secrets, "shop_url": "http://127.0.0.1:8090"}
        )

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        headers = {name.upper(): text for name, text in sign(secret, body, at).items()}
        return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, body)
