"""What a decision leads to: the facts of one document, and the document they leave."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

D = TypeVar("D")


@dataclass(frozen=True)
class Decided(Generic[D]):
    """The facts of one document, and the document they leave."""

    document: D
    events: tuple[Any, ...]


# The document the command was for first, then one that is born or carries on.
Decision = tuple[Decided[Any], ...]
