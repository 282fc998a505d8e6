"""A kind of document as use cases drive it: how it begins, decides, and what follows outside."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from cartbridge.database.documents import LeaseDrop, LeaseSet
from cartbridge.domain.decided import Decided, Decision
from cartbridge.domain.refusals import Refused
from cartbridge.domain.twin import Twin
from cartbridge.services.errand import Errand, Links
from cartbridge.services.gateway import Gateway


class Document(Protocol):
    """What every document has: an id, a version, a family, and counterparts on connections."""

    @property
    def id(self) -> str:
        """Its id, with the prefix of its kind."""

    @property
    def version(self) -> int:
        """How many facts it has; 0: it does not exist yet."""

    @property
    def slot_holder(self) -> str:
        """The document whose key and slot it shares."""

    @property
    def twins(self) -> Sequence[Twin]:
        """Its counterparts on connections."""


D = TypeVar("D", bound=Document)
C = TypeVar("C")


@dataclass(frozen=True)
class Follow:
    """What follows from new facts, stored in the same append."""

    errands: Sequence[Errand] = ()
    leases: Sequence[LeaseSet | LeaseDrop] = ()


Following = Callable[[Gateway, UUID, Any, Decided[Any], Links], Awaitable[Follow]]


@dataclass(frozen=True)
class Machine(Generic[D, C]):
    """One kind of document: `what` names it to people, `follow` sees it before and after."""

    prefix: str
    what: str
    begin: Callable[[str], D]
    decide: Callable[[D, C, datetime, datetime], Decision | Refused]
    follow: Following
