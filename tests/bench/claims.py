"""Claims: fresh while the inbox is full, and quick while many terminals and shops call."""

import asyncio
import json
import time
from typing import Final

import aiohttp

from cartbridge.database.connection import Database
from cartbridge.database.directory import Directory
from cartbridge.database.vault import Vault, open_vault
from cartbridge.demo.retailer import SLUG, STORES
from cartbridge.domain.store import Terminal
from cartbridge.services.sort_inbox import sort_inbox
from cartbridge.worker.inbox import SORTED_AT_ONCE
from tests.bench.feed_reader import following
from tests.bench.goals import Measured
from tests.bench.hooks import Carts, signed
from tests.bench.insiders import insider
from tests.bench.load import percentile
from tests.bench.processes import BenchFailed
from tests.bench.stage import Gateway, Json, Stage, connected, dsn_name

NEW_QUANTITY: Final = 7
PATIENCE_SECONDS: Final = 120.0
WAITING: Final = """
select (select count(*) from inbox where state = 'new')
     + (select count(*) from inbox_part where state in ('sorted', 'taken'))"""


async def measure(stage: Stage) -> list[Measured]:
    """First the full inbox, then the busy hour."""
    return [*await _backlog(stage), await _busy(stage)]


async def _backlog(stage: Stage) -> list[Measured]:
    """Each cart is changed and claimed at once, while hooks of the same shop wait before it.

    As in a rush: the sorter has passed them, which takes a fraction of applying them.
    """
    series = f"backlog{stage.seed():04}"
    async with stage.database() as dsn, connected(dsn) as owner:
        async with stage.gateway(dsn) as gateway:
            stage.tell("carts to be claimed")
            carts = await _known_carts(stage, gateway, series, stage.scale.backlog_claims)
        async with stage.gateway(dsn, "--no-work") as gateway:
            stage.tell(f"{stage.scale.waiting_hooks} hooks into the inbox")
            await _fill(stage, gateway)
        stage.tell("sorting them")
        await _sort(stage, dsn)
        before = await owner.fetchval(WAITING)
        async with stage.gateway(dsn, "--workers", "1") as gateway:
            stage.tell("claims in front of the queue")
            took, fresh, stale = await _change_and_claim(gateway, series, carts)
        after = await owner.fetchval(WAITING)
    raw = {
        "claims": len(took),
        "saw the last change": fresh,
        "said that they may be stale": stale,
        "hooks waiting, before and after": [before, after],
        "p50 ms": round(percentile(took, 0.5), 1),
        "max ms": round(max(took, default=0), 1),
    }
    return [
        Measured("claim_backlog_fresh", 100 * fresh / max(1, len(took)), raw),
        Measured("claim_backlog_p99_ms", percentile(took, 0.99), raw),
    ]


async def _known_carts(stage: Stage, gateway: Gateway, series: str, count: int) -> list[str]:
    """The ids of so many new carts of the series, in the order of their numbers."""
    names = [Carts(series).external_id(number) for number in range(count)]
    async with following(gateway) as reader:
        await _post(stage, gateway, {"series": series, "count": count})
        missing = await reader.wait_for(names, PATIENCE_SECONDS)
        if missing:
            said = gateway.process.complaint()
            raise BenchFailed(f"{missing} of {count} carts did not come to be in time: {said}")
        return [reader.carts[name] for name in names]


async def _fill(stage: Stage, gateway: Gateway) -> None:
    count = stage.scale.waiting_hooks
    sent = await _post(stage, gateway, {"series": f"queue{stage.seed():04}", "count": count})
    if sent["good"] < count:
        raise BenchFailed(f"of {count} hooks were accepted: {sent['statuses']}")


async def _sort(stage: Stage, dsn: str) -> None:
    async with insider(dsn, _vault(stage, dsn)) as (gateway, _):
        while await sort_inbox(gateway, SORTED_AT_ONCE):
            pass


def _vault(stage: Stage, dsn: str) -> Vault:
    return open_vault(None, stage.folder / dsn_name(dsn) / "master.key")


async def _post(stage: Stage, gateway: Gateway, more: Json) -> Json:
    job = {
        "url": gateway.hook_url,
        "secret": gateway.shop["webhook_secret"],
        "connections": stage.scale.connections,
        **more,
    }
    async with stage.worker("load", job) as caller:
        sent: Json = await caller.work(PATIENCE_SECONDS * 2)
    return sent


