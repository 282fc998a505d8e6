"""Canaries: after a whole story, no log line and no answer to a machine holds a secret."""

import contextlib
import io
import json
import logging
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from cartbridge_sandbox.misbehaviour import Misbehaviour

from cartbridge.logs import configure_logs
from cartbridge.settings import Settings
from tests.acceptance.world import BOOK, LAMP, World, line, open_sandbox, until

EMAIL, PHONE, NAME = "canary@example.test", "+33612345678", "Zoé-Canari"
LAST_NAME, WHY = "Nachtigall", "what-for-canary"
CUSTOMER = {
    "external_id": "cust-canary",
    "email": EMAIL,
    "phone": PHONE,
    "first_name": NAME,
    "last_name": LAST_NAME,
}


@pytest.fixture(params=["json", "text"])
def logged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[io.StringIO]:
    """Everything that is logged or printed, by us or by a library, at the finest level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for callers in ("httpx", "httpcore"):  # the story's own browsers and tills
        logging.getLogger(callers).setLevel(logging.WARNING)
    settings = Settings(data_dir=tmp_path, log_format=request.param, log_level="debug")
    configure_logs(settings, strict=True)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream))
    try:
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for callers in ("httpx", "httpcore"):
            logging.getLogger(callers).setLevel(logging.NOTSET)
        structlog.reset_defaults()


async def whole_story(world: World, tmp_path: Path) -> list[str]:
    """Everything that can go right and wrong once; answers the secrets that were in it."""
    name = f"web-{uuid.uuid4().hex}"
    await world.shop.snapshot(name, line(LAMP, 2), line(BOOK), customer=CUSTOMER)
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None
    offer = await world.shop.offer(cart["id"])
    passed = re.sub(r"^https?://[^/]+", "", offer["pass_url"])
    await world.client.get(f"/h/{offer['code']}")
    await world.client.get(f"/h/{offer['code']}/qr.png")
    await world.client.post(f"/h/{offer['code']}")
    claim = (await world.till().claim(short_code=offer["short_code"])).json()
    await world.till().claim(code=offer["code"][:-1] + "X", staff="staff-canary")
    book = claim["cart"]["lines"][1]["id"]
    await world.till().complete(claim, "R-1", lines=[{"line": book, "quantity": "1"}])
    await world.client.get(passed)
    await world.client.get(f"{passed}/mark")
    broken = {"type": "cart.snapshot", "data": {"external_id": "w", "customer": CUSTOMER}}
    await world.shop.send(json.dumps(broken).encode())
    await world.shop.send(b'{"customer": "' + EMAIL.encode())
    await looked_up(world)
    home = await world.till().call("POST", "/v1/pos/carts", {"customer": {"email": EMAIL}})
    path = f"/v1/carts/{home.json()['cart']['id']}/handovers"
    await world.till().call("POST", path, {"direction": "to_online"})
    await world.settled()
    await with_a_broken_shop(world, tmp_path)
    told = world.told["connections"]
    return [
        *(offer["code"], offer["code"].lower(), offer["short_code"]),
        passed.rpartition("/")[2],
        *(world.till().key, world.shop.key, world.operator.key, world.other_shop.key),
        *(one["webhook_secret"] for one in told.values()),
        *(one["webhook_secret"].removeprefix("whsec_") for one in told.values()),
        *(one["hook"] for one in told.values()),
        *(EMAIL, PHONE, NAME, "cust-canary", LAST_NAME, WHY),
    ]


async def looked_up(world: World) -> None:
    """An associate finds her, and the wrong person, and an operator reads what is known."""
    search = "/v1/pos/customers/search"
    for by in ({"email": EMAIL}, {"phone": PHONE}, {"email": f"not-{EMAIL}"}, {"phone": "12"}):
        found = await world.till().call("POST", search, {**by, "purpose": WHY})
    found = await world.till().call("POST", search, {"email": EMAIL, "purpose": WHY})
    known = await world.operator.get(f"/v1/customers/{found.json()['customer']['id']}")
    assert known.json()["email"] == EMAIL
    await world.operator.get(f"/v1/customers/{EMAIL}")


async def with_a_broken_shop(world: World, tmp_path: Path) -> None:
    """Errands fail in every way the shop knows."""
    add = [{"item": {"sku": "LAMP-OAK"}, "quantity": "1"}]
    body = {"add": add, "customer": {"email": EMAIL}}
    async with open_sandbox(world, tmp_path) as shop:
        cart = (await world.till().call("POST", "/v1/pos/carts", body)).json()["cart"]
        path = f"/v1/carts/{cart['id']}/handovers"
        code = (await world.till().call("POST", path, {"direction": "to_online"})).json()["code"]
        joined = {"code": code, "external_id": shop.baskets.create().ref, "customer": CUSTOMER}
        await world.other_shop.call("POST", "/v1/handovers/join", joined)
        shop.deliveries.wake()
        await world.quiet(shop)
        shop.misbehave(Misbehaviour(lost_answer=1.0))
        await world.till().call("PATCH", f"/v1/pos/carts/{cart['id']}", {"add": add})

        async def tried() -> bool:
            failed = "select count(*) from outbox where attempts > 0 and lease_until is null"
            return bool(await world.owner.fetchval(failed))

        await until(tried)
    await world.till().claim(cart=cart["id"])  # its twin cannot be read: that is worth a line


async def test_no_log_line_holds_a_code_a_key_a_secret_or_a_person(
    world: World, logged: io.StringIO, tmp_path: Path
) -> None:
    secrets = await whole_story(world, tmp_path)

    text = logged.getvalue()
    assert "claim.twin_not_read" in text
    for secret in secrets:
        assert secret not in text, f"…{secret[:4]} was logged"


async def test_the_canaries_would_be_heard(logged: io.StringIO) -> None:
    """The negative control: what is logged is what the test above reads."""
    structlog.get_logger("careless").info("customer.seen", why=EMAIL)
    logging.getLogger("careless").debug("seen %s", PHONE)

    assert EMAIL in logged.getvalue()
    assert PHONE in logged.getvalue()


async def test_a_line_s_ids_lead_from_the_answer_to_the_message(
    world: World, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a platform and a till were answered is what an operator finds in the log."""
    link = await world.gateway.connectors.by_name(await world.tenant(), "demo-shop")
    assert link is not None

    def broken(*_: object) -> None:
        raise LookupError(EMAIL)

    cart, _ = await world.offered()
    monkeypatch.setattr(type(link.connector), "identify", broken)
    message = (await world.shop.snapshot("web-broken", line(LAMP))).json()["message"]
    await world.settled()
    monkeypatch.setattr("cartbridge.http.shop.show_cart", broken)
    path = f"/v1/carts/{cart['id']}"
    own = await world.operator.get(path)
    given = await world.operator.call("GET", path, X_Request_Id="night-report-7")
    personal = await world.operator.call("GET", path, X_Request_Id=EMAIL)

    assert given.headers["X-Request-Id"] == "night-report-7"
    text = logged.getvalue()
    for name in (message, cart["id"], "night-report-7", own.headers["X-Request-Id"]):
        assert name in text
    assert "LookupError" in text  # where it came from, and not what it said
    assert EMAIL not in text
    assert personal.headers["X-Request-Id"] != EMAIL


async def test_no_table_holds_a_person_or_a_secret_in_plain(world: World, tmp_path: Path) -> None:
    secrets = await whole_story(world, tmp_path)

    tables = await world.owner.fetch(
        "select relname from pg_class where relkind in ('r', 'p') and relnamespace ="
        " 'public'::regnamespace"
    )
    for table in tables:
        rows = await world.owner.fetch(f'select t::text as row from "{table["relname"]}" t')  # noqa: S608 - a catalogue name
        text = "\n".join(row["row"] for row in rows)
        for secret in secrets:
            hexed = secret.encode().hex()
            plain = secret in text and secret not in [
                told["hook"] for told in world.told["connections"].values()
            ]
            assert not plain, (table["relname"], secret[:4])
            assert hexed not in text, (table["relname"], secret[:4])
