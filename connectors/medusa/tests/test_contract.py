"""The Medusa connector keeps the connector contract."""

from datetime import datetime
from typing import ClassVar

from cartbridge_medusa import Medusa
from fake_medusa import API_KEY, Fake
from pydantic import BaseModel

from cartbridge.sdk import webhook
from cartbridge.sdk.contract import Connector, Raw
from cartbridge.testing.connector import ConnectorContract


class TestMedusa(ConnectorContract):
    connector: ClassVar[Connector] = Medusa()
    fake = Fake
    secrets = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    )

    def settings(self, *secrets: str) -> BaseModel:
        return Medusa.manifest.settings.model_validate(
            {
                "base_url": "https://medusa.example",
                "api_key": API_KEY,
                "webhook_secrets": secrets,
                "storefront_url": "https://shop.example/panier",
                "product_url": "https://shop.example/produits/{handle}",
            }
        )

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        headers = webhook.sign(secret, f"cart_01M814-7-{name}", at, body)
        headers = {name.title(): text for name, text in headers.items()}
        return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, body)
