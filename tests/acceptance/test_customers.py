"""Customers: one identity on every channel, by strong signals only."""

import asyncio
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from cartbridge.demo.retailer import SLUG
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import is_id, uuid_of
from cartbridge.domain.items import Item
from cartbridge.domain.store import Brand, Store, Terminal
from cartbridge.domain.twin import ObservedLine, Snapshot
from cartbridge.sdk.observations import CustomerSeen, WishlistSeen
from cartbridge.services import tell_consent
from cartbridge.services.apply_observation import apply_observation
from cartbridge.services.consent import consents
from cartbridge.services.gateway import Gateway
from cartbridge.services.observe_twin import Cause
from cartbridge.services.problems import Problem
from tests.acceptance.world import BOOK, LAMP, Json, Till, World, line, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADD = [{"item": {"sku": "LAMP-OAK"}, "quantity": "1"}]
WHY = "she asks for her basket"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def somebody() -> dict[str, str]:
    """A person nobody has met."""
    name = uuid.uuid4().hex[:12]
    digits = str(int(name, 16))[-8:].zfill(8)
    return {
        "external_id": f"web-{name}",
        "email": f"{name}@example.test",
        "phone": f"06{digits}",
        "loyalty_number": f"ML-{name}",
    }


async def seen(
    world: World, customer: dict[str, str], name: str | None = None, **more: Any
) -> dict[str, str]:
    """The customer of a web cart that the demo shop tells, as the gateway knows her."""
    name = name or f"web-{uuid.uuid4().hex[:12]}"
    assert (await world.shop.snapshot(name, line(LAMP), customer=customer, **more)).is_success
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None
    found: dict[str, str] = cart["customer"]
    return found


async def begun(world: World, customer: dict[str, str]) -> dict[str, str]:
    """The customer of a cart begun in a store, as the gateway knows her."""
    made = await world.till().call("POST", "/v1/pos/carts", {"add": ADD, "customer": customer})
    assert made.status_code == 201, made.text
    found: dict[str, str] = made.json()["cart"]["customer"]
    return found


async def looked_up(till: Till, **by: str) -> httpx.Response:
    """What a till is answered that looks a customer up."""
    return await till.call("POST", "/v1/pos/customers/search", {"purpose": WHY, **by})


async def file_of(till: Till, **by: str) -> Json:
    """The file of the one customer that is meant."""
    answer = await looked_up(till, **by)
    assert answer.status_code == 200, answer.text
    file: Json = answer.json()
    assert file["found"] == 1, file
    return file


async def told(world: World, kind: str, **what: Any) -> None:
    """The demo shop tells of a customer."""
    said = {"at": "2026-11-20T12:00:00Z", **what}
    assert (await world.shop.hook(kind, said)).is_success
    await world.settled()


async def test_she_is_one_person_in_the_shop_and_in_the_store(shared: World) -> None:
    zoe = somebody()
    web = await seen(shared, zoe)
    assert is_id(web["id"], "cus")

    by_mail = await begun(shared, {"email": f" {zoe['email'].upper()} "})
    by_phone = await begun(shared, {"phone": "+33" + zoe["phone"][1:]})
    by_card = await begun(shared, {"loyalty_number": zoe["loyalty_number"].lower()})
    again = await seen(shared, {"external_id": zoe["external_id"], "first_name": "Zoé"})

    assert {one["id"] for one in (by_mail, by_phone, by_card, again)} == {web["id"]}
    refused(await shared.operator.get("/v1/carts", customer="Zoé"), 400, "invalid_request")
    found = (await shared.operator.get("/v1/carts", customer=web["id"])).json()["items"]
    assert len(found) == 5
    assert {one["customer"]["id"] for one in found} == {web["id"]}


