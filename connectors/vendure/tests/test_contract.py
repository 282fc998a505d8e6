"""The Vendure connector keeps the connector contract."""

from datetime import datetime
from typing import ClassVar

from cartbridge_vendure import Vendure
from fake_vendure import SECRETS, FakeVendure
from pydantic import BaseModel

from cartbridge.sdk import webhook
from cartbridge.sdk.contract import Connector, Raw
from cartbridge.testing.connector import ConnectorContract


class TestVendure(ConnectorContract):
    connector: ClassVar[Connector] = Vendure()
    secrets = SECRETS
    fake = FakeVendure

    def settings(self, *secrets: str) -> BaseModel:
        return Vendure.manifest.settings.model_validate(
            {"webhook_secrets": secrets, "shop_url": "https://shop.example"}
        )

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        headers = webhook.sign(secret, f"LKSU4QF9PQYW2AJL-7-{name}", at, body)
        headers = {name.title(): text for name, text in headers.items()}
        return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, body)
