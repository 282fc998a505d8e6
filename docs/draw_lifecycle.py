"""Draws docs/lifecycle.md from the transition table: `python docs/draw_lifecycle.py`."""

from pathlib import Path
from typing import Final

from cartbridge.domain.cart.lifecycle import FINAL, TRANSITIONS, State, drawing

PAGE: Final = Path(__file__).with_name("lifecycle.md")

MEANING: Final = {
    State.OPEN: "the shopper fills it, wherever she is",
    State.OFFERED: "at least one code is live; lines may still change",
    State.CLAIMED: "exactly one terminal holds it",
    State.CHECKOUT: "she is paying online",
    State.ORDERED: "bought; something is still to be handed over",
    State.FULFILLED: "bought, and in her hands",
    State.RETURNED: "everything that was sold came back",
    State.ABANDONED: "idle past the retailer's limit; any touch opens it again",
    State.MERGED: "it went into another cart; may be undone for a while",
    State.EXPIRED: "closed by retention (final)",
    State.CANCELLED: "deleted by its shop (final)",
}


def page() -> str:
    """The whole page, as it must stand in the repository."""
    states = "\n".join(f"| `{state}` | {meaning} |" for state, meaning in MEANING.items())
    return f"""# The life of a cart

Drawn from the table in `cartbridge/domain/cart/lifecycle.py` by `python docs/draw_lifecycle.py`;
a test keeps this page current. An arrow is an event, without its prefix `cart.`; events that leave
the state as it is stand below.

```mermaid
{drawing()}
```

| state | meaning |
|---|---|
{states}

A partial sale splits: the sold lines make this cart `ordered`, what is left and wanted becomes a
new cart with `parent`. A finished cart whose twin is touched again is not opened again: a new cart
with `parent` begins. A hold time that runs out unheard leaves the cart `open` with
`outcome: unknown` until somebody says what became of it.

## Events that change no state

{staying()}
"""


def staying() -> str:
    """What may happen in each state without ending it."""
    rows = []
    for state, row in TRANSITIONS.items():
        names = sorted(event.removeprefix("cart.") for event, to in row.items() if to is state)
        if names:
            final = " (final)" if state in FINAL else ""
            rows.append(f"- `{state}`{final}: {', '.join(names)}")
    return "\n".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
