"""A mapping is read whole or refused by place, with what to write instead."""

import json
from typing import Any

import pytest
from cartbridge_declarative.expressions import MAX_LENGTH, NotOne, compiled
from cartbridge_declarative.mapping import MAX_TEXT, parse
from cartbridge_declarative.settings import Settings
from pydantic import ValidationError

TOPIC = {"header": "x-topic", "values": {"a": "cart"}}
SECRET = "s-9fKq2mXw71LbTzR4"


def mapping(**more: Any) -> dict[str, Any]:
    """A small mapping that is right; None takes a section out."""
    told: dict[str, Any] = {
        "signature": {"scheme": "path"},
        "kind": {"always": "cart"},
        "document": {"external_id": "id", "revision": "version"},
        "lines": {"each": "rows", "sku": "sku", "quantity": "qty"},
        "money": {"amounts": "minor"},
    }
    return {name: section for name, section in {**told, **more}.items() if section is not None}


def complaint(told: dict[str, Any]) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(json.dumps(told))
    return str(caught.value)


def test_toml_and_json_say_the_same() -> None:
    toml = """
        [signature]
        scheme = "path"
        [kind]
        always = "cart"
        [document]
        external_id = "id"
        revision = "version"
        [lines]
        each = "rows"
        sku = "sku"
        quantity = "qty"
        [money]
        amounts = "minor"
    """
    assert parse(toml) == parse(json.dumps(mapping()))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"signature": None}, "signature: it is missing"),
        ({"signature": {"scheme": "hmac"}}, "signature: name the header that carries it"),
        ({"signature": {"scheme": "rot13"}}, "signature.scheme: "),
        ({"signature": {"scheme": "header", "header": "a b"}}, "signature.header: write the name"),
        ({"document": {"external_id": "id", "revison": "v"}}, "did you mean revision?"),
        ({"documents": {}}, "documents: there is no such entry; did you mean document?"),
        ({"lines": {"each": "rows", "quantity": "qty", "zz": "a"}}, "lines.zz: there is no such"),
        ({"lines": {"each": "rows", "quantity": "qty"}}, "lines: say what an article is known by"),
        ({"lines": {"each": "rows", "sku": "sku"}}, "lines.quantity: it is missing"),
        ({"lines": None}, "lines: a cart has rows"),
        ({"lines": None, "kind": {"always": "wishlist"}}, "lines: a cart has rows"),
        ({"kind": {"always": "enquiry"}}, "enquiry: the kind and the section [enquiry]"),
        ({"enquiry": {"subject": "s"}}, "enquiry: the kind and the section [enquiry]"),
        ({"document": {"external_id": "i", "twin": "wishlist"}}, "document.twin: "),
        ({"money": None}, "money: say how amounts are written"),
        ({"money": {"amounts": "cents"}}, "money.amounts: "),
        ({"document": {"external_id": "id"}}, "would pass for a repeat"),
        ({"document": {"external_id": 7, "time": "t"}}, "document.external_id: write a JMESPath"),
        ({"kind": {}}, "kind: say it in one way"),
        ({"kind": {"always": "cart", "body": "event"}}, "kind: say it in one way"),
        ({"kind": {"body": "event"}}, "kind: values says what each value means"),
        ({"kind": {"body": "event", "values": {"a": "basket"}}}, "kind.values.a: "),
        ({"kind": {"body": "e", "values": {"a": "hint"}}}, "kind: a hint is followed by reading"),
        ({"kind": {"body": "e", "values": {"a": "sold"}}}, "document.order_number: a sale needs"),
        ({"units": {"pc": "piece"}}, "units.pc: "),
        ({"discounts": {"each": "d", "amount": "a"}, "lines": None, "kind": {"always": "gone"}},
         "lines: discounts belong to rows"),
        ({"handshake": {"ping": {"values": ["x"]}}}, "handshake.ping: say by what a ping is known"),
    ],
)  # fmt: skip
def test_a_wrong_place_is_named(more: dict[str, Any], said: str) -> None:
    assert said in complaint(mapping(**more))


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ({"signs": ["timestamp"]}, "signs names each part once, and the body among them"),
        ({"signs": ["body", "body"]}, "signs names each part once"),
        ({"signs": ["id", "body"]}, "say where it stands"),
        ({"signs": ["timestamp", "body"]}, "a time helps only where it is signed"),
        ({"timestamp_header": "x-time"}, "a time helps only where it is signed"),
        ({"digest": "md5"}, "signature.digest: "),
    ],
)
def test_a_signature_that_proves_nothing_is_refused(signature: dict[str, Any], said: str) -> None:
    told = {"scheme": "hmac", "header": "X-Sign", **signature}
    assert said in complaint(mapping(signature=told))


