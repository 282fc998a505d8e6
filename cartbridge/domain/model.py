"""The form of every model: values that never change and know all their fields."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A value that never changes and refuses, by name, a field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Top-level fields that may hold personal data; the database keeps them only encrypted.
    personal: ClassVar[frozenset[str]] = frozenset()