async def test_nobody_is_taken_for_somebody_else(shared: World) -> None:
    zoe, max_ = somebody(), somebody()
    first = (await seen(shared, zoe))["id"]
    second = (await seen(shared, max_))["id"]
    assert first != second

    # He logs in with his account and leaves her address: he stays who he is, and so does she.
    mixed = await seen(shared, {"external_id": max_["external_id"], "email": zoe["email"]})
    assert mixed["id"] == second
    assert (await begun(shared, {"email": zoe["email"]}))["id"] == first
    # A name is no identity, and an id that a shop tells is not believed.
    assert (await begun(shared, {"first_name": "Zoé"}))["id"] is None
    assert (await seen(shared, {"first_name": "Zoé", "id": first}))["id"] is None


async def test_a_cart_learns_whose_it_is_when_it_is_changed_or_joined(shared: World) -> None:
    zoe = somebody()
    known = (await seen(shared, zoe))["id"]
    cart = (await shared.till().call("POST", "/v1/pos/carts", {"add": ADD})).json()["cart"]
    path = f"/v1/pos/carts/{cart['id']}"
    changed = await shared.till().call("PATCH", path, {"customer": {"email": zoe["email"]}})
    assert changed.json()["cart"]["customer"]["id"] == known

    other = (await shared.till().call("POST", "/v1/pos/carts", {"add": ADD})).json()["cart"]
    home = f"/v1/carts/{other['id']}/handovers"
    offer = (await shared.till().call("POST", home, {"direction": "to_online"})).json()
    body = {
        "code": offer["code"],
        "external_id": f"web-{uuid.uuid4().hex[:12]}",
        "customer": {"external_id": zoe["external_id"]},
    }
    joined = await shared.shop.call("POST", "/v1/handovers/join", body)
    assert joined.json()["cart"]["customer"]["id"] == known


async def test_a_shop_that_tells_her_again_adds_no_fact(shared: World) -> None:
    zoe, name = somebody(), f"web-{uuid.uuid4().hex[:12]}"
    await seen(shared, zoe, name)
    cart = await shared.shop.cart(name)
    assert cart is not None
    before = await shared.events_of(cart["id"])

    await shared.shop.snapshot(name, line(LAMP), line(BOOK), revision=2, customer=zoe)
    await shared.settled()

    added = (await shared.events_of(cart["id"]))[len(before) :]
    assert added
    assert "cart.customer_identified" not in added


async def test_a_list_of_hers_is_found_by_her_id(shared: World) -> None:
    zoe, tenant = somebody(), await shared.tenant()
    hers = (await seen(shared, zoe))["id"]
    link = await shared.gateway.connectors.by_name(tenant, "demo-shop")
    assert link is not None
    snapshot = Snapshot(
        lines=(ObservedLine(key="LAMP-OAK", item=Item(**LAMP), quantity=Decimal(1)),),
        revision=1,
        at=NOON,
        currency="EUR",
        customer=Customer(email=zoe["email"]),
        consent={"analytics": True},
    )
    list_seen = WishlistSeen(external_id=uuid.uuid4().hex, snapshot=snapshot)
    await apply_observation(shared.gateway, link, list_seen, Cause(command=uuid.uuid4()))

    body = {"name": "Maison", "add": ADD, "customer": {"email": zoe["email"]}}
    made = await shared.till().call("POST", "/v1/wishlists", body)
    begun_here = made.json()["wishlist"]["id"]
    found = (await shared.operator.get("/v1/wishlists", customer=hers)).json()["items"]
    assert len(found) == 2
    on_file = (await file_of(shared.till(), email=zoe["email"]))["wishlists"]
    assert [one["id"] for one in on_file] == [one["id"] for one in found]
    assert on_file[0]["id"] == begun_here
    assert (on_file[0]["name"], on_file[0]["articles"]) == ("Maison", 1)
    assert await consents(shared.gateway, tenant, hers, SLUG) == {"analytics": True}


async def test_a_quote_of_hers_is_on_her_file_while_it_can_be_sold(shared: World) -> None:
    zoe, till = somebody(), shared.till()
    body = {"add": ADD, "customer": {"email": zoe["email"]}, "issue": True}
    made = await till.call("POST", "/v1/quotes", body)
    assert made.status_code == 201, made.text
    quote = made.json()["quote"]

    (on_file,) = (await file_of(till, email=zoe["email"]))["quotes"]
    assert (on_file["id"], on_file["number"]) == (quote["id"], quote["number"])
    assert (on_file["state"], on_file["articles"]) == ("issued", 1)

    await till.call("POST", f"/v1/quotes/{quote['id']}/decline", {})
    assert (await file_of(till, email=zoe["email"]))["quotes"] == []


