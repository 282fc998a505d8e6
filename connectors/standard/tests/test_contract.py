"""The standard connector keeps the connector contract."""

from datetime import datetime
from typing import ClassVar

from cartbridge_standard import Standard
from pydantic import BaseModel

from cartbridge.sdk import webhook
from cartbridge.sdk.contract import Connector, Raw
from cartbridge.testing.connector import ConnectorContract


class TestStandard(ConnectorContract):
    connector: ClassVar[Connector] = Standard()
    secrets = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    )

    def settings(self, *secrets: str) -> BaseModel:
        return Standard.manifest.settings.model_validate({"webhook_secrets": secrets})

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        headers = webhook.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
        headers = {name.title(): text for name, text in headers.items()}
        return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, body)
