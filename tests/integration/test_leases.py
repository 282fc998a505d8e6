"""A lease runs by the database's clock; who lost it cannot get it back by renewing."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cartbridge.database.changes import LeaseDrop, LeaseSet
from cartbridge.database.connection import Database
from cartbridge.database.leases import LapsedLease, Leases
from cartbridge.domain.cart.events import DetailsChanged

FINE = DetailsChanged(shipping=1)


@pytest.fixture
def leases(database: Database) -> Leases:
    return Leases(database)


def new_claim() -> str:
    return f"clm_{uuid.uuid4().hex}"


async def leased(carts: Any, cart: str, *ops: LeaseSet | LeaseDrop) -> None:
    before = await carts.load(cart)
    write = carts.write(cart, FINE, before=before)
    await carts.documents.commit(carts.change(write, leases=ops))


async def run_out(owner: Any) -> None:
    await owner.execute("update lease set until = clock_timestamp() - interval '1 second'")


async def test_a_claim_runs_for_its_seconds_and_is_renewed(carts: Any, leases: Leases) -> None:
    cart, claim = await carts.start(), new_claim()
    await leased(carts, cart, LeaseSet(cart, claim, "till-4", seconds=120))
    lease = await leases.of(carts.tenant, cart)
    assert lease is not None
    assert (lease.document, lease.claim, lease.terminal) == (cart, claim, "till-4")
    assert 110 < lease.seconds_left <= 120
    left = await leases.renew(carts.tenant, cart, claim, seconds=600)
    assert left is not None
    assert 590 < left <= 600
    assert await leases.of(uuid.uuid4(), cart) is None


async def test_put_on_hold_it_runs_until_the_store_closes(carts: Any, leases: Leases) -> None:
    cart, claim = await carts.start(), new_claim()
    await leased(carts, cart, LeaseSet(cart, claim, "till-4", seconds=120))
    closing = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=5)
    assert await leases.renew(carts.tenant, cart, claim, until=closing, hold=True)
    lease = await leases.of(carts.tenant, cart)
    assert lease is not None
    assert (lease.until, lease.hold) == (closing, True)


async def test_another_claim_cannot_renew(carts: Any, leases: Leases) -> None:
    cart, first, second = await carts.start(), new_claim(), new_claim()
    await leased(carts, cart, LeaseSet(cart, first, "till-4", seconds=120))
    await leased(carts, cart, LeaseSet(cart, second, "till-5", seconds=120))  # taken over
    assert await leases.renew(carts.tenant, cart, first, seconds=600) is None
    lease = await leases.of(carts.tenant, cart)
    assert lease is not None
    assert (lease.claim, lease.seconds_left < 130) == (second, True)


async def test_a_lease_that_ran_out_is_listed_and_cannot_be_renewed(
    carts: Any, leases: Leases, owner: Any
) -> None:
    cart, claim = await carts.start(), new_claim()
    await leased(carts, cart, LeaseSet(cart, claim, "till-4", seconds=120))
    assert await leases.lapsed(10) == []
    await run_out(owner)
    assert await leases.renew(carts.tenant, cart, claim, seconds=600) is None
    assert await leases.lapsed(10) == [LapsedLease(carts.tenant, cart, claim, "till-4", False)]
    await leased(carts, cart, LeaseDrop(cart))
    assert await leases.lapsed(10) == []
    assert await leases.of(carts.tenant, cart) is None


async def test_a_lease_needs_exactly_one_end(leases: Leases, tenant: uuid.UUID) -> None:
    cart = "crt_" + "0" * 32
    with pytest.raises(ValueError, match="one of the two"):
        await leases.renew(tenant, cart, new_claim())
    with pytest.raises(ValueError, match="one of the two"):
        assert LeaseSet(cart, new_claim(), "till-4", seconds=1, until=datetime.now(UTC)).row