async def test_many_who_meet_her_at_once_meet_one_person(shared: World) -> None:
    zoe, tills = somebody(), await shared.more_tills(4)
    customers = [
        {"email": zoe["email"], "phone": zoe["phone"]},
        {"email": zoe["email"], "loyalty_number": zoe["loyalty_number"], "last_name": "Martin"},
        {"email": zoe["email"], "first_name": "Zoé"},
        {"email": zoe["email"]},
    ]
    path = "/v1/pos/carts"
    made = await asyncio.gather(
        *(
            till.call("POST", path, {"customer": one})
            for till, one in zip(tills, customers, strict=True)
        )
    )

    (hers,) = {answer.json()["cart"]["customer"]["id"] for answer in made}
    known = (await shared.operator.get(f"/v1/customers/{hers}")).json()
    assert len(known["identifiers"]) == 3
    assert (known["first_name"], known["last_name"]) == ("Zoé", "Martin")


async def test_two_of_one_household_stay_two(shared: World) -> None:
    """They share a phone and a card: nobody is shown the other one's basket."""
    zoe, max_ = somebody(), somebody()
    max_["phone"], max_["loyalty_number"] = zoe["phone"], zoe["loyalty_number"]
    hers, his = (await seen(shared, zoe))["id"], (await seen(shared, max_))["id"]
    assert hers != his

    (till,) = await shared.more_tills(1)
    for by in ("phone", "loyalty_number"):
        answer = (await looked_up(till, **{by: zoe[by]})).json()
        assert answer["found"] == 2
        assert "loyalty card" in answer["to_do"]
        assert answer["customer"] is None
        assert zoe["email"] not in str(answer)
        assert answer["carts"] == []
    assert (await file_of(till, email=max_["email"]))["customer"]["id"] == his
    looks = (await shared.operator.get(f"/v1/customers/{his}/accesses")).json()["items"]
    assert [look["shown"] for look in looks] == [True, False, False]


async def test_an_associate_finds_her_by_all_she_may_show(shared: World) -> None:
    zoe = {**somebody(), "first_name": "Zoé", "last_name": "martin"}
    name = f"web-{uuid.uuid4().hex[:12]}"
    web = await seen(shared, zoe, name)
    cart = await shared.shop.cart(name)
    assert cart is not None
    till = shared.till(1)  # in Paris: she bought in Lyon
    lyon = shared.till()
    sold = f"web-{uuid.uuid4().hex[:12]}"
    await seen(shared, zoe, sold)
    web_cart = await shared.shop.cart(sold)
    assert web_cart is not None
    claim = (await lyon.claim(cart=web_cart["id"])).json()
    receipt = f"R-{uuid.uuid4().hex[:8]}"
    await lyon.complete(claim, receipt)
    live = await shared.shop.offer(cart["id"])

    for by in (
        {"loyalty_number": zoe["loyalty_number"].upper()},
        {"email": zoe["email"]},
        {"phone": zoe["phone"]},
        {"code": live["url"]},
        {"code": live["pass_url"]},
    ):
        file = await file_of(till, staff="V12", **by)
        assert file["customer"] == {
            "id": web["id"],
            "first_name": "Zoé",
            "initial": "M.",
            "loyalty_number": zoe["loyalty_number"],
        }
        assert [one["id"] for one in file["carts"]] == [cart["id"]]
        (purchase,) = file["purchases"]
        assert purchase["receipt_number"] == receipt
        assert purchase["store"] == claim["cart"]["claim"]["store"]
        for secret in (zoe["email"], zoe["phone"], "artin"):
            assert secret not in str(file)

    # Found, she is served: the cart is begun for her, by her id alone.
    body = {"add": ADD, "customer": {"id": web["id"]}}
    begun_here = await till.call("POST", "/v1/pos/carts", body)
    assert begun_here.json()["cart"]["customer"]["id"] == web["id"]

    looks = (await shared.operator.get(f"/v1/customers/{web['id']}/accesses")).json()
    assert [look["found_by"] for look in looks["items"]] == [
        *("code", "code", "phone", "email", "loyalty_number")
    ]
    newest = looks["items"][0]
    assert (newest["purpose"], newest["staff"], newest["shown"]) == (WHY, "V12", True)
    assert (newest["store"], newest["terminal"]) == ("paris-rivoli", till.id)
    path = f"/v1/customers/{web['id']}/accesses"
    page = (await shared.operator.get(path, limit="2")).json()
    rest = (await shared.operator.get(path, after=page["next"])).json()
    assert [*page["items"], *rest["items"]] == looks["items"]


