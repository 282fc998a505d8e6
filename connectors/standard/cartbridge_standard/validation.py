"""Bodies checked against their form, with errors that name fields and never repeat content."""

from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from cartbridge.sdk.errors import Unreadable

_MAX_SAID: Final = 3
_Model = TypeVar("_Model", bound=BaseModel)


def understood(model: type[_Model], value: Any, at: str) -> _Model:
    """The value in its form; Unreadable names the fields that are wrong, never their content."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        said = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = "; ".join(f"{_path(at, fault['loc'])}: {fault['msg']}" for fault in said[:_MAX_SAID])
    more = f"; {len(said) - _MAX_SAID} more" if len(said) > _MAX_SAID else ""
    raise Unreadable(wrong + more)


def _path(at: str, location: tuple[int | str, ...]) -> str:
    path = at
    for part in location:
        name = str(part)[:60].encode("ascii", "backslashreplace").decode()
        path += f"[{part}]" if isinstance(part, int) else f".{name}"
    return path.removeprefix(".")
