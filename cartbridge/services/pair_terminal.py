"""Pairing a terminal: the eight digits an operator read out become its own key."""

from dataclasses import dataclass, field

from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem


@dataclass(frozen=True)
class PairedTerminal:
    """Who the terminal is from now on."""

    terminal: str
    store: str
    key: str = field(repr=False)


async def pair_terminal(gateway: Gateway, pairing_code: str) -> PairedTerminal:
    """The terminal's new key; Problem if the code is wrong, used up or too old."""
    paired = await gateway.directory.pairing.use(pairing_code)
    if paired is None:
        raise Problem("pairing_code_unknown")
    terminal = await gateway.directory.terminals.get(paired.tenant, paired.terminal)
    if terminal is None:
        raise Problem("pairing_code_unknown")
    await gateway.directory.keys.revoke_terminal(paired.tenant, terminal.id)
    _, key = await gateway.directory.keys.issue(
        paired.tenant, "pos", f"paired {terminal.id}", store=terminal.store, terminal=terminal.id
    )
    return PairedTerminal(terminal.id, terminal.store, key)
