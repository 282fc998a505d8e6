"""The form of every model: values that never change and know all their fields."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """A value that never changes and refuses, by name, a field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Top-level fields that may hold personal data; the database keeps them only encrypted.
    personal: ClassVar[frozenset[str]] = frozenset()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self  # it never changes: a default is shared, not copied for each model


def left_out() -> Any:
    """A field that came later: while it is None it is not written, so that older readers get on."""
    return Field(default=None, exclude_if=_is_none)


def _is_none(value: Any) -> bool:
    return value is None
