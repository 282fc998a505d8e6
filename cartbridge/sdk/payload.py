"""Reading a platform's JSON: strictly, exactly, and without falling for hostile input."""

import json
import re
from decimal import Decimal
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from cartbridge.sdk.errors import Unreadable

Model = TypeVar("Model", bound=BaseModel)

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 50_000  # the 2,000 lines that a cart may have, each told in every detail
# The closing quote is optional, so that an unclosed string is read once and not from each quote.
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?')
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_BRACKETS: Final = re.compile(rb"[\[\]{}]")
_MAX_SAID: Final = 3  # wrong fields that one error names
_MARKS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{},]')


def loads(body: bytes, max_values: int = MAX_VALUES) -> dict[str, Any]:
    """The object in a body: numbers exact, no NaN, no repeated names, at most 64 deep.

    Unreadable says what is wrong and, as far as that can be told, at which byte.
    """
    bare = _STRING.sub(b"", body)
    if _depth(bare) > MAX_DEPTH or _values(bare) > max_values:
        raise Unreadable(_too_much(body, max_values))
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_refuse,
            object_pairs_hook=_once,
        )
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None  # the cause would repeat the whole body
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    if _SURROGATE.search(body):
        _check_texts(value)
    return value


def _depth(bare: bytes) -> int:
    """How deep the brackets of a body without its strings are nested."""
    deepest = depth = 0
    for bracket in _BRACKETS.findall(bare):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _values(bare: bytes) -> int:
    """How many values a body without its strings holds: those after a comma, and the first ones."""
    return bare.count(b",") + bare.count(b"[") + bare.count(b"{") + 1


def _too_much(body: bytes, max_values: int) -> str:
    """Which bound is exceeded, and where."""
    depth, values = 0, 1
    for mark in _MARKS.finditer(body):
        if mark.group() in b"]}":
            depth -= 1
        elif mark.group() in b"[{,":
            depth += mark.group() != b","
            values += 1
        if depth > MAX_DEPTH:
            return f"nested deeper than {MAX_DEPTH}, at byte {mark.start()}"
        if values > max_values:
            break
    return f"more than {max_values} values, at byte {mark.start()}"


def _check_texts(value: Any) -> None:
    """Half of a surrogate pair is no character: nothing could store or show it."""
    if isinstance(value, str):
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Unreadable("a text holds half of a surrogate pair")
    elif isinstance(value, dict):
        for name, member in value.items():
            _check_texts(name)
            _check_texts(member)
    elif isinstance(value, list):
        for member in value:
            _check_texts(member)


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if len(text) > 40 or not -20 <= value.adjusted() <= 20:
        raise ValueError("a number out of any shop's range")
    return value


def _integer(text: str) -> int:
    if len(text) > 20:
        raise ValueError("a number out of any shop's range")
    return int(text)


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


def understood(model: type[Model], value: Any, where: str = "") -> Model:
    """A part of a body in its form; Unreadable names the wrong fields, never what they held."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        said = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = "; ".join(f"{_path(where, fault['loc'])}: {fault['msg']}" for fault in said[:_MAX_SAID])
    more = f"; {len(said) - _MAX_SAID} more" if len(said) > _MAX_SAID else ""
    raise Unreadable(wrong + more)


def _path(where: str, location: tuple[int | str, ...]) -> str:
    path = where
    for part in location:
        name = str(part)[:60].encode("ascii", "backslashreplace").decode()
        path += f"[{part}]" if isinstance(part, int) else f".{name}"
    return path.removeprefix(".") or "body"
