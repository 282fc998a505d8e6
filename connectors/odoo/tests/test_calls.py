"""Odoo's two ways of being called, and what its errors mean; those recorded are Odoo's own."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from cartbridge_odoo import Odoo
from cartbridge_odoo.calls import TIMEOUT, Calls
from cartbridge_odoo.settings import Settings
from fake_odoo import KEY, NAME
from fake_odoo_website import FakeWebsite
from odoo_carts import LAMPS, SECRET, Made, placement
from pydantic import ValidationError

from cartbridge.sdk.documents import TwinRef
from cartbridge.sdk.errors import ConnectorError, Credentials, Ignore, Refuse, Retry, Unknown

ERRORS = json.loads((Path(__file__).parent / "captures" / "errors.json").read_text())
ODOO = Odoo()
CROSSED = {
    "name": "psycopg2.errors.SerializationFailure",
    "message": "could not serialize access due to concurrent update",
}
LOCKED = {
    "name": "psycopg2.errors.LockNotAvailable",
    "message": 'could not obtain lock on row in relation "ir_sequence"',
}


async def test_json2_carries_key_database_and_company(odoo: FakeWebsite, remote: Made) -> None:
    cart = odoo.new_cart()
    ref = TwinRef(connection="con_1", external_id=cart)
    await ODOO.fetch(ref, remote(company_id=3))
    first = odoo.requests[0]
    assert first.url.path == "/json/2/sale.order/search_read"
    assert first.headers["authorization"] == f"bearer {KEY}"
    assert first.headers["x-odoo-database"] == NAME
    body = json.loads(first.content)
    assert body["context"] == {"allowed_company_ids": [3]}
    assert "ids" not in body


async def test_a_call_may_take_as_long_as_a_till_is_numbering(
    odoo: FakeWebsite, remote: Made
) -> None:
    await ODOO.place(placement(LAMPS), remote())
    waits = [call.extensions["timeout"]["read"] for call in odoo.requests]
    assert set(waits) == {TIMEOUT.read}
    assert min(waits) >= 30


async def test_json_rpc_says_the_same(odoo: FakeWebsite, remote: Made) -> None:
    old = remote(version="18.0", login="cartbridge@example.fr")
    new = await ODOO.place(placement(LAMPS), remote())
    placed = await ODOO.place(placement(LAMPS, name="clm_2"), old)
    assert placed.snapshot.basket == new.snapshot.basket
    cart = odoo.new_cart()
    ref = TwinRef(connection="con_1", external_id=cart)
    assert await ODOO.fetch(ref, old) == await ODOO.fetch(ref, remote())
    assert odoo.requests[-5].url.path == "/json/2/sale.order/search_read"
    paths = {call.url.path for call in odoo.requests}
    assert "/jsonrpc" in paths


async def test_json_rpc_knows_a_wrong_key(odoo: FakeWebsite, remote: Made) -> None:
    wrong = remote(version="18.0", login="cartbridge@example.fr", api_key="0" * 40)
    with pytest.raises(Credentials):
        await ODOO.place(placement(LAMPS), wrong)


async def test_json_rpc_tells_errors_alike(odoo: FakeWebsite, remote: Made) -> None:
    old = remote(version="18.0", login="cartbridge@example.fr")
    with pytest.raises(Refuse, match="is the app that brings it installed"):
        await Calls(old).call("no.model", "read", {}, ids=[1])


@respx.mock
@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("error_bad_key_401", Credentials, "new one"),
        ("error_access_403_posuser_reads_sale_order", Refuse, "Sales: User, All Documents"),
        ("error_private_method", Refuse, "lacks a right"),
        ("error_unknown_model_404", Refuse, "installed"),
        ("error_inject_closed_session", Ignore, "no session is open"),
        ("error_validation_422", Refuse, "ValidationError"),
        ("error_unlink_draft_french_law", Refuse, "UserError"),
        ("error_french_inalterability", Refuse, "UserError"),
        ("error_bad_kwarg_422", Refuse, "UnprocessableEntity"),
    ],
)
async def test_an_error_of_odoos_tells_what_to_do_and_nothing_else(
    remote: Made, name: str, error: type[ConnectorError], says: str
) -> None:
    told = ERRORS[name]
    respx.post(url__regex=r".*/json/2/.*").respond(told["status"], json=told["json"])
    model = "sale.order" if "sale_order" in name else "pos.order"
    with pytest.raises(error, match=says) as caught:
        await Calls(remote()).call(model, "search_read", {})
    said = repr(caught.value) + repr(caught.value.__cause__)
    assert "Traceback" not in said
    assert told["json"]["message"][:40] not in said
    assert KEY not in said


@respx.mock
@pytest.mark.parametrize("told", [CROSSED, LOCKED])
async def test_crossing_another_writing_is_tried_again(remote: Made, told: dict[str, Any]) -> None:
    respx.post(url__regex=r".*/json/2/.*").respond(500, json=told)
    with pytest.raises(Retry) as caught:
        await Calls(remote()).call("pos.order", "sync_from_ui", {})
    assert caught.value.seconds is not None


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500, json={"name": "builtins.KeyError", "message": "x"}), Unknown),
        (httpx.Response(404, json={"name": "odoo.exceptions.MissingError"}), Ignore),
        (httpx.Response(404, content=b"<html>"), Refuse),
        (httpx.Response(302, headers={"location": "/web/login"}), Refuse),
        (httpx.Response(200, content=b"<html>"), Unknown),
        (httpx.Response(200, json={"id": 1}), Unknown),
        (httpx.Response(200, json=[{"id": 1}]), Unknown),
        (httpx.Response(200, json=[{"id": "1", "state": "draft"}]), Unknown),
    ],
)
async def test_an_answer_that_is_not_odoos_is_none(
    remote: Made, answer: httpx.Response, error: type[ConnectorError]
) -> None:
    respx.post(url__regex=r".*").mock(return_value=answer)
    with pytest.raises(error):
        await Calls(remote()).search("pos.order", [], ["state"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://odoo.example"},
        {"base_url": "https://user:word@odoo.example"},
        {"base_url": "https://odoo.example/?db=shop"},
        {"path_secrets": []},
        {"path_secrets": ["too-short"]},
        {"path_secrets": ["with/slash/0123456789abcdef0123456789"]},
        {"version": "18.0"},
        {"version": "17.0", "login": "a@b.fr"},
        {"sales": False},
        {"companion": True, "website": False},
        {"mode": "quotation", "sales": False, "website": False},
        {"colour": "red"},
    ],
)
def test_wrong_settings_are_refused_without_repeating_them(wrong: dict[str, Any]) -> None:
    right = {
        "base_url": "https://odoo.example",
        "database": NAME,
        "api_key": KEY,
        "path_secrets": [SECRET],
    }
    assert Settings.model_validate(right).till(None) is None
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({**right, **wrong})
    for secret in (KEY, SECRET, "too-short", "word@", "with/slash"):
        assert secret not in str(caught.value)
