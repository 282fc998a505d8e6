"""Switches by which the shop misbehaves on purpose, the way real platforms do by accident."""

import random
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Chance = Annotated[float, Field(ge=0, le=1)]


class Misbehaviour(BaseModel):
    """How, and how often, the shop misbehaves; nothing is switched on by itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slow: Annotated[float, Field(ge=0, le=60)] = 0  # seconds before any call takes effect
    slow_answer: Annotated[float, Field(ge=0, le=60)] = 0  # seconds between effect and answer
    duplicate: Chance = 0  # a hook is posted twice
    reorder: Chance = 0  # a hook overtakes the one before it
    lose: Chance = 0  # a hook is never posted
    hook_off: bool = False  # no hook is posted until the gateway switches them on again
    refuse: frozenset[str] = frozenset()  # SKUs of which no write gets any more than is there
    lost_answer: Chance = 0  # a call of the gateway takes effect, its answer is never sent
    late_write: Chance = 0  # a write is not answered and lands only after `late_after` seconds
    late_after: Annotated[float, Field(ge=0, le=60)] = 1
    seed: int = 0  # the same seed misbehaves in the same places


class Dice:
    """Decides, by the switches and their seed, whether to misbehave this time."""

    def __init__(self, switches: Misbehaviour) -> None:
        self.reset(switches)

    def reset(self, switches: Misbehaviour) -> None:
        """Takes other switches, and begins again at their seed."""
        self.switches = switches
        self._random = random.Random(switches.seed)  # noqa: S311 - chance, not secrecy

    def hook_on(self) -> None:
        """The shop posts hooks again; the other switches and the dice go on as they are."""
        self.switches = self.switches.model_copy(update={"hook_off": False})

    def fall(self, chance: float) -> bool:
        """Whether it happens this time; a chance of 0 or 1 leaves nothing to the dice."""
        return chance == 1 or (chance > 0 and self._random.random() < chance)