async def test_a_search_that_may_not_be_finds_nobody_and_says_why(shared: World) -> None:
    (till,) = await shared.more_tills(1)
    zoe = somebody()
    await seen(shared, zoe)
    async with shared.nothing_written():
        search = "/v1/pos/customers/search"
        for body in (
            {"email": zoe["email"]},
            {"email": zoe["email"], "purpose": "  "},
            {"email": zoe["email"], "phone": zoe["phone"], "purpose": WHY},
            {"phone": "12", "purpose": WHY},
            {"purpose": WHY},
        ):
            refused(await till.call("POST", search, body), 400, "invalid_request")
        name = {"name": "Zoé", "purpose": WHY}
        refused(await till.call("POST", search, name), 400, "unknown_field")
        refused(await looked_up(till, code="B" * 32), 404, "code_unknown")
        by_shop = await shared.shop.call("POST", search, {"email": zoe["email"], "purpose": WHY})
        refused(by_shop, 403, "forbidden")
        nobody = {"customer": {"id": "cus_" + "0" * 32}}
        refused(await till.call("POST", "/v1/pos/carts", nobody), 400, "invalid_request")
        refused(
            await till.call("POST", "/v1/pos/carts", {"customer": {"id": "Zoé"}}),
            *(400, "invalid_request"),
        )
    cart, offer = await shared.offered()  # a guest's
    assert cart["customer"] is None
    guest = (await looked_up(till, code=offer["code"])).json()
    assert (guest["found"], guest["customer"]) == (0, None)
    revoked = await shared.shop.call("DELETE", f"/v1/handovers/{offer['id']}")
    assert revoked.status_code == 204
    refused(await looked_up(till, code=offer["code"]), 410, "code_revoked")


async def test_who_tries_numbers_is_stopped_and_others_are_not(shared: World) -> None:
    trying, other = await shared.more_tills(2)
    zoe = somebody()
    await seen(shared, zoe)
    answers = [await looked_up(trying, email=f"{number}@example.test") for number in range(20)]

    assert [answer.status_code for answer in answers] == [200] * 19 + [429]
    assert answers[0].json()["found"] == 0
    assert "loyalty card" in answers[0].json()["to_do"]
    locked = await looked_up(trying, email=zoe["email"])
    refused(locked, 429, "customer_search_locked")
    assert int(locked.headers["Retry-After"]) > 0
    assert (await file_of(other, email=zoe["email"]))["found"] == 1


async def test_another_brand_s_store_is_not_shown_her(shared: World) -> None:
    directory, tenant = shared.gateway.directory, await shared.tenant()
    brand = f"ombre-{uuid.uuid4().hex[:8]}"
    await directory.brands.add(tenant, Brand(id=brand, name="Ombre"))
    await directory.stores.add(tenant, Store(id=brand, brand=brand, name="Ombre Lille"))
    (till,) = await shared.more_tills(1, store=brand)
    zoe = somebody()
    hers = (await seen(shared, zoe))["id"]

    assert (await looked_up(till, email=zoe["email"])).json()["found"] == 0
    refused(
        await till.call("POST", "/v1/pos/carts", {"customer": {"id": hers}}),
        *(400, "invalid_request"),
    )
    # Once she is a customer there, too, she is found: with what she did there.
    made = await till.call("POST", "/v1/pos/carts", {"add": ADD, "customer": zoe})
    file = await file_of(till, email=zoe["email"])
    assert file["customer"]["id"] == hers
    assert [one["id"] for one in file["carts"]] == [made.json()["cart"]["id"]]


