"""Makes every view anew from the journal; working tables are left alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from cartbridge.database.changes import seal, view_row
from cartbridge.database.connection import Database
from cartbridge.database.history import fold, read_event, view_place
from cartbridge.database.journal import ViewRow
from cartbridge.database.keys import wrapped_key
from cartbridge.database.lookup import Lookup
from cartbridge.database.sealing import DataKey, Erased, SealBroken, split, unseal
from cartbridge.database.verify import fetch, streams_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Rebuilt:
    """How many documents were folded, and how many views were not what the journal says."""

    documents: int = 0
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
            for head, rows in streams:
                mended = await _mend(database, documents, shard, head, rows)
                done = Rebuilt(done.documents + 1, done.mended + mended)
            progress(done)
    return done


async def _mend(
    database: Database, documents: Lookup, shard: int, head: Any, rows: list[Any]
) -> bool:
    kind = documents.kind_named(head["kind"])
    if kind is None:
        raise LookupError(f"this version of CartBridge does not know a {head['kind']}")
    if not rows:
        log.warning("journal.events_missing", document=str(head["id"]))
        return False
    tenant, root, updated_at = head["tenant"], head["key_root"], rows[-1]["recorded_at"]
    key = await documents.keys.open(tenant, root, wrapped_key(head))
    told = [read_event(kind, row, root, key) for row in rows]
    state: Any = fold(kind, told[0].document, told)
    body, personal = split(state)
    aad = view_place(tenant, root, head["id"], state.version)
    fresh = view_row(kind, state, body, None)
    stored = await fetch(database, "stored_views", shard, [tenant], [head["id"]])
    same = bool(stored) and _is_as_folded(stored[0], fresh, updated_at)
    if same and (key is None or _opened(key, stored[0]["sealed"], aad) == personal):
        return False
    if key is not None:
        fresh = fresh._replace(sealed=seal(key, personal, aad))
    done = await fetch(database, "replace_view", shard, tenant, updated_at, (None, *fresh))
    return bool(done[0]["replaced"])


def _is_as_folded(stored: Any, fresh: ViewRow, updated_at: datetime) -> bool:
    plain = ("version", "state", "due_at", "customer", "body")
    same = all(stored[name] == getattr(fresh, name) for name in plain)
    return same and stored["updated_at"] == updated_at


def _opened(key: DataKey, sealed: bytes | None, aad: bytes) -> bytes | None:
    try:
        personal = unseal(key, sealed, aad)
    except SealBroken:
        return b""  # what was changed behind our back equals nothing that was folded
    return None if isinstance(personal, Erased) else personal
