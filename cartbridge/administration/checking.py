"""Checking what was typed, and naming each option that is wrong."""

from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cartbridge.administration.complaints import MISUSED, CommandRefused

_SLUGS: Final = ("id", "brand", "store")
Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], **values: Any) -> Model:
    """The model of these values; CommandRefused naming each option that is wrong."""
    try:
        return model(**values)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        raise CommandRefused("; ".join(map(_in_words, faults)), MISUSED) from None


def _in_words(fault: ErrorDetails) -> str:
    name = ".".join(map(str, fault["loc"]))
    if name in _SLUGS and fault["type"] == "string_pattern_mismatch":
        return f"{name}: use lower-case letters, digits and dashes, such as lyon-part-dieu"
    return f"{name.replace('_', '-')}: {fault['msg']}"
