"""The described surface: what is told is what is served, and every example is true."""

import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from cartbridge.domain.cart.state import Cart
from cartbridge.http import asyncapi, docs, server
from cartbridge.http.keys import GATEWAY
from cartbridge.http.openapi import describe
from cartbridge.http.openapi_operations import Operation, of_route
from cartbridge.http.openapi_problems import ProblemDocument
from cartbridge.http.openapi_story import story
from cartbridge.http.openapi_unlisted import UNLISTED
from cartbridge.http.routes import Route
from cartbridge.pages.problems import CODES
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem

PLACE = "https://gateway.example"
API: dict[str, Any] = describe(server.ROUTES, PLACE)
OPERATIONS: tuple[Operation, ...] = (*(of_route(route) for route in server.ROUTES), *UNLISTED)
# Served for pages alone: the files they load, and the capital spelling of a scanned address.
BESIDE = ("/static/", "/docs/", "/H/")

Client = TestClient[web.Request, web.Application]


def told(method: str, path: str) -> dict[str, Any]:
    return cast("dict[str, Any]", API["paths"][path][method.lower()])


def names(operation: dict[str, Any], place: str) -> set[str]:
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == place}


def codes(response: dict[str, Any]) -> list[str]:
    content = response.get("content", {}).get("application/problem+json")
    return content["schema"]["allOf"][1]["properties"]["code"]["enum"] if content else []


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Where an example stands, the schema it promises to be one of, and the example."""
    for path, item in API["paths"].items():
        for method, operation in item.items():
            bodies = [operation["requestBody"]] if "requestBody" in operation else []
            for body in (*bodies, *operation["responses"].values()):
                for content in body.get("content", {}).values():
                    if "example" in content:
                        yield f"{method} {path}", content["schema"], content["example"]


def within(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document, the document first."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            yield from within(part)


EXAMPLES = list(examples())
NAMED = [pytest.param(*rest, id=name) for name, *rest in EXAMPLES]


def test_the_description_is_valid_openapi() -> None:
    validate(API)


def test_everything_served_is_described_and_everything_described_is_served() -> None:
    app = server.make_application(cast(Gateway, None))
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    served = {each for each in served if not each[1].startswith(BESIDE)}
    described = {(method.upper(), p) for p, item in API["paths"].items() for method in item}
    assert described - served == set(), "described, but nobody serves it"
    assert served - described == set(), (
        "served, but not described: tell it with Routes, or in cartbridge/http/openapi_unlisted.py"
    )


def test_every_operation_has_its_own_id_and_is_told_in_words() -> None:
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)
    for operation in OPERATIONS:
        shown = told(operation.method, operation.path)
        assert shown["summary"]
        assert shown["description"]
        assert shown["tags"][0] in {tag["name"] for tag in API["tags"]}
        assert all(one["description"] for one in shown.get("parameters", ()))


@pytest.mark.parametrize("route", server.ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_s_promises_are_told(route: Route) -> None:
    shown = told(route.method, route.path)
    headers = names(shown, "header")
    assert ("Idempotency-Key" in headers) == route.idempotent
    assert ("If-Match" in headers) == ("precondition_failed" in route.problems)
    assert ("CartBridge-Terminal" in headers) == ("pos" in route.roles)
    assert shown["x-roles"] == sorted(route.roles)
    assert shown["security"] == [{"key": []}]
    assert ("requestBody" in shown) == (route.body is not None)
    asked = route.query.model_json_schema()["properties"] if route.query else {}
    assert names(shown, "query") == set(asked)
    assert str(route.status) in shown["responses"]
    for code in route.problems:
        assert code in codes(shown["responses"][str(Problem(code).status)])


def test_what_needs_no_key_says_so() -> None:
    for operation in UNLISTED:
        assert told(operation.method, operation.path)["security"] == []


def test_the_feed_is_described_as_pages_and_as_a_stream() -> None:
    shown = told("GET", "/v1/events")
    assert set(shown["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert "Last-Event-ID" in names(shown, "header")


def test_a_failed_if_match_answers_the_cart_as_it_is_now() -> None:
    content = told("PATCH", "/v1/pos/carts/{cart}")["responses"]["412"]["content"]
    own = content["application/problem+json"]["schema"]["allOf"][1]["properties"]
    assert own["cart"] == {"$ref": "#/components/schemas/CanonicalCart"}


def test_each_problem_stands_under_its_own_status() -> None:
    for operation in OPERATIONS:
        for status, response in told(operation.method, operation.path)["responses"].items():
            for code in codes(response):
                assert str(Problem(code).status) == status
                assert code in operation.problems


def test_every_problem_that_may_come_has_words() -> None:
    mentioned = {code for operation in OPERATIONS for code in operation.problems}
    missing = sorted(mentioned - set(CODES))
    assert missing == [], f"add {', '.join(missing)} to cartbridge/pages/problems.py and its words"


def test_the_example_of_a_problem_is_one() -> None:
    (example,) = API["components"]["schemas"]["ProblemDocument"]["examples"]
    document = ProblemDocument.model_validate(example)
    assert document.status == Problem(document.code).status == 409


def test_requests_are_strict_and_answers_may_gain_fields() -> None:
    schemas = API["components"]["schemas"]
    assert schemas["ClaimRequest"]["additionalProperties"] is False
    assert schemas["Customer-Input"]["additionalProperties"] is False
    for name in ("ClaimAnswer", "CanonicalCart", "Customer-Output", "ProblemDocument"):
        assert "additionalProperties" not in schemas[name]


def test_everything_sent_and_answered_has_an_example() -> None:
    for operation in OPERATIONS:
        shown = told(operation.method, operation.path)
        if operation.body is not None:
            content = shown["requestBody"]["content"]["application/json"]
            assert "example" in content, f"{operation.id}: see cartbridge/http/openapi_sent.py"
        for status, answer in operation.answers.items():
            if answer.model is not None:
                content = shown["responses"][str(status)]["content"]["application/json"]
                assert "example" in content, (
                    f"{operation.id}: see cartbridge/http/openapi_answered.py"
                )


@pytest.mark.parametrize(("schema", "example"), NAMED)
def test_an_example_is_what_its_schema_promises(schema: dict[str, Any], example: Any) -> None:
    OAS31Validator({**schema, "components": API["components"]}).validate(example)


def test_an_example_is_what_its_model_takes() -> None:
    for operation in OPERATIONS:
        shown = told(operation.method, operation.path)
        if operation.body is not None:
            content = shown["requestBody"]["content"]["application/json"]
            operation.body.model_validate_json(json.dumps(content["example"]))
        for status, answer in operation.answers.items():
            if answer.model is not None:
                content = shown["responses"][str(status)]["content"]["application/json"]
                answer.model.model_validate_json(json.dumps(content["example"]))


def carts() -> Iterator[dict[str, Any]]:
    for _, _, example in EXAMPLES:
        yield from (each for each in within(example) if "totals" in each and "codes" in each)


def test_every_cart_in_an_example_adds_up() -> None:
    seen = list(carts())
    assert {cart["state"] for cart in seen} == {"open", "claimed", "fulfilled"}
    for cart in seen:
        lines, totals = cart["lines"], cart["totals"]
        discounts = sum(part["amount"] for line in lines for part in line["discounts"])
        net = sum(line["total"] for line in lines)
        fees = [fee for line in lines for fee in line["fees"]]
        apart = sum(fee["amount"] for fee in fees if not fee["included"])
        assert cart["tax_mode"] == "inclusive"
        assert totals["discounts"] == discounts
        assert totals["items"] == net + discounts
        assert totals["fees"] == sum(fee["amount"] for fee in fees)
        assert totals["tax"] == sum(tax["amount"] for line in lines for tax in line["taxes"])
        assert totals["total"] == net + totals["shipping"] + apart
        assert totals["complete"] is True


def test_every_line_in_an_example_adds_up() -> None:
    lines = [each for _, _, e in EXAMPLES for each in within(e) if "taxes" in each]
    assert len(lines) > 10
    for line in lines:
        gross = line["unit_price"] * Decimal(line["quantity"]["value"])
        assert line["total"] == gross - sum(part["amount"] for part in line.get("discounts", ()))
        for tax in line["taxes"]:  # held in the price; a split line's share is rounded once more
            net = line["total"] / (1 + Decimal(tax["rate"]))
            assert abs(tax["amount"] - (line["total"] - net)) < 1


def test_every_number_in_an_example_has_its_check_digit() -> None:
    found = set()
    for _, _, example in EXAMPLES:
        for each in within(example):
            found |= {each["gtin"]} if each.get("gtin") else set()
            found |= set(each.get("gtins", ()))
    assert len(found) == 3
    for number in found:
        odd, even = number[-1::-2], number[-2::-2]
        assert (sum(map(int, odd)) + 3 * sum(map(int, even))) % 10 == 0, number


def test_the_hook_in_the_example_is_the_canonical_webhook() -> None:
    content = told("POST", "/v1/hooks/{hook}")["requestBody"]["content"]
    example = content["application/json"]["example"]
    assert example["type"] == "cart.snapshot"
    sent = told("PUT", "/v1/connections/{connection}/carts/{external_id}")["requestBody"]
    snapshot = sent["content"]["application/json"]["example"]
    assert example["data"] == {"external_id": "Z2NwOjE4", **snapshot}


def test_the_sale_in_the_examples_is_the_one_the_till_told() -> None:
    shown = told("POST", "/v1/pos/claims/{claim}/complete")
    sent = shown["requestBody"]["content"]["application/json"]["example"]
    answered = shown["responses"]["200"]["content"]["application/json"]["example"]
    sale = answered["cart"]["sale"]
    assert sale["receipt_number"] == sent["receipt_number"]
    assert {line["line"]: line["quantity"] for line in sale["lines"]} == {
        line["line"]: line["quantity"] for line in sent["lines"]
    }
    assert sum(line["total"] for line in sale["lines"]) == sent["total"]
    (left,) = answered["remainder"]["lines"]
    assert (left["item"]["sku"], left["quantity"]["value"]) == ("LAMP-OAK", "1")
    assert answered["remainder"]["id"] == sale["remainder"]


def test_every_event_has_a_message_and_a_published_schema() -> None:
    feed, published = asyncapi.describe(PLACE), asyncapi.published_schemas(PLACE)
    messages = feed["components"]["messages"]
    assert set(feed["channels"]["feed"]["messages"]) == set(messages)
    assert len(messages) == len(asyncapi.EVENTS)
    for event in asyncapi.EVENTS:
        own = messages[asyncapi.type_of(event)]["payload"]["allOf"][1]["properties"]
        schema = published[asyncapi.schema_name(event)]
        assert own["dataschema"]["const"] == schema["$id"]
        assert "type" not in schema["properties"]
        reference = own["data"]["$ref"].rpartition("/")[2]
        assert feed["components"]["schemas"][reference]["properties"].keys() == (
            schema["properties"].keys()
        )


def test_every_reference_of_the_feed_leads_somewhere() -> None:
    feed = asyncapi.describe(PLACE)
    for each in within(feed):
        if isinstance(each.get("$ref"), str):
            place: Any = feed
            for step in each["$ref"].removeprefix("#/").split("/"):
                place = place[step]


def test_what_happens_in_the_examples_fits_the_published_schemas() -> None:
    published = asyncapi.published_schemas(PLACE)
    for chapter in story():
        for event in chapter.events:
            data = event.model_dump(mode="json", exclude={"type"})
            OAS31Validator(published[asyncapi.schema_name(type(event))]).validate(data)


def test_the_examples_tell_a_cart_s_life_to_its_end() -> None:
    assert [chapter.cart.state.value for chapter in story()] == [
        "open",
        "offered",
        "claimed",
        "fulfilled",
        "fulfilled",
    ]
    assert isinstance(story().sold.remainder, Cart)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    app[GATEWAY] = cast(Gateway, SimpleNamespace(public_url="https://gateway.example"))
    docs.add_to(app, server.ROUTES)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_the_description_is_served_and_not_sent_twice(client: Client) -> None:
    first = await client.get("/openapi.json")
    assert first.status == 200
    assert await first.json() == API
    again = await client.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304
    assert await again.read() == b""


async def test_the_page_loads_nothing_from_elsewhere(client: Client) -> None:
    page = await client.get("/docs")
    assert page.status == 200
    assert page.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' data:"
    )
    html = await page.text()
    assert "//" not in html.replace("</", "")
    assert "style=" not in html
    for path, media in (("docs.css", "text/css"), ("docs.js", "text/javascript")):
        assert f'"/docs/{path}"' in html
        file = await client.get(f"/docs/{path}")
        assert file.status == 200
        assert file.content_type == media
        assert "http" not in (await file.text()).replace("https has no", "")


async def test_a_page_s_script_writes_text_only() -> None:
    script = files("cartbridge.http").joinpath("static", "docs.js").read_text("utf-8")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script


async def test_an_event_s_schema_is_served_where_it_says(client: Client) -> None:
    answer = await client.get("/schemas/cart.sold.v1.json")
    assert answer.status == 200
    assert answer.content_type == "application/schema+json"
    schema = await answer.json()
    assert schema["$id"] == f"{PLACE}/schemas/cart.sold.v1.json"
    assert (await client.get("/schemas/cart.v1.json")).status == 200


async def test_an_unknown_schema_is_a_problem_document(client: Client) -> None:
    answer = await client.get("/schemas/cart.sold.v99.json")
    assert answer.status == 404
    assert (await answer.json(content_type="application/problem+json"))["code"] == "not_found"
