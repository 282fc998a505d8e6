"""An operator looks at what came in and what was given up, and lets it be done again."""

import base64
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from cartbridge.domain.ids import named, uuid_of
from tests.acceptance.world import BOOK, LAMP, Caller, Json, World, line, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

EMAIL = "canary@example.test"
BROKEN = b'{"type": "cart.snapshot", "data": {"customer": "' + EMAIL.encode()


async def put_aside(shared: World) -> str:
    """A message that nobody can read, put aside."""
    message: str = (await shared.shop.send(BROKEN)).json()["message"]
    await shared.settled()
    return message


async def reader_of_bodies(shared: World) -> Caller:
    """An operator whose key was made with the scope that shows what was sent."""
    keys, tenant = shared.gateway.directory.keys, await shared.tenant()
    _, key = await keys.issue(tenant, "ops", "looks inside", scopes=("bodies",))
    return Caller(shared.client, key)


async def given_up(shared: World, reason: str = "the shop answers 500") -> str:
    """An errand of the demo shop that was given up, about a cart."""
    cart, _ = await shared.offered()
    tenant = await shared.tenant()
    link = await shared.gateway.connectors.by_name(tenant, "demo-shop")
    assert link is not None
    letter = await shared.gateway.outbox.enqueue(
        tenant,
        f"lane-{uuid.uuid4()}",
        "adopt",
        b"{}",
        connection=link.uuid,
        document=cart["id"],
        delay=timedelta(days=1),
    )
    await shared.owner.execute(
        "update outbox set state = 'dead', attempts = 11, reason = $2 where id = $1",
        letter,
        reason,
    )
    return named("out", letter)


async def item(shared: World, path: str, identifier: str) -> Json | None:
    """One of a list, going on from page to page; the pages are in order and do not overlap."""
    seen: list[Json] = []
    after: dict[str, str] = {}
    while True:
        page = (await shared.operator.get(path, limit="3", **after)).json()
        seen += page["items"]
        if page["next"] is None:
            break
        assert len(page["items"]) == 3
        after = {"after": page["next"]}
    assert len({one["id"] for one in seen}) == len(seen)
    return next((one for one in seen if one["id"] == identifier), None)


async def test_a_message_is_listed_with_what_became_of_its_parts(shared: World) -> None:
    sent = await shared.shop.snapshot(f"web-{uuid.uuid4().hex}", line(LAMP), line(BOOK))
    await shared.settled()

    found = await item(shared, "/v1/messages", sent.json()["message"])

    assert found is not None
    assert (found["connection"], found["state"], found["reason"]) == ("demo-shop", "sorted", None)
    (part,) = found["parts"]
    assert (part["state"], part["attempts"]) == ("applied", 1)
    assert part["done_at"] is not None


async def test_what_is_put_aside_is_found_by_its_state_and_connection(shared: World) -> None:
    message = await put_aside(shared)
    ask = shared.operator.get

    aside = (await ask("/v1/messages", state="quarantined", connection="demo-shop")).json()
    other = (await ask("/v1/messages", state="quarantined", connection="sandbox-shop")).json()

    (found,) = [one for one in aside["items"] if one["id"] == message]
    assert found["state"] == "quarantined"
    assert found["reason"]
    assert message not in {one["id"] for one in other["items"]}
    refused(await ask("/v1/messages", connection="nobody"), 404, "not_found")
    refused(await ask("/v1/messages", state="nothing"), 400, "invalid_request")
    refused(await ask("/v1/messages", after="msg_1"), 400, "invalid_request")


async def test_what_was_sent_is_shown_only_to_keys_made_for_it(shared: World) -> None:
    message = await put_aside(shared)
    path = f"/v1/messages/{message}"

    plain = await shared.operator.get(path)
    denied = await shared.operator.get(path, body="true")
    shown = await (await reader_of_bodies(shared)).get(path, body="true")

    assert plain.json()["content"] is None
    assert EMAIL not in plain.text
    problem = refused(denied, 403, "forbidden")
    assert "--scope bodies" in problem["detail"]
    content = shown.json()["content"]
    assert content["text"] == BROKEN.decode()
    headers = dict(content["headers"])
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"]


async def test_secrets_in_headers_are_blotted_and_bytes_are_told_as_base64(shared: World) -> None:
    sent = await shared.shop.send(b"\xff\xfe", X_Shop_Token="s3cret", Cookie="id=s3cret")
    await shared.settled()
    reader = await reader_of_bodies(shared)

    shown = await reader.get(f"/v1/messages/{sent.json()['message']}", body="true")

    content = shown.json()["content"]
    assert base64.b64decode(content["base64"]) == b"\xff\xfe"
    assert content["text"] is None
    assert dict(content["headers"])["x-shop-token"] == "…"
    assert "s3cret" not in shown.text


