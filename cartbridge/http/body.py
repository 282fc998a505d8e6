"""Reading what was sent: bounded, strict, and every fault named with its place."""

import asyncio
from typing import Any, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.payload import loads
from cartbridge.services.problems import Problem

API_LIMIT: Final = 64 * 1024
HOOK_LIMIT: Final = 256 * 1024
ITEMS_LIMIT: Final = 4 * 1024 * 1024
READ_SECONDS: Final = 4.0
RETRY_SECONDS: Final = 2  # when a caller for whom there was no room should come back
API_VALUES: Final = 10_000
ITEMS_VALUES: Final = 500_000

ARRIVING_BYTES: Final = 64_000_000  # of bodies that come in pieces, all together

M = TypeVar("M", bound=BaseModel)


def bytes_here(request: web.BaseRequest, limit: int) -> bytes:
    """The exact bytes of a body that has come to its end; too many or encoded ones are refused."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem("unsupported_encoding")
    try:
        body = request.content.read_nowait()
    except ConnectionResetError:  # the caller has hung up: nobody waits for an answer
        raise Problem("too_slow") from None
    if len(body) > limit:
        raise Problem("too_large", limit=str(limit))
    return body


class Arriving:
    """How much is held of bodies that are not here to their last byte."""

    def __init__(self, limit: int = ARRIVING_BYTES) -> None:
        self._room = limit

    def more(self, size: int) -> None:
        """Makes room for so many bytes; Problem `unavailable` if there is none."""
        if size > self._room:
            raise Problem("unavailable", retry_after=RETRY_SECONDS)
        self._room -= size

    def less(self, size: int) -> None:
        """They arrived, or never will."""
        self._room += size


ARRIVING: Final = web.AppKey("arriving", Arriving)


async def read_bytes(request: web.Request, limit: int) -> bytes:
    """The exact bytes of the body; too many, too slow or an encoded body is refused."""
    if request.content.is_eof():
        return bytes_here(request, limit)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem("unsupported_encoding")
    if request.content_length is not None and request.content_length > limit:
        raise Problem("too_large", limit=str(limit))
    arriving, chunks, size = request.app[ARRIVING], [], 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.content.iter_any():
                arriving.more(len(chunk))
                size += len(chunk)
                if size > limit:
                    raise Problem("too_large", limit=str(limit))
                chunks.append(chunk)
    except (TimeoutError, ConnectionResetError):  # or the caller has hung up in mid-sentence
        raise Problem("too_slow") from None
    finally:
        arriving.less(size)
    return b"".join(chunks)


def parse(model: type[M], raw: bytes, max_values: int = API_VALUES) -> M:
    """The model in a body; faults are told by field, an unknown field by its name."""
    try:
        value: Any = loads(raw, max_values)
    except Unreadable as error:
        raise Problem("invalid_request", errors=({"field": "", "why": str(error)},)) from None
    return check(model, value)


def check(model: type[M], value: Any) -> M:
    """The model of a value that was read already."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Problem(_code(error), errors=faults(error)) from None


def faults(error: ValidationError) -> tuple[dict[str, str], ...]:
    """Where and why, without repeating what was sent."""
    return tuple(
        {"field": ".".join(str(part) for part in fault["loc"]), "why": fault["msg"]}
        for fault in error.errors(include_input=False, include_url=False, include_context=False)
    )[:20]


def _code(error: ValidationError) -> str:
    kinds = {fault["type"] for fault in error.errors(include_input=False, include_context=False)}
    return "unknown_field" if kinds == {"extra_forbidden"} else "invalid_request"
