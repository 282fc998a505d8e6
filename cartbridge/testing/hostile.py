"""Bodies and headers that no honest platform sends, and how recorded bodies are spoilt."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

Path = tuple[str | int, ...]

# Values that arrive in the place of any other: as JSON text, because most cannot be spoken by json.
FRAGMENTS: Final = (
    *("null", "true", "-1", "0", "1.5", "49.90", '""', '"x"', "[]", "{}", "[1]", '[{"a": 1}]'),
    *("NaN", "-Infinity", "1e400", "-1e-400", "9" * 5000, "1" * 19),
    *('"\\ud800"', '"\\u0000"', '"\\u202e"', '"%s"' % ("x" * 2001), '{"a": 1, "a": 2}'),
    *("[" * 3000 + "]" * 3000, '"2026-13-45T99:99:99Z"', '"NaN"', '"1_000"', '"\u0663"'),
)
WRONG: Final[tuple[Any, ...]] = (None, -1, "x", {})
BODIES: Final = (
    *(b"", b" ", b"null", b"[]", b"1", b'"text"', b"{", b"{}", b'{"a"', b"\xff\xfe\x00", b"\x00"),
    *(b'{"a": NaN}', b'{"a": 1e400}', b'{"a": %s}' % (b"9" * 5000), b'{"a": 1, "a": 2}'),
    *(b"[" * 100_000, b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b'{"a": "\xc3\x28"}'),
    *(b"\xef\xbb\xbf{}", '{"a": 1}'.encode("utf-16"), b'{"a": "\\ud800"}', b'{"a": "\\u0000"}'),
    b"]" * 2000 + b"[" * 2000,
)
# Values no sender puts into a signature header; aiohttp hands on bytes as surrogates.
HEADERS: Final = ("", " ", "\udcff", "é", "9" * 400, "-1", "NaN", "v1,", "\u0663")


def encoded(value: Any) -> bytes:
    """A body as most platforms write it."""
    return json.dumps(value, ensure_ascii=False).encode()


def as_json(body: bytes) -> dict[str, Any] | None:
    """The object in a recorded body, if it is one (a form is not)."""
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def reencoded(body: bytes) -> bytes:
    """The same content in other bytes, as a proxy or a framework would rewrite it."""
    value = as_json(body)
    return body.upper() + b"\n" if value is None else json.dumps(value, indent=1).encode()


def with_unknown(value: Any) -> Any:
    """The same body with a field nobody knows in every object that has fields."""
    if isinstance(value, dict) and value:
        return {**{name: with_unknown(part) for name, part in value.items()}, "zz_new": {"a": [1]}}
    return [with_unknown(part) for part in value] if isinstance(value, list) else value


def with_hostile_values(body: Mapping[str, Any]) -> Iterator[bytes]:
    """The body with each of its values missing once, and once each hostile value in its place."""
    for path in paths(body):
        yield from with_hostile_value(body, path)


def with_hostile_value(body: Mapping[str, Any], path: Path) -> Iterator[bytes]:
    """The body with the value at that place missing, and then each hostile one in its place."""
    yield encoded(without(body, path))
    template = json.dumps(put(body, path, "\x01"), ensure_ascii=False)
    for fragment in FRAGMENTS:
        yield template.replace('"\\u0001"', fragment).encode()


def misfits(body: Mapping[str, Any], path: Path) -> Iterator[bytes]:
    """The body with the value at that place missing, or of another kind that JSON allows."""
    yield encoded(without(body, path))
    for wrong in WRONG:
        yield encoded(put(body, path, wrong))


def lists_of_rows(body: Any) -> list[Path]:
    """Where a body holds lists of objects, such as a cart's lines."""
    return [path for path in paths(body) if _is_rows(at(body, path))]


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def paths(value: Any, every_row: bool = False) -> Iterator[Path]:
    """Where the parts of a body are; of rows, which are alike, the first stands for all."""
    members: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        members = iter(value.items())
    elif isinstance(value, list):
        members = iter(list(enumerate(value))[: None if every_row else 1])
    for name, part in members:
        yield (name,)
        yield from ((name, *path) for path in paths(part, every_row))


def put(value: Any, path: Path, new: Any) -> Any:
    """The same body with another value at that place."""
    name, *rest = path
    copy: Any = dict(value) if isinstance(value, Mapping) else list(value)
    copy[name] = put(value[name], tuple(rest), new) if rest else new
    return copy


def without(value: Any, path: Path) -> Any:
    """The same body without what is at that place."""
    name, *rest = path
    copy: Any = dict(value) if isinstance(value, Mapping) else list(value)
    if rest:
        copy[name] = without(value[name], tuple(rest))
    else:
        del copy[name]
    return copy


def at(value: Any, path: Path) -> Any:
    """What is at that place."""
    for name in path:
        value = value[name]
    return value
