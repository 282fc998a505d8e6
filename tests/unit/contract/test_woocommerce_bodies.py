"""The contract tried on a shop whose delivery ids repeat: WooCommerce's hooks, byte for byte."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Connector, Delivery, Manifest, Named, Raw, Reply
from cartbridge.sdk.documents import (
    Cart,
    Item,
    ObservedLine,
    Prices,
    Projection,
    Snapshot,
    is_gtin,
    project_by,
    to_minor,
)
from cartbridge.sdk.errors import Forged, Unreadable
from cartbridge.sdk.observations import CartOrdered, CartSeen, Hint, Lost, Read, TakenLine
from cartbridge.sdk.webhook import same
from cartbridge.testing.connector import NOW, ConnectorContract

CAPTURES: Final = Path(__file__).parent / "captures" / "woocommerce"
BOUGHT: Final = ("on-hold", "processing", "completed")
PING: Final = re.compile(rb"webhook_id=\d{1,10}")
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Money = Annotated[str, Field(pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$")]


class Settings(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)
    webhook_secrets: Annotated[tuple[SecretStr, ...], Field(min_length=1)]


class Row(BaseModel):
    sku: Text
    name: Text
    gtin: str | None = None
    quantity: Annotated[int, Field(gt=0, le=10**6, strict=True)]
    subtotal: Money
    subtotal_tax: Money
    total: Money
    total_tax: Money


class WooCart(BaseModel):
    id: Text
    revision: Annotated[int, Field(ge=0, le=2**53, strict=True)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    items: list[Row]
    coupons: list[Text] = []


class WooDeleted(BaseModel):
    id: Annotated[int, Field(gt=0, strict=True)]


class WooOrder(WooDeleted):
    status: Text
    number: Text
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    date_modified_gmt: Annotated[str, Field(pattern=r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d$")]
    line_items: list[Row]

    @property
    def at(self) -> AwareDatetime:
        try:
            return datetime.fromisoformat(self.date_modified_gmt).replace(tzinfo=UTC)
        except ValueError:
            raise Unreadable("date_modified_gmt: not a date") from None


class WooCommerceShop(Connector):
    manifest: ClassVar[Manifest] = Manifest(
        name="woocommerce",
        title="WooCommerce",
        kind="shop",
        login="replaces",
        versions="11.0",
        settings=Settings,
    )

    def answer(self, request: Raw, settings: Any) -> Reply | None:
        return Reply(status=200, body=b"") if PING.fullmatch(request.body) else None

    @property
    def accepted(self) -> Reply:
        return Reply(status=200)

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        given = raw.headers.get("x-wc-webhook-signature", "").encode("utf-8", "surrogateescape")
        known = [secret.get_secret_value() for secret in settings.webhook_secrets]
        if not any([same(woo_signature(secret, raw.body), given) for secret in known]):
            raise Forged("x-wc-webhook-signature does not hold")
        return Delivery()  # its delivery id is shared by several bodies of one second

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        seen = self.read(hook, settings).observations
        # Without the event: an order is told as created and as updated in the same bytes.
        resource = hook.headers.get("x-wc-webhook-topic", "").split(".")[0]
        digest = hashlib.sha256(resource.encode("utf-8", "surrogateescape") + b"\n" + hook.body)
        return [
            Named(
                external_id=one.external_id,
                kind=one.kind,
                revision=one.snapshot.revision if isinstance(one, CartSeen) else None,
                dedup=digest.hexdigest(),
            )
            for one in seen
        ]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        if not isinstance(document, Raw):
            raise Unreadable("this trial reads hooks alone")
        body = payload.loads(document.body)
        resource, _, event = document.headers.get("x-wc-webhook-topic", "").partition(".")
        if "code" in body and "message" in body:
            why = "the shop could no longer find it"
            return Read(report=(Lost(field="data.status", what="dropped", why=why),))
        try:
            if resource == "cart":
                return _cart(WooCart.model_validate(body))
            if resource == "order":
                return _order(body, event)
        except ValidationError as error:
            raise Unreadable(f"{error.errors()[0]['loc']}: not as WooCommerce writes it") from None
        return Read()

    def project(self, cart: Cart, settings: Any) -> Projection:
        return project_by(cart.lines, lambda line: line.item.sku)


def _cart(cart: WooCart) -> Read:
    snapshot = Snapshot(
        lines=tuple(_line(row, cart.currency) for row in cart.items),
        codes=tuple(cart.coupons),
        revision=cart.revision,
        currency=cart.currency,
        tax_mode="inclusive",
    )
    return Read(observations=(CartSeen(external_id=cart.id, snapshot=snapshot),))


def _order(body: Mapping[str, Any], event: str) -> Read:
    if event == "deleted":  # the body holds the id alone, and no time
        gone = WooDeleted.model_validate(body)
        return Read(observations=(Hint(kind="order", external_id=str(gone.id)),))
    order = WooOrder.model_validate(body)
    if order.status not in BOUGHT:
        return Read(observations=(Hint(kind="order", external_id=str(order.id)),))
    lines = tuple(
        TakenLine(key=row.sku, quantity=Decimal(row.quantity), total=_gross(row, order.currency))
        for row in order.line_items
    )
    ordered = CartOrdered(
        kind="order",
        external_id=str(order.id),
        at=order.at,
        order_number=order.number,
        lines=lines,
    )
    return Read(observations=(ordered,))


def _line(row: Row, currency: str) -> ObservedLine:
    before = Decimal(row.subtotal) + Decimal(row.subtotal_tax)
    each = to_minor(before / row.quantity, currency)
    known = row.gtin is not None and row.gtin.isascii() and row.gtin.isdigit()
    gtin = row.gtin if known and is_gtin(row.gtin or "") else None
    return ObservedLine(
        key=row.sku,
        item=Item(sku=row.sku, gtin=gtin, title=row.name),
        quantity=Decimal(row.quantity),
        prices=Prices(unit_price=each, total=_gross(row, currency)),
    )


def _gross(row: Row, currency: str) -> int:
    return to_minor(Decimal(row.total) + Decimal(row.total_tax), currency)


def woo_signature(secret: str, body: bytes) -> bytes:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256))


@cache
def recorded_hook(name: str) -> Raw:
    told = json.loads((CAPTURES / f"{name}.json").read_text())
    headers = {header.lower(): text for header, text in told["headers"]}
    body = (CAPTURES / f"{name}.body").read_bytes()
    return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, body)


NAMES: Final = sorted(path.stem for path in CAPTURES.glob("*.body"))
SIGNED: Final = [name for name in NAMES if "ping" not in name]


class TestWooCommerceShop(ConnectorContract):
    connector: ClassVar[Connector] = WooCommerceShop()
    secrets = ("woo-secret-of-today", "woo-secret-of-tomorrow")
    signs_time = False

    def settings(self, *secrets: str) -> BaseModel:
        return Settings.model_validate({"webhook_secrets": secrets})

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        hook = recorded_hook(name)
        signature = woo_signature(secret, body).decode()
        return replace(
            hook, body=body, headers={**hook.headers, "X-WC-Webhook-Signature": signature}
        )

    def recorded(self) -> dict[str, bytes]:
        kinds = (
            "016-cart.updated",
            "028-order.created",
            "032-order.deleted",
            "033-customer.created",
        )
        return {name: recorded_hook(name).body for name in kinds}

    def named(self, name: str) -> list[Named]:
        return self.connector.identify(recorded_hook(name), self.settings(*self.secrets))

    def seen(self, name: str) -> Read:
        return self.connector.read(recorded_hook(name), self.settings(*self.secrets))

    def test_a_ping_is_answered_200_unsigned(self) -> None:
        ping = recorded_hook("003-ping")
        assert "x-wc-webhook-signature" not in ping.headers
        answer = self.connector.answer(ping, self.settings(*self.secrets))
        assert answer is not None
        assert answer.status == 200
        hook = recorded_hook("016-cart.updated")
        assert self.connector.answer(hook, self.settings(*self.secrets)) is None

    def test_one_delivery_id_with_two_bodies_is_two_mentions(self) -> None:
        first, second = (recorded_hook(name) for name in ("009-cart.updated", "010-cart.updated"))
        delivery = "x-wc-webhook-delivery-id"
        assert first.headers[delivery] == second.headers[delivery]
        keys = [self.named(name)[0].dedup for name in ("009-cart.updated", "010-cart.updated")]
        assert len(set(keys)) == 2

    @pytest.mark.parametrize(
        ("created", "updated"),
        [
            ("025-order.created", "024-order.updated"),
            ("026-order.created", "027-order.updated"),
            ("028-order.created", "029-order.updated"),
        ],
    )
    def test_created_and_updated_in_the_same_bytes_are_one_mention(
        self, created: str, updated: str
    ) -> None:
        assert recorded_hook(created).body == recorded_hook(updated).body
        assert self.named(created) == self.named(updated)
        assert self.seen(created) == self.seen(updated)

    def test_an_error_in_the_place_of_a_customer_is_no_observation(self) -> None:
        assert b"wc_user_invalid_id" in recorded_hook("033-customer.created").body
        assert self.named("033-customer.created") == []
        read = self.seen("033-customer.created")
        assert read.observations == ()
        assert [lost.field for lost in read.report] == ["data.status"]

    def test_a_cart_is_read_to_the_cent(self) -> None:
        (seen,) = self.seen("016-cart.updated").observations
        assert isinstance(seen, CartSeen)
        rows = [(row.key, row.quantity, row.prices.unit_price) for row in seen.snapshot.lines]
        assert rows == [
            ("CB-001", Decimal(2), 4990),
            ("CB-002", Decimal(1), 12900),
            ("CB-003-M", Decimal(1), 1990),
        ]
        assert sum(row.prices.total or 0 for row in seen.snapshot.lines) == 22383
        assert seen.snapshot.codes == ("bienvenue10",)

    def test_only_what_is_bought_is_an_order(self) -> None:
        (bought,) = self.seen("024-order.updated").observations
        assert isinstance(bought, CartOrdered)
        assert sum(line.total or 0 for line in bought.lines) == 33156
        assert self.seen("026-order.created").observations == (
            Hint(kind="order", external_id="17"),
        )
        assert self.seen("032-order.deleted").observations == (
            Hint(kind="order", external_id="17"),
        )


@pytest.mark.parametrize("name", SIGNED)
def test_captures_are_the_exact_bytes_that_were_signed(name: str) -> None:
    hook = recorded_hook(name)
    assert len(hook.body) == int(hook.headers["content-length"])
    assert len(base64.b64decode(hook.headers["x-wc-webhook-signature"], validate=True)) == 32
    # The recorded secret is not known: re-signed, the bytes hold, and no rewriting of them does.
    settings = Settings.model_validate({"webhook_secrets": ["woo-secret-of-today"]})
    signature = woo_signature("woo-secret-of-today", hook.body).decode()
    signed = replace(hook, headers={**hook.headers, "x-wc-webhook-signature": signature})
    WooCommerceShop().verify(signed, settings, NOW)
    rewritten = json.dumps(json.loads(hook.body), separators=(", ", ": ")).encode()
    with pytest.raises(Forged):
        WooCommerceShop().verify(replace(signed, body=rewritten), settings, NOW)


def test_same_bytes_were_signed_alike() -> None:
    one, other = (recorded_hook(name) for name in ("026-order.created", "027-order.updated"))
    signature = "x-wc-webhook-signature"
    assert one.body == other.body
    assert one.headers[signature] == other.headers[signature]
