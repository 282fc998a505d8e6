"""A sound connector for an invented platform, of which every faulty one is a spoilt copy."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from cartbridge.domain.line import Prices, Tax
from cartbridge.sdk import client, payload
from cartbridge.sdk.both_sides import (
    HeldStock,
    LoyaltyShown,
    PriceNow,
    PricesOf,
    StockHold,
    StockNow,
)
from cartbridge.sdk.contract import (
    Changed,
    Connector,
    Delivery,
    Manifest,
    Moved,
    Named,
    Placed,
    Placement,
    Raw,
    Refreshed,
    Remote,
    Reply,
    ThreadMessage,
    Write,
    WriteLine,
    Written,
)
from cartbridge.sdk.documents import (
    Item,
    Line,
    ObservedLine,
    Projection,
    Refusal,
    Snapshot,
    TwinRef,
    plain,
    project_by,
)
from cartbridge.sdk.errors import Forged, Ignore, Retry, Unknown, Unreadable
from cartbridge.sdk.observations import CartSeen, Lost, QuoteSeen, Read, WishlistSeen

URL: Final = "https://sound.example"
FIRST_KEY: Final = "key-0-of-sound"
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,3})?$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,20}$")]
Count = Annotated[int, Field(strict=True, ge=0, le=10**6)]


class Settings(BaseModel):
    webhook_secrets: tuple[SecretStr, ...]


class Told(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)


class Row(Told):
    sku: Name
    qty: Amount
    total: Count
    tax: Count


class Refused(Told):
    sku: Name
    want: Amount
    got: Amount


class Body(Told):
    cart: Name
    kind: Literal["cart", "wishlist", "quote"] = "cart"
    name: Annotated[str, Field(max_length=100)] | None = None
    state: Literal["open", "archived", "requested", "issued"] = "open"
    rev: Count
    push: Name | None = None
    refused: Annotated[tuple[Refused, ...], Field(max_length=100)] = ()
    rows: Annotated[tuple[Row, ...], Field(max_length=2000)]
    note: Annotated[str, Field(max_length=100)] | None = None


class Sound(Connector):
    """Carts with a revision, a hex signature over time and body, and every capability."""

    manifest: ClassVar[Manifest] = Manifest(
        name="sound",
        title="Sound",
        kind="shop",
        capabilities=frozenset(
            {"fetch", "push", "place", "freeze", "continue_online"}
            | {"changed_since", "hook", "refresh"}
            | {"prices", "stock", "reserve_stock", "loyalty"}
            | {"push_wishlists", "push_quotes", "answer_enquiries"}
        ),
        writes="conditional",
        versions="1",
        settings=Settings,
    )

    def answer(self, request: Raw, settings: Any) -> Reply | None:
        return Reply(200, b"pong", "text/plain") if request.body == b"ping" else None

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        sent = raw.headers.get("x-time", "")
        if not sent.isdigit() or len(sent) > 12 or abs(now.timestamp() - int(sent)) > 300:
            raise Forged("x-time")
        secrets = [secret.get_secret_value() for secret in settings.webhook_secrets]
        if raw.headers.get("x-signature") not in [mac(one, sent, raw.body) for one in secrets]:
            raise Forged("x-signature")
        return Delivery()

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        body = self.body(hook)
        dedup = hashlib.sha256(hook.body).hexdigest()
        return [Named(external_id=body.cart, kind=body.kind, revision=body.rev, dedup=dedup)]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        body = self.body(document)
        return Read(observations=(self.seen(body),), report=self.lost(body))

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        return project_by(lines, lambda line: line.item.sku)

    def seen(self, body: Body) -> CartSeen | WishlistSeen | QuoteSeen:
        place: dict[str, Any] = {"external_id": body.cart, "snapshot": self.snapshot(body)}
        if body.kind == "wishlist":
            state = "archived" if body.state == "archived" else "open"
            return WishlistSeen(**place, name=body.name, state=state)
        if body.kind == "quote":
            state = "issued" if body.state == "issued" else "requested"
            return QuoteSeen(**place, number=body.name, state=state)
        return CartSeen(**place)

    def body(self, document: Raw | Mapping[str, Any]) -> Body:
        told = self.parsed(document.body) if isinstance(document, Raw) else document
        try:
            return Body.model_validate(told)
        except ValidationError as error:
            first = error.errors(include_input=False, include_context=False)[0]
        raise Unreadable(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")

    def parsed(self, body: bytes) -> Any:
        return payload.loads(body)

    def snapshot(self, body: Body) -> Snapshot:
        refused = (
            Refusal(key=row.sku, wanted=Decimal(row.want), accepted=Decimal(row.got))
            for row in body.refused
        )
        return Snapshot(
            lines=tuple(self.line(row) for row in body.rows),
            revision=body.rev,
            last_push=body.push,
            refused=tuple(refused),
            currency="EUR",
            tax_mode="inclusive",
        )

    def line(self, row: Row) -> ObservedLine:
        return ObservedLine(
            key=row.sku,
            item=Item(sku=row.sku, title=row.sku),
            quantity=Decimal(row.qty),
            prices=Prices(total=row.total, taxes=(Tax(rate="0.2", amount=row.tax),)),
        )

    def lost(self, body: Body) -> tuple[Lost, ...]:
        told = body.note is not None
        return (Lost(field="note", what="dropped", why="carts have none"),) if told else ()

    async def call(
        self,
        remote: Remote,
        method: str,
        path: str,
        body: Any = None,
        expected: frozenset[int] = frozenset({200}),
    ) -> httpx.Response:
        headers = {"x-key": remote.credentials.get("key", "")}
        try:
            response = await remote.client.request(method, URL + path, json=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise Retry("cannot connect") from None
        except httpx.RequestError:
            raise Unknown("no answer") from None
        if response.status_code not in expected:
            raise self.failure(response)
        return response

    def failure(self, response: httpx.Response) -> Exception:
        return client.failure(response)

    def shown(self, response: httpx.Response) -> Snapshot:
        try:
            return self.snapshot(self.body(client.json_object(response)))
        except Unreadable as error:
            raise Unknown(f"the answer: {error}") from None

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        path = f"/carts/{ref.external_id}"
        response = await self.call(remote, "GET", path, expected=frozenset({200, 404}))
        return client.json_object(response) if response.status_code == 200 else None

    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        after = cursor["place"] if cursor else 0
        told = client.json_object(await self.call(remote, "GET", f"/changes?after={after}"))
        if not isinstance(told.get("carts"), list) or "place" not in told:
            raise Unknown("the answer: carts, place")
        return Changed(told["carts"], {"place": told["place"]}, told["place"] != after)

    async def hook_is_on(self, hook_url: str, remote: Remote) -> bool:
        return client.json_object(await self.call(remote, "GET", "/hook")).get("on") is True

    async def rearm(self, hook_url: str, remote: Remote) -> None:
        await self.call(remote, "POST", "/hook")

    async def refresh(self, remote: Remote) -> Refreshed:
        told = client.json_object(await self.call(remote, "POST", "/token"))
        return Refreshed({"key": str(told["key"])}, datetime.now(UTC) + timedelta(hours=1))

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        body: dict[str, Any] = {
            "push": write.push_id,
            "rev": write.base_revision,
            "rows": {line.key: plain(line.quantity) for line in write.lines},
        }
        if write.terms is not None:
            body["totals"] = {line.key: self.held(line) for line in write.lines}
            body |= {"name": write.terms.number, "state": write.terms.state}
        elif write.ref.kind == "wishlist":
            body |= {"name": write.name, "state": "archived" if write.archived else "open"}
        path = f"/carts/{write.ref.external_id}"
        response = await self.call(remote, "PUT", path, body, frozenset({200, 409}))
        moved = response.status_code == 409
        return (Moved if moved else Written)(snapshot=self.shown(response))

    def held(self, line: WriteLine) -> int:
        return 0 if line.prices is None else line.prices.total or 0

    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        body = {"name": message.name, "text": message.text, "closes": message.closes}
        path = f"/enquiries/{ref.external_id}"
        client.json_object(await self.call(remote, "POST", path, body))

    async def place(self, placement: Placement, remote: Remote) -> Placed:
        rows = {line.key: plain(line.quantity) for line in placement.lines}
        body = {"name": placement.name, "rows": rows}
        shown = self.shown(response := await self.call(remote, "POST", "/orders", body))
        return Placed(external_id=client.json_object(response)["cart"], snapshot=shown)

    async def withdraw(self, ref: TwinRef, remote: Remote) -> bool:
        path, answers = f"/orders/{ref.external_id}", frozenset({200, 404, 409})
        return (await self.call(remote, "DELETE", path, None, answers)).status_code != 409

    async def freeze(self, ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
        body = {"until": until.isoformat(), "where": where}
        await self.call(remote, "POST", f"/carts/{ref.external_id}/freeze", body)

    async def thaw(self, ref: TwinRef, remote: Remote) -> None:
        try:
            await self.call(remote, "POST", f"/carts/{ref.external_id}/thaw")
        except Ignore:
            return

    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        body = {"skus": [item.sku for item in items], "currency": of.currency}
        told = self.rows(await self.call(remote, "POST", "/prices", body))
        return [
            PriceNow(key=f"sku:{sku}", unit_price=price, currency=of.currency)
            for sku, price in told
        ]

    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        body = {"skus": [item.sku for item in items], "stores": list(stores)}
        told = self.rows(await self.call(remote, "POST", "/stock", body))
        return [
            StockNow(
                key=f"sku:{sku}",
                store=store,
                quantity=Decimal(qty),
                held={name: Decimal(kept) for name, kept in held.items()},
            )
            for sku, store, qty, held in told
        ]

    async def reserve_stock(self, hold: StockHold, remote: Remote) -> Sequence[HeldStock]:
        rows = {line.item.sku: plain(line.quantity) for line in hold.lines}
        body = {"store": hold.store, "until": hold.until.isoformat(), "rows": rows}
        told = self.rows(await self.call(remote, "PUT", f"/holds/{hold.name}", body))
        return [HeldStock(key=f"sku:{sku}", quantity=Decimal(kept)) for sku, kept in told]

    async def release_stock(self, name: str, remote: Remote) -> None:
        await self.call(remote, "DELETE", f"/holds/{name}", expected=frozenset({200, 404}))

    async def loyalty(self, number: str, remote: Remote) -> LoyaltyShown | None:
        answers = frozenset({200, 404})
        response = await self.call(remote, "GET", f"/cards/{number}", expected=answers)
        if response.status_code == 404:
            return None
        told = client.json_object(response)
        try:
            return LoyaltyShown(number=number, tier=told["tier"], points=told["points"])
        except (KeyError, ValidationError):
            raise Unknown("the answer: tier, points") from None

    def rows(self, response: httpx.Response) -> list[Any]:
        told = client.json_object(response).get("rows")
        if not isinstance(told, list):
            raise Unknown("the answer: rows")
        return told

    def continue_url(self, code: str, settings: Any) -> str:
        return f"{URL}/continue/{code}"


def mac(secret: str, sent: str, body: bytes) -> str:
    return hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest()
