"""The simulated retailer: two shops that speak the canonical webhook, two stores, three tills."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cartbridge.database.connections import Connection
from cartbridge.domain.cart.state import Channel
from cartbridge.domain.header import Actor
from cartbridge.domain.store import Store, Terminal
from cartbridge.services.gateway import Caller
from tests.simulation.names import Estate

TENANT: Final = UUID("0199a000-0000-7000-8000-000000000001")
SKUS: Final = ("A", "B", "C")
PRICES: Final = {"A": 1990, "B": 4990, "C": 300}
PROMOTION: Final = {"A": 1490, "B": 4990, "C": 270}  # from midnight on
PUBLIC_URL: Final = "https://gateway.example"

BEGIN: Final = datetime(2026, 11, 20, 18, 40, tzinfo=UTC)  # 20 minutes before the stores close
CLOSING: Final = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)  # 20:00 in Paris
MIDNIGHT: Final = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
MORNING: Final = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NEXT_CLOSING: Final = CLOSING + timedelta(days=1)

STORES: Final = {name: Store(id=name, brand="b", name=name, price_list="store") for name in "xy"}
TILLS: Final = {
    name: Terminal(id=name, store=name[0], name=name) for name in ("x-till-1", "x-till-2", "y-till")
}


def secret_of(slug: str) -> str:
    """The signing secret of a shop."""
    return "whsec_" + base64.b64encode(slug.encode().ljust(32, b".")).decode()


def _connection(number: int, slug: str, channel: Channel) -> Connection:
    address = f"https://{slug}.example"
    settings = {
        "webhook_secrets": [secret_of(slug)],
        "write_url": f"{address}/write",
        "read_url": f"{address}/read",
    }
    return Connection(
        id=f"con_0199a0000000700080000000000000{number:02}",
        tenant=TENANT,
        slug=slug,
        connector="standard",
        brand="b",
        channel=channel,
        state="active",
        hook=f"hook-{slug}",
        settings=settings,
        shown={},
    )


CONNECTIONS: Final = (_connection(1, "web", "web"), _connection(2, "app", "app"))
ESTATE: Final = Estate(TENANT, STORES, TILLS, CONNECTIONS)


def shop_caller(slug: str) -> Caller:
    """A shop that calls with its key."""
    return Caller(TENANT, "shop", Actor(kind="connector", id=slug), connection=slug)


def till_caller(terminal: str) -> Caller:
    """A till that calls with its key."""
    store = TILLS[terminal].store
    return Caller(TENANT, "pos", Actor(kind="staff", id="s"), store=store, terminal=terminal)