async def test_another_retailer_s_customer_is_nobody(shared: World) -> None:
    directory = shared.gateway.directory
    other = await directory.tenants.add(f"other-{uuid.uuid4().hex[:8]}", "Other")
    await directory.brands.add(other.uuid, Brand(id="other", name="Other"))
    await directory.stores.add(other.uuid, Store(id="nice", brand="other", name="Nice"))
    await directory.terminals.add(other.uuid, Terminal(id="t1", store="nice", name="t1"))
    _, key = await directory.keys.issue(other.uuid, "pos", "t1", store="nice", terminal="t1")
    _, ops = await directory.keys.issue(other.uuid, "ops", "ops")
    till, operator = Till(shared.client, key, id="t1"), Till(shared.client, ops)
    zoe = somebody()
    hers = (await seen(shared, zoe))["id"]

    assert (await looked_up(till, email=zoe["email"])).json()["found"] == 0
    refused(await operator.get(f"/v1/customers/{hers}"), 404, "not_found")
    refused(await operator.get(f"/v1/customers/{hers}/accesses"), 404, "not_found")
    settled = await operator.call("DELETE", f"/v1/erasure-requests/{hers}")
    refused(settled, 404, "not_found")
    made = await till.call("POST", "/v1/pos/carts", {"customer": {"email": zoe["email"]}})
    assert made.json()["cart"]["customer"]["id"] != hers


