"""Makes every view anew from the journal; working tables are left alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cartbridge.database.changes import seal, view_row
from cartbridge.database.connection import Database
from cartbridge.database.history import NewerVersion, fold, view_place
from cartbridge.database.journal import ViewRow
from cartbridge.database.keys import wrapped_key
from cartbridge.database.lookup import Lookup
from cartbridge.database.sealing import DataKey, Erased, SealBroken, split, unseal
from cartbridge.database.verify import fetch, streams_of
from cartbridge.domain.ids import named


@dataclass(frozen=True)
class Rebuilt:
    """How many documents of how many events were folded, and how many views were mended."""

    documents: int = 0
    events: int = 0
    mended: int = 0


async def rebuild(
    database: Database, documents: Lookup, progress: Callable[[Rebuilt], None]
) -> Rebuilt:
    """Fold every stream and write the views that differ; the gateway may go on writing.

    A view that is what the journal says is not touched, so a second run mends nothing.
    """
    done = Rebuilt()
    for shard in range(database.shards):
        async for streams in streams_of(database, shard):
            mended = await _mend(database, documents, shard, [one for one in streams if one[1]])
            events = sum(len(rows) for _, rows in streams)
            done = Rebuilt(
                done.documents + len(streams), done.events + events, done.mended + mended
            )
            progress(done)
    return done


async def _mend(
    database: Database, documents: Lookup, shard: int, streams: list[tuple[Any, list[Any]]]
) -> int:
    """How many of these views were not what the journal says, and are now."""
    keys = [(head["tenant"], head["id"]) for head, _ in streams]
    columns = [list(column) for column in zip(*keys, strict=True)] or [[], []]
    found = await fetch(database, "stored_views", shard, *columns)
    stored = {(row["tenant"], row["id"]): row for row in found}
    wrong = []
    for head, rows in streams:
        view = await _fresh(documents, head, rows, stored.get((head["tenant"], head["id"])))
        if view is not None:
            wrong.append((head["tenant"], rows[-1]["recorded_at"], (None, *view)))
    if not wrong:
        return 0
    told = await fetch(database, "replace_views", shard, *zip(*wrong, strict=True))
    return sum(row["replaced"] for row in told)


async def _fresh(
    documents: Lookup, head: Any, rows: list[Any], stored: Any | None
) -> ViewRow | None:
    """The view as the journal says, None if that is what is stored."""
    kind = documents.kind_named(head["kind"])
    if kind is None:
        raise NewerVersion(f"this version of CartBridge does not know a {head['kind']}")
    tenant, root = head["tenant"], head["key_root"]
    key = await documents.keys.open(tenant, root, wrapped_key(head))
    state: Any = fold(kind, named(kind.prefix, head["id"]), rows, root, key)
    body, personal = split(state)
    aad = view_place(tenant, root, head["id"], state.version)
    fresh = view_row(kind, state, body, None)
    same = stored is not None and _is_as_folded(stored, fresh, rows[-1]["recorded_at"])
    if same and (key is None or _opened(key, stored, aad) == personal):
        return None
    return fresh if key is None else fresh._replace(sealed=seal(key, personal, aad))


def _is_as_folded(stored: Any, fresh: ViewRow, updated_at: datetime) -> bool:
    plain = ("version", "state", "due_at", "customer", "body")
    same = all(stored[name] == getattr(fresh, name) for name in plain)
    return same and stored["updated_at"] == updated_at


def _opened(key: DataKey, stored: Any, aad: bytes) -> bytes | None:
    try:
        personal = unseal(key, stored["sealed"], aad)
    except SealBroken:
        return b""  # what was changed behind our back equals nothing that was folded
    return None if isinstance(personal, Erased) else personal
