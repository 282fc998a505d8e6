"""Odoo's records checked against their form, with errors that repeat no content."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cartbridge.sdk.errors import Unreadable

M = TypeVar("M", bound=BaseModel)


def understood(model: type[M], data: Any, where: str) -> M:
    """The model of a record; Unreadable names its first wrong field, never what stood in it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    raise Unreadable(f"{(where + path).removeprefix('.') or 'body'}: {first['msg']}")
