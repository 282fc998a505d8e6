"""Events as they are stored, told again: decoded, unsealed where the key lives, and folded."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from cartbridge.database.connection import Unavailable
from cartbridge.database.sealing import DataKey, Erased, join, place, unseal
from cartbridge.domain.header import Header
from cartbridge.domain.ids import named
from cartbridge.domain.model import Strict

S = TypeVar("S", bound=Strict)
_UNKNOWN_TYPE: Final = "union_tag_invalid"


class NewerVersion(Unavailable):
    """A newer version of CartBridge wrote this, and only such a one can tell what it means.

    While two versions run side by side, trying again later reaches it.
    """


def customer_of(state: Any) -> str | None:
    """Whose document it is: `state.customer.id`, if the kind has a customer and she is known."""
    customer = getattr(state, "customer", None)
    return getattr(customer, "id", None)


@dataclass(frozen=True)
class DocumentKind(Generic[S]):
    """What the journal must know of a kind of document: its model, its events, how they add up.

    The model has `id`, `version` and `state`, and every personal field of it has a default:
    that is what it holds when the person was erased.
    """

    prefix: str  # of its ids: crt
    kind: str  # its name in the database: cart
    model: type[S]
    parse_event: Callable[[dict[str, Any]], Any]
    evolve: Callable[[S, Any, datetime], S]  # the state, what happened, and when
    due: Callable[[S], datetime | None]  # when somebody has to look at it, unasked
    customer: Callable[[S], str | None] = customer_of
    parse_json: Callable[[bytes], Any] | None = None  # as parse_event, of the bytes that lie there

    def __post_init__(self) -> None:
        fields = self.model.model_fields
        missing = {"id", "version", "state"} - fields.keys()
        needed = {name for name in self.model.personal if fields[name].is_required()}
        if missing or needed:
            raise ValueError(
                f"{self.model.__name__} needs the fields {sorted(missing)} and defaults for the "
                f"personal fields {sorted(needed)}"
            )

    @property
    def states(self) -> list[str]:
        """The names of the states such a document can be in."""
        annotation = self.model.model_fields["state"].annotation
        if not isinstance(annotation, type) or not issubclass(annotation, Enum):
            raise TypeError(f"{self.model.__name__}.state must be an Enum")
        return [member.value for member in annotation]


class HeaderPlace(BaseModel):
    """What ties an event to its place; every version writes this part of a header alike."""

    model_config = ConfigDict(frozen=True)

    tenant: UUID
    document: str
    version: int
    type: str
    schema_version: int
    command: UUID
    occurred_at: AwareDatetime


class StoredHeader(Header):
    """A header as it is hashed: the circumstances, and what ties the event to its place.

    Circumstances that only a newer version tells are passed over.
    """

    model_config = ConfigDict(extra="ignore")

    tenant: UUID
    document: str
    version: int
    type: str
    schema_version: int
    command: UUID


class StoredEvent(NamedTuple):
    """An event of the journal, with the moment and the position at which it was recorded.

    When its personal fields were erased (`erased`), `event` holds their defaults; if it cannot be
    told at all without them, `event` is None and `facts` is what is left of it. It is None, too,
    when a newer version of CartBridge wrote it: `facts` then is what was written.
    """

    tenant: UUID
    document: str
    version: int
    type: str
    header: StoredHeader
    event: Any
    body: bytes  # the facts as JSON
    erased: bool
    recorded_at: datetime
    position: int

    @property
    def facts(self) -> dict[str, Any]:
        """What the event tells, as far as it was not erased, whether or not it is understood."""
        told: dict[str, Any] = from_json(self.body)
        return told


def event_place(tenant: UUID, root: UUID, stream: UUID, version: int) -> bytes:
    """What the personal part of an event is sealed for."""
    return place(tenant, root, f"event|{stream}|{version}")


def view_place(tenant: UUID, root: UUID, document: UUID, version: int) -> bytes:
    """What the personal part of a view is sealed for."""
    return place(tenant, root, f"view|{document}|{version}")


def read_event(
    kind: DocumentKind[Any] | None, row: Any, root: UUID, key: DataKey | None
) -> StoredEvent:
    """The event in a row of the journal, also of a kind that only a newer version knows."""
    body, erased = _body(row, root, key)
    header = _header(row)
    event = None
    if kind is not None:
        event = _plain(kind, row, header.schema_version)
        if event is None:
            with suppress(NewerVersion):
                event = _parse(kind, body, erased, header.schema_version)
    return StoredEvent(
        tenant=row["tenant"],
        document=header.document if kind is None else named(kind.prefix, row["stream"]),
        version=row["version"],
        type=row["type"],
        header=header,
        event=event,
        body=body,
        erased=erased,
        recorded_at=row["recorded_at"],
        position=row["position"],
    )


def _header(row: Any) -> StoredHeader:
    try:
        return StoredHeader.model_validate_json(row["header"])
    except ValidationError:
        raise _newer(row["type"]) from None


def _body(row: Any, root: UUID, key: DataKey | None) -> tuple[bytes, bool]:
    """What an event tells, as JSON, and whether a part of it was erased."""
    if row["sealed"] is None:
        return row["body"], False
    aad = event_place(row["tenant"], root, row["stream"], row["version"])
    personal = unseal(key, row["sealed"], aad)
    return join(row["body"], personal), isinstance(personal, Erased)


def _parse(kind: DocumentKind[Any], body: bytes, erased: bool, schema_version: int) -> Any:
    """The event as this version understands it; NewerVersion if it does not, never a guess.

    None if it cannot be told without what was erased.
    """
    facts = from_json(body)
    try:
        event = kind.parse_event(facts)
    except ValidationError as error:
        if erased and error.errors(include_input=False)[0]["type"] != _UNKNOWN_TYPE:
            return None
        raise _newer(str(facts.get("type"))) from None
    if event.schema_version < schema_version:
        raise _newer(event.type)
    return event


def _plain(kind: DocumentKind[Any], row: Any, schema_version: int) -> Any:
    """The event straight from its bytes, where nothing is sealed; None: look at it more closely."""
    if row["sealed"] is not None or kind.parse_json is None:
        return None
    try:
        event = kind.parse_json(row["body"])
    except ValidationError:
        return None
    return event if event.schema_version >= schema_version else None


def _newer(type_: str) -> NewerVersion:
    return NewerVersion(
        f"this version of CartBridge cannot read {type_}: a newer one wrote it, or it was changed "
        "(run `cartbridge verify`)"
    )


def fold(
    kind: DocumentKind[S], document: str, rows: Iterable[Any], root: UUID, key: DataKey | None
) -> S:
    """The document as these rows of the journal, from its first one on, leave it.

    An event that cannot be told any more changes nothing but the version; NewerVersion for one
    that is not known here.
    """
    begin: Any = kind.model
    state: S = begin(id=document)
    for row in rows:
        written_by = row["schema_version"]
        event = _plain(kind, row, written_by) or _parse(kind, *_body(row, root, key), written_by)
        if event is not None:
            state = kind.evolve(state, event, row["occurred_at"])
        state = at_version(state, row["version"])
    return state


def at_version(state: S, version: int) -> S:
    """The state under the version the journal gave it, whatever evolve made of it."""
    known: Any = state
    return state if known.version == version else state.model_copy(update={"version": version})