async def test_what_she_agreed_to_is_kept_and_obeyed(
    shared: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[tuple[str, frozenset[str]]] = []

    async def obey(
        gateway: Gateway, tenant: UUID, customer: str, brand: str | None, what: frozenset[str]
    ) -> None:
        assert brand == SLUG
        gone.append((customer, what))

    monkeypatch.setattr(tell_consent, "WITHDRAWALS", [obey])
    zoe, tenant = somebody(), await shared.tenant()
    said: Json = {"updated_at": "2026-11-20T10:00:00Z", "consent": {"analytics": True}}
    hers = (await seen(shared, zoe, **said))["id"]

    async def agreed() -> dict[str, bool]:
        return await consents(shared.gateway, tenant, hers, SLUG)

    assert await agreed() == {"analytics": True}
    assert await consents(shared.gateway, tenant, hers, "another-brand") == {}
    said_no = {"analytics": False, "marketing": True}
    await told(shared, "consent.updated", email=zoe["email"], consent=said_no)
    assert await agreed() == {"analytics": False, "marketing": True}
    assert gone == [(hers, frozenset({"analytics"}))]
    # A cart that was slow to arrive changes nothing of what she said since.
    await seen(shared, zoe, **said)
    await told(shared, "customer.updated", external_id=zoe["external_id"], first_name="Zoé")
    assert await agreed() == {"analytics": False, "marketing": True}

    answer = (await shared.operator.get(f"/v1/customers/{hers}")).json()
    kept = {one["purpose"]: one for one in answer["consent"]}
    assert answer["first_name"] == "Zoé"
    assert kept["analytics"]["where"] == "demo-shop"
    assert kept["analytics"]["at"] == "2026-11-20T12:00:00Z"
    assert [one["value"] for one in answer["identifiers"] if one["kind"] == "external_id"] == [
        zoe["external_id"]
    ]
    assert answer["brands"] == [SLUG]


async def test_to_be_forgotten_is_for_people_to_decide(shared: World) -> None:
    zoe = somebody()
    hers = (await seen(shared, zoe))["id"]
    asked = {"kind": "customer.erasure_requested", "email": zoe["email"]}
    await told(shared, **asked)

    waiting = (await shared.operator.get("/v1/erasure-requests")).json()["items"]
    assert [one["customer"] for one in waiting] == [hers]
    alarms = (await shared.operator.get("/v1/alarms", state="raised")).json()["items"]
    (alarm,) = [one for one in alarms if one["kind"] == "erasure_requested"]
    assert alarm["number"] == 1
    assert "erasure-requests" in alarm["to_do"]
    # Nothing was erased by itself.
    assert (await file_of(shared.till(), email=zoe["email"]))["customer"]["id"] == hers

    done = await shared.operator.call("DELETE", f"/v1/erasure-requests/{hers}")
    assert done.status_code == 204
    await told(shared, **asked)  # the same again
    assert (await shared.operator.get("/v1/erasure-requests")).json()["items"] == []
    raised = (await shared.operator.get("/v1/alarms", state="raised")).json()["items"]
    assert "erasure_requested" not in {one["kind"] for one in raised}
    await told(shared, **asked, at="2026-11-20T12:01:00Z")
    assert len((await shared.operator.get("/v1/erasure-requests")).json()["items"]) == 1
    await shared.operator.call("DELETE", f"/v1/erasure-requests/{hers}")


async def test_what_a_platform_tells_of_nobody_is_put_aside(shared: World) -> None:
    """Nothing in it says who wants to be forgotten: an operator has to see it."""
    link = await shared.gateway.connectors.by_name(await shared.tenant(), "demo-shop")
    assert link is not None
    nobody = CustomerSeen(
        external_id="message-1", at=NOON, customer=Customer(), erasure_requested=True
    )

    with pytest.raises(Problem, match="invalid_request"):
        await apply_observation(shared.gateway, link, nobody, Cause(command=uuid.uuid4()))

    assert (await shared.operator.get("/v1/erasure-requests")).json()["items"] == []


async def test_everything_that_is_hers_is_on_her_file_and_nothing_of_another_brand(
    shared: World,
) -> None:
    zoe, till = somebody(), shared.till()
    hers = (await seen(shared, zoe))["id"]
    her = {"id": hers}
    lamp = [{"item": {"sku": "LAMP-OAK"}, "quantity": "1"}]
    wished = await till.call(
        "POST", "/v1/wishlists", {"name": "Noël", "customer": her, "add": lamp}
    )
    quoted = await till.call("POST", "/v1/quotes", {"customer": her, "add": lamp, "issue": True})
    asked = {"kind": "demonstration", "subject": "La lampe", "customer": her}
    enquired = await till.call("POST", "/v1/enquiries", asked)
    for answer in (wished, quoted, enquired):
        assert answer.status_code == 201, answer.text

    file = await file_of(till, email=zoe["email"])

    assert [one["name"] for one in file["wishlists"]] == ["Noël"]
    assert [one["state"] for one in file["quotes"]] == ["issued"]
    assert [one["subject"] for one in file["enquiries"]] == ["La lampe"]
    found = await shared.operator.get("/v1/quotes", customer=hers)
    assert [one["id"] for one in found.json()["items"]] == [file["quotes"][0]["id"]]
    stranger = await file_of(till, email=(await known(shared))["email"])
    assert stranger["wishlists"] == stranger["quotes"] == stranger["enquiries"] == []


async def known(world: World) -> Json:
    """Somebody else that the shop told of."""
    other = somebody()
    await seen(world, other)
    return other


async def test_once_her_key_is_destroyed_nothing_is_known_of_her(shared: World) -> None:
    zoe, tenant = somebody(), await shared.tenant()
    hers = (await seen(shared, zoe, consent={"analytics": True}))["id"]
    await file_of(shared.till(), email=zoe["email"])
    assert await shared.gateway.documents.keys.destroy_person(tenant, uuid_of(hers))

    answer = (await shared.operator.get(f"/v1/customers/{hers}")).json()
    assert (answer["email"], answer["identifiers"], answer["consent"]) == (None, [], [])
    (look,) = (await shared.operator.get(f"/v1/customers/{hers}/accesses")).json()["items"]
    assert look["purpose"] is None
    assert await consents(shared.gateway, tenant, hers, SLUG) == {}
    # She comes back: known anew, under a key of her own again.
    await seen(shared, zoe)
    again = (await shared.operator.get(f"/v1/customers/{hers}")).json()
    assert again["email"] == zoe["email"]
