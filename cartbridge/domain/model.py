"""The two forms every model of the domain takes: strict for what we make, open for what others send."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A value that never changes and refuses, by name, a field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Top-level fields that may hold personal data; the database keeps them only encrypted.
    personal: ClassVar[frozenset[str]] = frozenset()


class Lenient(BaseModel):
    """A value read from a sender we do not control: fields it does not know are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")
