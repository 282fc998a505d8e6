"""The companion's words checked against their form, with errors that repeat no content."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from cartbridge.sdk.errors import Unreadable

M = TypeVar("M", bound=BaseModel)


def understood(model: type[M], data: Any, where: str) -> M:
    """The model of a part of a body; Unreadable names the first wrong field, never its value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = where
    for part in first["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}"
    raise Unreadable(f"{place.removeprefix('.') or 'body'}: {first['msg']}")
