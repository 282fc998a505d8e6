"""What a system would not show of a write, named by item key."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from cartbridge.sdk.contract import WriteLine
from cartbridge.sdk.documents import ObservedLine, Refusal
from cartbridge_standard import payloads as wire

ZERO: Final = Decimal(0)


def names_of(lines: Iterable[ObservedLine | WriteLine]) -> dict[str, str]:
    """The names a refusal may use for each article, to its item key: key, SKU, GTIN, row id."""
    keys: dict[str, set[str]] = {}
    for line in lines:
        row_id = line.external_id if isinstance(line, ObservedLine) else None
        for name in (line.key, line.item.sku, line.item.gtin, row_id):
            if name is not None:
                keys.setdefault(name, set()).add(line.key)
    return {name: found.pop() for name, found in keys.items() if len(found) == 1}


def refusals(
    told: Iterable[wire.Refused],
    names: Mapping[str, str],
    shown: Mapping[str, Decimal],
    wanted: Mapping[str, Decimal] | None = None,
) -> tuple[Refusal, ...]:
    """Each refusal by its item key; how much was accepted is what is shown, unless it is told."""
    refused = {}
    for row in told:
        key = names.get(row.line, _key(row.line))
        accepted = shown.get(key, ZERO) if row.accepted is None else row.accepted
        asked = accepted if wanted is None else wanted.get(key, ZERO)
        refused[key] = Refusal(key=key, wanted=asked, accepted=accepted, reason=row.reason)
    return tuple(refused.values())


def _key(line: str) -> str:
    # The row may be gone from the cart: its key as we sent it, or else a bare SKU.
    return line if line.startswith(("sku:", "gtin:", "title:")) else f"sku:{line}"