async def test_a_message_is_read_again_and_one_that_took_effect_is_left_alone(
    shared: World,
) -> None:
    aside = await put_aside(shared)
    sent = await shared.shop.snapshot(f"web-{uuid.uuid4().hex}", line(LAMP))
    applied = sent.json()["message"]
    await shared.settled()
    call = shared.operator.call

    again = await call("POST", f"/v1/messages/{aside}/replay")
    await shared.settled()
    before = await shared.event_count()
    nothing = await call("POST", f"/v1/messages/{applied}/replay")
    await shared.settled()

    assert again.json() == {"replayed": 1}
    assert nothing.json() == {"replayed": 0}
    assert await shared.event_count() == before
    found = await shared.operator.get(f"/v1/messages/{aside}")
    assert found.json()["state"] == "quarantined"  # it is as broken as it was


async def test_a_replay_mends_what_could_not_be_applied(shared: World) -> None:
    name = f"web-{uuid.uuid4().hex}"
    sent = (await shared.shop.snapshot(name, line(LAMP))).json()["message"]
    await shared.settled()
    await shared.owner.execute(
        "update inbox_part set state = 'quarantined' where message = $1", uuid_of(sent)
    )

    answer = await shared.operator.call(
        "POST", "/v1/messages/replay", {"connection": "demo-shop", "since": "2026-01-01T00:00:00Z"}
    )
    await shared.settled()

    assert answer.json()["replayed"] >= 1
    found = (await shared.operator.get(f"/v1/messages/{sent}")).json()
    assert [part["state"] for part in found["parts"]] == ["applied"]


async def test_all_at_once_is_never_meant(shared: World) -> None:
    for what in ("messages", "dead-letters"):
        answer = await shared.operator.call("POST", f"/v1/{what}/replay", {})
        refused(answer, 400, "invalid_request")
        answer = await shared.operator.call("POST", f"/v1/{what}/replay", {"connection": "nobody"})
        refused(answer, 404, "not_found")


async def test_a_dead_letter_is_listed_and_leaves_after_all(shared: World) -> None:
    letter = await given_up(shared)
    path = f"/v1/dead-letters/{letter}/replay"

    listed = await item(shared, "/v1/dead-letters", letter)
    key = uuid.uuid4().hex
    first = await shared.operator.call("POST", path, Idempotency_Key=key)
    repeated = await shared.operator.call("POST", path, Idempotency_Key=key)
    await shared.settled()

    assert listed is not None
    assert listed["document"].startswith("crt_")
    assert (listed["connection"], listed["kind"]) == ("demo-shop", "adopt")
    assert (listed["attempts"], listed["reason"]) == (11, "the shop answers 500")
    assert first.json() == {"replayed": 1}
    assert (repeated.status_code, repeated.headers["Idempotent-Replayed"]) == (200, "true")
    assert await item(shared, "/v1/dead-letters", letter) is None
    refused(await shared.operator.call("POST", path), 404, "not_found")


async def test_a_dead_letter_to_a_subscription_names_it(shared: World) -> None:
    subscription = "sub_" + uuid.uuid4().hex
    letter = await shared.gateway.outbox.enqueue(
        *(await shared.tenant(), "lane", "event", b"{}"),
        connection=uuid_of(subscription),
        delay=timedelta(days=1),
    )
    await shared.owner.execute("update outbox set state = 'dead' where id = $1", letter)

    listed = await shared.operator.get("/v1/dead-letters", connection=subscription)

    assert [one["connection"] for one in listed.json()["items"]] == [subscription]
    await shared.owner.execute("delete from outbox where id = $1", letter)


async def test_dead_letters_leave_by_connection_and_by_time(shared: World) -> None:
    old, new = await given_up(shared), await given_up(shared)
    await shared.owner.execute(
        "update outbox set created_at = now() - interval '3 days' where id = $1", uuid_of(old)
    )
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    call = shared.operator.call

    one = await call("POST", "/v1/dead-letters/replay", {"until": yesterday})
    kept = await item(shared, "/v1/dead-letters", new)
    rest = await call("POST", "/v1/dead-letters/replay", {"connection": "demo-shop"})

    assert one.json() == {"replayed": 1}
    assert kept is not None
    assert rest.json()["replayed"] >= 1
    assert (await shared.operator.get("/v1/dead-letters")).json()["items"] == []
