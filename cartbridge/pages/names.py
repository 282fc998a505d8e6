"""Names: what people call the stores, terminals and connections whose ids the journal holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cartbridge.pages.words import Words


@dataclass(frozen=True)
class Names:
    """The names of a retailer's places by id; an id without a name stands for itself."""

    stores: Mapping[str, str] = field(default_factory=dict)
    terminals: Mapping[str, str] = field(default_factory=dict)
    connections: Mapping[str, str] = field(default_factory=dict)

    def store(self, store_id: str) -> str:
        """What people call that store."""
        return self.stores.get(store_id, store_id)

    def terminal(self, terminal_id: str) -> str:
        """What people call that till, tablet or kiosk."""
        return self.terminals.get(terminal_id, terminal_id)

    def connection(self, connection_id: str) -> str:
        """What people call that web shop or till system."""
        return self.connections.get(connection_id, connection_id)


def in_a_list(words: Words, terminal: str) -> str:
    """A terminal's name after a comma: caisse 4, as it is written inside a sentence."""
    return terminal[:1].lower() + terminal[1:] if _is_kind(words, terminal) else terminal


def in_a_sentence(words: Words, terminal: str, store: str | None = None) -> str:
    """A terminal as the one who does something: la caisse 4 de Lyon Part-Dieu."""
    form = "known" if _is_kind(words, terminal) else "other"
    spoken = words.text(f"terminal.{form}", name=in_a_list(words, terminal))
    if store is None:
        return spoken
    return words.text("terminal.of_store", terminal=spoken, store=store)


def _is_kind(words: Words, terminal: str) -> bool:
    first = terminal.split(" ", 1)[0].lower()
    return first in words.text("terminal.kinds").split()
