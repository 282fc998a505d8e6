"""What happens in a night beside the ordinary."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    """What happens beside the ordinary, drawn from the seed."""

    shoppers: int
    processes: int
    crashes: int
    orders: bool  # they also buy online: then two may sell the same
    sells_out: bool  # tills sell whole carts, and shoppers only add

    @classmethod
    def of(cls, dice: random.Random) -> "Scenario":
        """The scenario of these dice."""
        return cls(
            shoppers=dice.randint(1, 3),
            processes=dice.choice((1, 1, 2)),
            crashes=dice.randint(0, 5),
            orders=dice.random() < 0.3,
            sells_out=dice.random() < 0.4,
        )
