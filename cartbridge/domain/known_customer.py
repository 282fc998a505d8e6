"""What is known of a customer: her names, her identifiers, and what she agreed to."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Final, TypeVar

from cartbridge.domain.customer import Company, Customer
from cartbridge.domain.identifiers import SHARED, Identifier
from cartbridge.domain.model import Strict

_MOST: Final = 50  # identifiers, brands, and purposes of a brand that are kept
_LONGEST: Final = 50  # letters of a purpose
_TOLD: Final = ("first_name", "last_name", "company", "email", "phone", "loyalty_number")

T = TypeVar("T")

NO_BRAND: Final = ""  # under which stands what was told without naming a brand


class Agreed(Strict):
    """Whether she agreed to one purpose, when she said so, and where."""

    granted: bool
    at: datetime
    where: str  # the connection, or the store


class KnownCustomer(Strict):
    """One customer as all channels together know her; every word of it is personal data."""

    id: str  # cus_…
    first_name: str | None = None
    last_name: str | None = None
    company: Company | None = None
    email: str | None = None  # this and the next two as they were told last
    phone: str | None = None
    loyalty_number: str | None = None
    locale: str | None = None
    identifiers: tuple[Identifier, ...] = ()  # the newest last
    brands: tuple[str, ...] = ()  # of which she is a customer
    consent: dict[str, dict[str, Agreed]] = {}  # brand → purpose → what she said last
    erasure_asked_at: datetime | None = None  # when she last asked to be forgotten

    def is_of(self, brand: str) -> bool:
        """Whether this brand may know her: one she was never told of by name is everybody's."""
        return not self.brands or brand in self.brands

    def agreed(self, brand: str | None) -> dict[str, bool]:
        """What she said to that brand, by purpose; what she was never asked is absent."""
        said = self.consent.get(brand or NO_BRAND, {})
        return {purpose: agreed.granted for purpose, agreed in said.items()}


def learnt(
    known: KnownCustomer,
    told: Customer,
    identifiers: tuple[Identifier, ...],
    brand: str | None = None,
    locale: str | None = None,
) -> KnownCustomer:
    """What is known of her once somebody told this; what was not told stays as it was."""
    new = {
        **{name: getattr(told, name) or getattr(known, name) for name in _TOLD},
        "locale": locale or known.locale,
        "identifiers": _with(known.identifiers, identifiers),
        "brands": _with(known.brands, (brand,) if brand else ()),
    }
    return known.model_copy(update=new)


def agreeing(
    known: KnownCustomer, brand: str | None, told: Mapping[str, bool], at: datetime, where: str
) -> KnownCustomer:
    """What is known of her once she said yes or no; of two answers the later one counts."""
    said = dict(known.consent.get(brand or NO_BRAND, {}))
    for purpose, granted in told.items():
        before = said.get(purpose)
        is_new = before is None and len(said) < _MOST and 0 < len(purpose) <= _LONGEST
        if is_new or (before is not None and before.at < at):
            said[purpose] = Agreed(granted=granted, at=at, where=where)
    if not said or said == known.consent.get(brand or NO_BRAND):
        return known
    return known.model_copy(update={"consent": {**known.consent, (brand or NO_BRAND): said}})


def withdrawn(before: KnownCustomer, after: KnownCustomer, brand: str | None) -> frozenset[str]:
    """The purposes that she agreed to before, and does not any more."""
    was, now = before.agreed(brand), after.agreed(brand)
    return frozenset(purpose for purpose, granted in was.items() if granted and not now[purpose])


def is_somebody_else(
    known: KnownCustomer, by: Identifier, stronger: tuple[Identifier, ...]
) -> bool:
    """Whether a card or a number that a household shares leads to the wrong one of it.

    It does if what was told besides is stronger and of the same kind as something else of hers:
    another account of the same shop, another mailbox.
    """
    if by.kind not in SHARED:
        return False
    return any(
        told.kind == hers.kind and told.scope == hers.scope and told not in known.identifiers
        for told in stronger
        for hers in known.identifiers
    )


def _with(kept: tuple[T, ...], more: tuple[T, ...]) -> tuple[T, ...]:
    """The newest of them, each once, in the order in which they became known."""
    if set(more) <= set(kept):
        return kept
    new = tuple(one for one in reversed(more) if one not in kept)  # the strongest is kept longest
    return tuple(islice((*kept, *new), max(0, len(kept) + len(new) - _MOST), None))