@pytest.mark.parametrize("scheme", ["header", "path"])
def test_what_signs_nothing_signs_no_time(scheme: str) -> None:
    told = {"scheme": scheme, "header": "X-Secret", "timestamp_header": "X-Time"}
    assert "only the scheme hmac signs something" in complaint(mapping(signature=told))


@pytest.mark.parametrize(
    ("fetch", "said"),
    [
        ({"url": "https://shop.example/carts"}, "say once where the id goes"),
        ({"url": "https://{external_id}.example/"}, "the id goes behind the host"),
        ({"url": "http://shop.example/{external_id}"}, "give an https address"),
        ({"url": "https://a:b@shop.example/{external_id}"}, "put no password before it"),
        (
            {"url": "https://shop.example/{external_id}", "kind": TOPIC},
            "an answer has no topic",
        ),
    ],
)  # fmt: skip
def test_an_address_that_leads_elsewhere_is_refused(fetch: dict[str, Any], said: str) -> None:
    assert said in complaint(mapping(fetch=fetch))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "signature: it is missing"),
        ("{", "neither TOML nor JSON: "),
        ("a = ", "neither TOML nor JSON: "),
        ("[" * 5000, "neither TOML nor JSON: "),
        ("#" * (MAX_TEXT + 1), "at most 64 KiB"),
        ('{"a":' * 5000, "nested too deeply"),
    ],
)
def test_what_is_no_mapping_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cart.[", "not JMESPath at letter"),
        ("cart#", "not JMESPath at letter"),
        ("", "it is empty"),
        ("a" * (MAX_LENGTH + 1), "at most 500 letters"),
        ("upper(a)", "there is no function upper"),
        ("length(a, b)", "takes 1 arguments"),
        ("(" * 400, "nested too deeply|not JMESPath"),
        ("|".join(["[@,@]"] * 6), "may copy what it is given at most 32 times"),
        ("merge(@,@)" + "|merge(@,@)" * 5, "may copy what it is given at most 32 times"),
    ],
)
def test_an_expression_that_cannot_work_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compiled(text)


def test_an_expression_ends() -> None:
    most = "[@,@,@,@,@]|[@,@,@,@,@][]"
    nested = {"a": [[[1] * 100] * 100] * 100}
    compiled(most).of(nested)
    with pytest.raises(NotOne, match="too many steps"):
        compiled("a[].[@,@,@,@][].{a: [0], b: [1], c: [2]}[].*[]").of({"a": [[1, 2, 3]] * 100_000})
    with pytest.raises(NotOne, match="does not fit"):
        compiled("join(join(join(a, b), b), b)").of({"a": "x" * 100, "b": ["y" * 9] * 5000})


def settings(**more: Any) -> dict[str, Any]:
    return {"mapping": json.dumps(mapping()), "secrets": [SECRET], **more}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"mapping": "{}"}, "signature: it is missing"),
        ({"secrets": []}, "secrets"),
        ({"secrets": [SECRET] * 6}, "secrets"),
        ({"secrets": ["too short"]}, "at least 16"),
        ({"secrets": ["not/for+a/path=="]}, "in an address stand letters"),
        ({"fetch_token": "tok-1"}, "fetch_token and the mapping's fetch.header go together"),
        ({"currency": "euro"}, "currency"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_settings_are_refused_without_repeating_them(
    wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        Settings.model_validate(settings(**wrong))
    for secret in (SECRET, "too short", "not/for", "tok-1"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize("form", ["hex", "base64"])
def test_a_secret_is_written_as_the_mapping_says(form: str) -> None:
    signature = {"scheme": "hmac", "header": "X-Sign", "key_form": form}
    text = json.dumps(mapping(signature=signature))
    with pytest.raises(ValidationError, match=f"secrets: not {form}"):
        Settings.model_validate({"mapping": text, "secrets": ["zz-zz-zz-zz-zz-zz-zz"]})


def test_settings_hold_the_mapping_as_text_or_as_it_is() -> None:
    as_text = Settings.model_validate(settings())
    as_it_is = Settings.model_validate(settings(mapping=mapping()))
    assert as_text == as_it_is
    assert Settings.model_validate_json(json.dumps(settings(mapping=mapping()))) == as_it_is
