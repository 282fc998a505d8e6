"""Draws docs/lifecycle.md from the transition tables: `python docs/draw_lifecycle.py`."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from cartbridge.domain.cart import lifecycle as cart
from cartbridge.domain.enquiry import lifecycle as enquiry
from cartbridge.domain.quote import lifecycle as quote
from cartbridge.domain.wishlist import lifecycle as wishlist

PAGE: Final = Path(__file__).with_name("lifecycle.md")


@dataclass(frozen=True)
class Drawn:
    """A machine as the page shows it."""

    title: str
    prefix: str  # of its events
    table: Mapping[Any, Mapping[str, Any]]
    final: Set[Any]
    meaning: Mapping[Any, str]
    about: str = ""

    @property
    def none(self) -> StrEnum:
        """The state before the beginning."""
        begins: StrEnum = next(state for state in self.table if state == "none")
        return begins


CART: Final = Drawn(
    "cart",
    "cart.",
    cart.TRANSITIONS,
    cart.FINAL,
    {
        cart.State.OPEN: "the shopper fills it, wherever she is",
        cart.State.OFFERED: "at least one code is live; lines may still change",
        cart.State.CLAIMED: "exactly one terminal holds it",
        cart.State.CHECKOUT: "she is paying online",
        cart.State.ORDERED: "bought; something is still to be handed over",
        cart.State.FULFILLED: "bought, and in her hands",
        cart.State.RETURNED: "everything that was sold came back",
        cart.State.ABANDONED: "idle past the retailer's limit; any touch opens it again",
        cart.State.MERGED: "it went into another cart; may be undone for a while",
        cart.State.EXPIRED: "closed by retention (final)",
        cart.State.CANCELLED: "deleted by its shop (final)",
    },
    """A partial sale splits: the sold lines make this cart `ordered`, what is left and wanted
becomes a new cart with `parent`. A finished cart whose twin is touched again is not opened again:
a new cart with `parent` begins. A hold time that runs out unheard leaves the cart `open` with
`outcome: unknown` until somebody says what became of it.
""",
)

WISHLIST: Final = Drawn(
    "wish list",
    "wishlist.",
    wishlist.TRANSITIONS,
    wishlist.FINAL,
    {
        wishlist.State.OPEN: "its owner fills it, on all channels",
        wishlist.State.SHARED: "others may look at it by its link, and see nothing of its owner",
        wishlist.State.ARCHIVED: "put away; any touch takes it up again",
        wishlist.State.CANCELLED: "deleted, or closed by retention (final)",
    },
)

QUOTE: Final = Drawn(
    "quote",
    "quote.",
    quote.TRANSITIONS,
    quote.FINAL,
    {
        quote.State.REQUESTED: "asked for, or being written: no price holds yet",
        quote.State.ISSUED: "its newest revision holds until its date",
        quote.State.ACCEPTED: "the customer said yes: it holds until it is sold",
        quote.State.DECLINED: "she, or the retailer, said no; a new issue takes it up again",
        quote.State.CONVERTED: "sold or ordered, or nothing of it is wanted any more",
        quote.State.EXPIRED: "its date has passed; a new issue takes it up again",
        quote.State.CANCELLED: "deleted where it began (final)",
    },
    """Each issue is a revision: lines, prices and date that change after it go out with the next
one. A till or a shop takes an issued or accepted quote up as a cart at its prices; what is left
of that cart after a sale keeps them. A sale is kept in every state, because money was taken.
""",
)

ENQUIRY: Final = Drawn(
    "enquiry",
    "enquiry.",
    enquiry.TRANSITIONS,
    enquiry.FINAL,
    {
        enquiry.State.OPEN: "it waits for somebody to take it",
        enquiry.State.ASSIGNED: "somebody has it, and she has not heard from us yet",
        enquiry.State.ANSWERED: "she heard from us; it is for her to go on",
        enquiry.State.SCHEDULED: "she is expected, or called, at a time",
        enquiry.State.CLOSED: "done with, until she writes again or somebody takes it up again",
        enquiry.State.CANCELLED: "deleted where it was asked, or closed by retention (final)",
    },
    """Taken up again, an enquiry that somebody had is `assigned` to the same one at once. She
waits to hear from its beginning, or from her first message after an answer, until she is answered,
shown something, given a date, or it is closed; it is late when that takes longer than its due time.
""",
)

MACHINES: Final = (
    CART,
    WISHLIST,
    QUOTE,
    ENQUIRY,
)


def page() -> str:
    """The whole page, as it must stand in the repository."""
    return "\n".join(["# The lives of documents\n", _INTRODUCTION, *map(_chapter, MACHINES)])


_INTRODUCTION: Final = """Drawn from the tables in `cartbridge/domain/*/lifecycle.py` by
`python docs/draw_lifecycle.py`; a test keeps this page current. An arrow is an event, without the
prefix of its kind; events that leave the state as it is stand below each drawing.
"""


def _chapter(machine: Drawn) -> str:
    states = "\n".join(f"| `{state}` | {told} |" for state, told in machine.meaning.items())
    about = f"\n{machine.about}" if machine.about else ""
    return f"""## The life of a {machine.title}

```mermaid
{drawing(machine)}
```

| state | meaning |
|---|---|
{states}
{about}
Events that change no state:

{staying(machine)}
"""


def drawing(machine: Drawn) -> str:
    """The machine as a Mermaid state diagram."""
    edges: dict[tuple[Any, Any], list[str]] = {}
    for state, row in machine.table.items():
        for event, after in row.items():
            if after is not state:
                edges.setdefault((state, after), []).append(event.removeprefix(machine.prefix))
    lines = ["stateDiagram-v2"]
    for (before, after), names in edges.items():
        start = "[*]" if before is machine.none else before.value
        lines.append(f"    {start} --> {after.value}: {', '.join(names)}")
    lines += [f"    {state.value} --> [*]" for state in machine.table if state in machine.final]
    return "\n".join(lines)


def staying(machine: Drawn) -> str:
    """What may happen in each state without ending it."""
    rows = []
    for state, row in machine.table.items():
        names = sorted(
            event.removeprefix(machine.prefix) for event, to in row.items() if to is state
        )
        if names:
            final = " (final)" if state in machine.final else ""
            rows.append(f"- `{state}`{final}: {', '.join(names)}")
    return "\n".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
