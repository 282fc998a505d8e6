"""A till system that is written by us and watched: its orders, and the connector for it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from pydantic import BaseModel, SecretStr

from cartbridge.sdk import payload, webhook
from cartbridge.sdk.contract import (
    Connector,
    Delivery,
    Manifest,
    Named,
    Placed,
    Placement,
    Placing,
    Raw,
    Remote,
)
from cartbridge.sdk.documents import (
    Line,
    ObservedLine,
    Projection,
    Snapshot,
    TwinRef,
    project_by,
)
from cartbridge.sdk.errors import Forged, Ignore
from cartbridge.sdk.observations import (
    CartGone,
    CartReturned,
    CartSeen,
    Hint,
    Read,
    SaleSeen,
    TakenLine,
)


@dataclass
class TillSystem:
    """What the tills of a store show, by the name of what was put there."""

    is_open: bool = True
    orders: dict[str, Placement] = field(default_factory=dict)
    sold: dict[str, SaleSeen] = field(default_factory=dict)
    returned: dict[str, CartReturned] = field(default_factory=dict)
    taken_off: set[str] = field(default_factory=set)
    placed: int = 0
    withdrawn: list[str] = field(default_factory=list)
    before_it_answers: Callable[[str], Awaitable[None]] | None = None

    def sell(self, name: str, receipt: str, *lines: TakenLine) -> None:
        """The cashier is paid: from now on the order is a sale."""
        at = datetime(2026, 11, 20, 11, tzinfo=UTC)
        self.sold[name] = SaleSeen(external_id=name, at=at, receipt_number=receipt, lines=lines)


SYSTEM: Final = TillSystem()


class WatchedSettings(BaseModel):
    """When carts are put there."""

    placing: Placing = "on_claim"
    path_secret: SecretStr = SecretStr("told-by-nobody")


class WatchedTill(Connector):
    """Shows carts on tills, and reads what became of them."""

    manifest: ClassVar[Manifest] = Manifest(
        name="watched-till",
        title="A till that is watched",
        kind="pos",
        capabilities=frozenset({"fetch", "place"}),
        versions="the one beside it",
        settings=WatchedSettings,
    )

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        told = raw.url.rsplit("/", 1)[-1].encode()
        if not webhook.same(told, settings.path_secret.get_secret_value().encode()):
            raise Forged("the address does not end in the secret")
        return Delivery()

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        name = str(payload.loads(hook.body)["changed"])
        return [Named(name, kind="till_order", dedup=None)]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        if isinstance(document, Raw):
            name = str(payload.loads(document.body)["changed"])
            return Read(observations=(Hint(kind="till_order", external_id=name),))
        return Read(observations=(document["seen"],))

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        return project_by(lines, lambda line: line.item.sku)

    def placing(self, settings: Any) -> Placing:
        placing: Placing = settings.placing
        return placing

    def lane(self, terminal: str | None, settings: Any) -> str | None:
        return terminal

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        name = ref.external_id
        if name in SYSTEM.taken_off:
            return {"seen": CartGone(kind=ref.kind, external_id=name, at=datetime.now(UTC))}
        if name in SYSTEM.returned:
            return {"seen": SYSTEM.returned[name]}
        if name in SYSTEM.sold:
            return {"seen": SYSTEM.sold[name]}
        if name in SYSTEM.orders:
            shown = _shown(SYSTEM.orders[name])
            return {"seen": CartSeen(kind=ref.kind, external_id=name, snapshot=shown)}
        return None

    async def place(self, placement: Placement, remote: Remote) -> Placed:
        if not SYSTEM.is_open:
            raise Ignore("no session is open")
        SYSTEM.placed += 1
        SYSTEM.orders[placement.name] = placement
        if SYSTEM.before_it_answers is not None:
            await SYSTEM.before_it_answers(placement.name)
        return Placed(external_id=placement.name, snapshot=_shown(placement))

    async def pay_url(self, ref: TwinRef, remote: Remote) -> str | None:
        return f"https://shop.example/pay/{ref.external_id}"

    async def withdraw(self, ref: TwinRef, remote: Remote) -> bool:
        if ref.external_id in SYSTEM.sold:
            return False
        SYSTEM.orders.pop(ref.external_id, None)
        SYSTEM.withdrawn.append(ref.external_id)
        return True


def _shown(placement: Placement) -> Snapshot:
    rows = (
        ObservedLine(key=line.key, item=line.item, quantity=line.quantity)
        for line in placement.lines
    )
    return Snapshot(lines=tuple(rows))
