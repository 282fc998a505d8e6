"""What shoppers and tills did, counted apart from the gateway: what must be left of each SKU."""

from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.estate import SKUS


@dataclass
class Account:
    """One shopper's: what she put into her carts anywhere, and what was bought or declined."""

    put: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)

    def due(self) -> dict[str, int]:
        """What must be left of each SKU."""
        return {sku: self.put[sku] - self.gone[sku] for sku in SKUS}


@dataclass
class Ledger:
    """The accounts of all shoppers, and every answer a till was given."""

    accounts: dict[str, Account] = field(default_factory=dict)
    sales: dict[str, bool] = field(default_factory=dict)  # receipt number → was it a conflict?
    added: list[str] = field(default_factory=list)  # carts that a till was told it had changed

    def of(self, owner: str) -> Account:
        """The account of a shopper."""
        return self.accounts.setdefault(owner, Account())
