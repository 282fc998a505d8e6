"""Three-way merge: what a platform's snapshot changes in the cart, and what it should show.

Everything here is in the platform's own form: quantity per item key. The shadow is what both
sides last agreed on; the difference of a snapshot to it is what the other side did, and only
differences move quantities, so edits on both sides add up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cartbridge.domain.twin import PlannedWrite, Refusal, Snapshot, Twin

ZERO: Final = Decimal(0)


def diff(before: Mapping[str, Decimal], after: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """How much more (or less) of each item key `after` shows than `before`."""
    changes = {key: after.get(key, ZERO) - before.get(key, ZERO) for key in {*before, *after}}
    return {key: change for key, change in sorted(changes.items()) if change}


@dataclass(frozen=True)
class Change:
    """What a snapshot means: the twin as it now is, and what the other side did to the cart."""

    twin: Twin
    quantities: dict[str, Decimal]
    codes_added: tuple[str, ...]
    codes_removed: tuple[str, ...]

    @property
    def is_echo(self) -> bool:
        """Whether the snapshot only showed us what we knew, or had written ourselves."""
        return not (self.quantities or self.codes_added or self.codes_removed)


def is_stale(twin: Twin, snapshot: Snapshot) -> bool:
    """Whether a snapshot is no newer than the shadow; such a one is dropped."""
    return (
        snapshot.revision is not None
        and twin.revision is not None
        and snapshot.revision <= twin.revision
    )


def observe(twin: Twin, snapshot: Snapshot) -> Change | None:
    """The change that a snapshot brings, or None when it is stale."""
    if is_stale(twin, snapshot):
        return None
    based = rebase(twin, snapshot)
    shown, codes = snapshot.basket, frozenset(snapshot.codes)
    known = frozenset(based.shadow_codes)
    after = based.model_copy(
        update={
            "shadow": shown,
            "shadow_codes": tuple(sorted(codes)),
            "revision": snapshot.revision,
        }
    )
    moved = diff(based.shadow, shown)
    return Change(
        twin=after,
        quantities=_of_rows(based, moved) if snapshot.uncounted else moved,
        codes_added=tuple(sorted(codes - known)),
        codes_removed=tuple(sorted(known - codes)),
    )


def _of_rows(twin: Twin, moved: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Changes of rows without quantities: one that we wrote is ours, one that went takes all."""
    ours = {key for planned in twin.planned for key in planned.expected}
    wanted = {refusal.key: refusal.wanted for refusal in twin.refusals}
    return {
        key: min(change, -wanted.get(key, ZERO)) if change < ZERO else change
        for key, change in moved.items()
        if change < ZERO or key not in ours
    }


def rebase(twin: Twin, snapshot: Snapshot) -> Twin:
    """The twin once our own write, which the snapshot carries, is taken into its shadow."""
    ids = [planned.push_id for planned in twin.planned]
    if snapshot.last_push not in ids:
        return twin
    seen = ids.index(snapshot.last_push)
    write = twin.planned[seen]
    refused = {refusal.key: refusal for refusal in snapshot.refused}
    shadow = dict(write.expected)
    for key, refusal in refused.items():
        shadow[key] = refusal.accepted
    refused_codes = {refusal.code for refusal in snapshot.refused_codes}
    return twin.model_copy(
        update={
            "shadow": {key: amount for key, amount in shadow.items() if amount},
            "shadow_codes": tuple(code for code in write.codes if code not in refused_codes),
            "last_push": write.push_id,
            "planned": twin.planned[seen + 1 :],
            "refusals": _remember(twin.refusals, refused, write),
            "refused_codes": snapshot.refused_codes,
        }
    )


def _remember(
    known: Iterable[Refusal], named: Mapping[str, Refusal], write: PlannedWrite
) -> tuple[Refusal, ...]:
    """Refusals as they stand: those named for this write, and older ones it did not ask again."""
    wanted = write.wanted  # may be nothing at all: the cart was emptied
    kept = {
        refusal.key: refusal
        for refusal in known
        if write.expected.get(refusal.key, ZERO) == refusal.accepted
        and wanted.get(refusal.key, ZERO) == refusal.wanted
    }
    for key, refusal in named.items():
        kept[key] = refusal.model_copy(update={"wanted": wanted.get(key, ZERO)})
    return tuple(kept[key] for key in sorted(kept))


def target(twin: Twin, projected: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What the twin should show: the cart in its form, less what it refused and we still want."""
    refused = {refusal.key: refusal for refusal in twin.refusals}
    shown = {}
    for key in sorted({*projected, *refused}):  # a removal may have been refused, too
        wanted, refusal = projected.get(key, ZERO), refused.get(key)
        shown[key] = refusal.accepted if refusal and refusal.wanted == wanted else wanted
    return {key: amount for key, amount in shown.items() if amount}


def target_codes(twin: Twin, codes: Iterable[str]) -> tuple[str, ...]:
    """The promotion codes the twin should hold: the cart's, less those it refused."""
    refused = {refusal.code for refusal in twin.refused_codes}
    return tuple(sorted(code for code in codes if code not in refused))


def in_step(twin: Twin, projected: Mapping[str, Decimal], codes: Iterable[str]) -> bool:
    """Whether the twin shows what it should, so that no write is due."""
    return dict(twin.shadow) == target(twin, projected) and tuple(
        sorted(twin.shadow_codes)
    ) == target_codes(twin, codes)


def is_overtaken(held: Snapshot | None, seen: Snapshot) -> bool:
    """Whether a newer snapshot than this one waits already; that one says it all."""
    return held is not None and held != seen and newer(held, seen) == held


def newer(held: Snapshot | None, seen: Snapshot) -> Snapshot:
    """The newer of two snapshots that wait while a terminal holds the cart."""
    if held is None or held.revision is None or seen.revision is None:
        return seen
    return seen if seen.revision > held.revision else held


def lowered(present: Decimal, change: Decimal, shown: Decimal) -> Decimal:
    """A quantity after a decrease: never below what a side that still shows the line shows."""
    result = max(ZERO, present + change)
    return max(result, min(present, shown)) if shown else result
