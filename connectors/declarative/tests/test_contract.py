"""Each example mapping keeps the connector contract; one that can read again keeps silver."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import httpx
from cartbridge_declarative import Declarative
from pydantic import BaseModel

from cartbridge.sdk.contract import Connector, Raw, Reply
from cartbridge.sdk.documents import Item
from cartbridge.testing.connector import ConnectorContract
from cartbridge.testing.levels import Level
from cartbridge.testing.platform import Platform

EXAMPLES = Path(__file__).parents[1] / "examples"
HOOK = "https://gateway.example/v1/hooks/hk"
TOKEN = "tok-5kq0Zb4Vx1hY8mPw"


class Shop(Platform):
    """The shop of the nested example: its carts can be read with a token."""

    articles = (
        Item(sku="LAMP-OAK", gtin="3700123456780", title="Lampe chêne"),
        Item(sku="BOOK-77", title="Livre de cuisine"),
    )

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, dict[str, Any]] = {}

    def respond(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return httpx.Response(401)
        cart = self.kept.get(request.url.path.removeprefix("/v2/carts/"))
        return httpx.Response(404) if cart is None else httpx.Response(200, json=_answer(cart))

    def new_cart(self) -> str:
        external_id = f"7f0e/{len(self.kept)}"
        rows = [_row(article, 2) for article in self.articles]
        self.kept[external_id] = {"uuid": external_id, "version": 1, "positions": rows}
        return external_id

    def edit(self, external_id: str) -> None:
        cart = self.kept[external_id]
        cart["version"] += 1
        cart["positions"][0]["amount"] += 1

    def remove(self, external_id: str) -> None:
        del self.kept[external_id]

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        rows = self.kept[external_id]["positions"]
        return {f"sku:{row['product']['sku']}": Decimal(row["amount"]) for row in rows}


def _row(article: Item, amount: int) -> dict[str, Any]:
    product = {"sku": article.sku, "ean": article.gtin, "name": article.title}
    return {"product": product, "amount": amount, "price": {"each": 49.90}}


def _answer(cart: dict[str, Any]) -> dict[str, Any]:
    shown = {**cart, "state": "open", "modified": 1795168692345, "currency": "EUR"}
    return {"data": {"carts": [shown]}}


class MappingContract(ConnectorContract):
    """What all examples have in common: their file, and where their payloads lie."""

    __test__ = False
    connector: ClassVar[Connector] = Declarative()
    example: ClassVar[str]
    more: ClassVar[dict[str, str]] = {}

    @property
    def payload_folder(self) -> Path:
        return self.home / "payloads" / Path(self.example).stem

    def settings(self, *secrets: str) -> BaseModel:
        mapping = (EXAMPLES / self.example).read_text("utf-8")
        return Declarative.manifest.settings.model_validate(
            {"mapping": mapping, "secrets": secrets, **self.more}
        )


class TestFlatPost(MappingContract):
    __test__ = True
    example = "flat-post.toml"
    secrets = ("s-9fKq2mXw71LbTzR4", "s-Vd83nYc0PqGe5HsJ")
    signs_body = False
    signs_time = False
    claimed: ClassVar[Level | None] = "bronze"  # nothing can be read again

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        return Raw("POST", f"{HOOK}/{secret}", {"Content-Type": "application/json"}, body)


class TestContactForm(MappingContract):
    __test__ = True
    example = "contact-form.toml"
    secrets = ("f-3mQz81LpXw60RtUy", "f-Hc94kVb2NsJe7GdA")
    signs_body = False
    signs_time = False
    claimed: ClassVar[Level | None] = "bronze"  # nothing can be read again

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        return Raw("POST", HOOK, {"X-Form-Key": secret}, body)


class TestNestedShop(MappingContract):
    __test__ = True
    example = "nested-shop.toml"
    more = {"fetch_token": TOKEN}
    secrets = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    )
    fake = Shop
    sells_by_measure = True

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        delivery, timestamp = f"dlv-{name}", str(int(at.timestamp()))
        signed = f"{delivery}.{timestamp}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        headers = {
            "Shop-Delivery": delivery,
            "Shop-Timestamp": timestamp,
            "Shop-Signature": f"v1,{signature}",
        }
        return Raw("POST", HOOK, headers, body)

    def handshakes(self) -> list[tuple[Raw, Reply]]:
        plain = "text/plain; charset=utf-8"
        ping = json.dumps({"topic": "hook.tested"}).encode()
        return [
            (Raw("GET", f"{HOOK}?challenge=xZ3-9_~", {}, b""), Reply(200, b"xZ3-9_~", plain)),
            (Raw("POST", HOOK, {}, ping), Reply(200, b"ok", plain)),
        ]


class TestTillReceipts(MappingContract):
    __test__ = True
    example = "till-receipts.json"
    secrets = ("9b1f5c0a7e3d2468", "0c4e8a2b6d9f1357")
    signs_time = False
    sells_by_measure = True
    claimed: ClassVar[Level | None] = "bronze"  # nothing can be read again

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        digest = hmac.digest(secret.encode(), HOOK.encode() + body, "sha1").hex()
        return Raw("POST", HOOK, {"X-Till-Signature": f"sha1={digest}"}, body)

    def handshakes(self) -> list[tuple[Raw, Reply]]:
        reply = Reply(200, b"", "text/plain; charset=utf-8")
        return [(Raw("POST", HOOK, {"X-Till-Event": "hello"}, b""), reply)]
