"""The WooCommerce connector keeps the connector contract, with our plugin and without it."""

import base64
import hmac
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import ClassVar

from cartbridge_woocommerce import WooCommerce
from fake_woocommerce import KEY, SECRET, STORE, OrderShop
from fake_woocommerce_carts import CartShop
from pydantic import BaseModel

from cartbridge.sdk.contract import Connector, Raw, Reply
from cartbridge.testing.connector import ConnectorContract
from cartbridge.testing.levels import Level

HOOK = "https://gateway.example/v1/hooks/hk"


@cache
def topic_of(name: str) -> str:
    """The topic that a recorded webhook was sent under."""
    (file,) = Path(__file__).parent.glob(f"*/{name}.json")
    return str(json.loads(file.read_text("utf-8"))["topic"])


class WooCommerceContract(ConnectorContract):
    """What both have in common: keys, secrets, and how WooCommerce signs."""

    __test__ = False
    connector: ClassVar[Connector] = WooCommerce()
    secrets = ("woo-secret-of-today", "woo-secret-of-tomorrow")
    signs_time = False
    companion: ClassVar[bool]

    def settings(self, *secrets: str) -> BaseModel:
        return WooCommerce.manifest.settings.model_validate(
            {
                "webhook_secrets": secrets,
                "shop_url": "https://shop.example",
                "consumer_key": KEY,
                "consumer_secret": SECRET,
                "companion": self.companion,
                "customers": True,
                "stock_store": STORE,
                "price_list": "fr-web",
                "currency": "EUR",
            }
        )

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        headers = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": topic_of(name),
            "X-WC-Webhook-ID": "2",
            "X-WC-Webhook-Delivery-ID": "cd1d36bb356844b6e051ceb33a4ab5bf",
            "X-WC-Webhook-Signature": base64.b64encode(
                hmac.digest(secret.encode(), body, "sha256")
            ).decode(),
        }
        return Raw("POST", HOOK, headers, body)

    def handshakes(self) -> list[tuple[Raw, Reply]]:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        ping = Raw("POST", HOOK, headers, b"webhook_id=3")
        return [(ping, Reply(status=200, body=b"", content_type="text/plain"))]


class TestWithPlugin(WooCommerceContract):
    __test__ = True
    companion = True
    fake = CartShop


class TestWithoutPlugin(WooCommerceContract):
    """Orders alone, written as well as it goes."""

    __test__ = True
    companion = False
    claimed: ClassVar[Level | None] = "silver"
    fake = OrderShop

    @property
    def payload_folder(self) -> Path:
        return self.home / "orders"