async def _change_and_claim(
    gateway: Gateway, series: str, carts: list[str]
) -> tuple[list[float], int, int]:
    """Milliseconds of each claim; how many saw the change just accepted, or said they may not."""
    changed = Carts(series, revision=2, quantity=NEW_QUANTITY)
    terminals = [one["key"] for store in gateway.told["stores"] for one in store["terminals"]]
    took: list[float] = []
    fresh = stale = 0
    ended = time.monotonic() + PATIENCE_SECONDS
    async with aiohttp.ClientSession() as session:
        for number, cart in enumerate(carts):
            if time.monotonic() > ended:
                break
            await _change(session, gateway, changed, number)
            begun = time.monotonic()
            claim = await _claim(session, gateway, terminals[number % len(terminals)], cart)
            took.append((time.monotonic() - begun) * 1000)
            quantities = {line["quantity"]["value"] for line in claim["cart"]["lines"]}
            fresh += quantities == {str(NEW_QUANTITY)}
            stale += claim["stale"]
    return took, fresh, stale


async def _change(
    session: aiohttp.ClientSession, gateway: Gateway, changed: Carts, number: int
) -> None:
    body = changed.body(number)
    message = f"{changed.external_id(number)}-{changed.revision}"
    top = signed(gateway.hook_url, gateway.shop["webhook_secret"], message, body).decode()
    headers = dict(row.split(": ", 1) for row in top.splitlines()[1:] if row)
    async with session.post(gateway.hook_url, data=body, headers=headers) as answer:
        if answer.status != 202:
            raise BenchFailed(f"a change was answered {answer.status}")


async def _claim(session: aiohttp.ClientSession, gateway: Gateway, key: str, cart: str) -> Json:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"claim-{cart}"}
    async with session.post(
        f"{gateway.url}/v1/pos/claims", json={"cart": cart}, headers=headers
    ) as answer:
        told: Json = await answer.json()
        if answer.status != 201:
            raise BenchFailed(f"a claim was answered {answer.status}: {told.get('code')}")
    return told


async def _busy(stage: Stage) -> Measured:
    """Many terminals claim at a steady rate while webhooks come at another."""
    scale = stage.scale
    async with stage.database() as dsn, stage.gateway(dsn, "--workers", "1") as gateway:
        keys = await _terminals(stage, dsn, scale.terminals)
        count = scale.claims_per_second * scale.busy_seconds
        stage.tell(f"{count} carts to be claimed")
        carts = await _known_carts(stage, gateway, f"busy{stage.seed():04}", count)
        stage.tell(f"{scale.claims_per_second} claims a second from {len(keys)} terminals")
        claims = {
            "url": gateway.url,
            "calls": [
                _claim_call(keys[number % len(keys)], cart) for number, cart in enumerate(carts)
            ],
            "connections": len(keys),
            "rate": float(scale.claims_per_second),
        }
        hooks = {
            "url": gateway.hook_url,
            "secret": gateway.shop["webhook_secret"],
            "series": f"noise{stage.seed():04}",
            "connections": scale.connections,
            "count": scale.hooks_per_second * scale.busy_seconds,
            "rate": float(scale.hooks_per_second),
        }
        async with stage.worker("load", hooks) as shop, stage.worker("load", claims) as tills:
            sent, claimed = await asyncio.gather(shop.work(120), tills.work(120))
    return Measured(
        "claim_busy_p99_ms",
        claimed["p99_ms"],
        {
            "p50 ms": round(claimed["p50_ms"], 1),
            "max ms": round(claimed["max_ms"], 1),
            "claims /s": round(claimed["rate"], 1),
            "answers to claims": claimed["statuses"],
            "webhooks /s": round(sent["rate"], 1),
            "answers to webhooks": sent["statuses"],
        },
    )


def _claim_call(key: str, cart: str) -> list[object]:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"claim-{cart}"}
    return ["POST", "/v1/pos/claims", headers, json.dumps({"cart": cart})]


async def _terminals(stage: Stage, dsn: str, count: int) -> list[str]:
    """The keys of so many new terminals of the demo retailer's first store."""
    database = Database(dsn)
    await database.start()
    try:
        directory = Directory(database, _vault(stage, dsn))
        tenant = await directory.tenants.get(SLUG)
        assert tenant is not None
        store = STORES[0].id
        keys = []
        for number in range(count):
            name = f"bench-{number}"
            await directory.terminals.add(tenant.uuid, Terminal(id=name, store=store, name=name))
            _, key = await directory.keys.issue(
                tenant.uuid, "pos", name, store=store, terminal=name
            )
            keys.append(key)
    finally:
        await database.stop()
    return keys
