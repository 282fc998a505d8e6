"""Customers of a canonical body: who they are, what they agreed to, and who wants to be erased."""

from pydantic import model_validator

from cartbridge.sdk.documents import Customer
from cartbridge.sdk.observations import CustomerSeen
from cartbridge_standard import payloads as wire
from cartbridge_standard.snapshots import customer_of
from cartbridge_standard.told import Told
from cartbridge_standard.unknown import count_unknown
from cartbridge_standard.values import answers

IDENTIFIERS = ("external_id", "email", "phone", "loyalty_number")


class Person(wire.Customer):
    """`customer.updated`: by what she is known, and what changed."""

    external_id: wire.Id | None = None
    at: wire.Moment | None = None
    consent: wire.Some | None = None

    @model_validator(mode="after")
    def _known(self) -> "Person":
        if all(getattr(self, name) is None for name in IDENTIFIERS):
            raise ValueError(f"tell at least one of {', '.join(IDENTIFIERS)}")
        return self


class Agreed(Person):
    """`consent.updated`: what she agreed to, by purpose."""

    consent: wire.Some


def customer_updated(told: Told) -> tuple[CustomerSeen]:
    """`customer.updated`."""
    return (_seen(told.read_as(Person), told),)


def consent_updated(told: Told) -> tuple[CustomerSeen]:
    """`consent.updated`."""
    return (_seen(told.read_as(Agreed), told),)


def erasure_requested(told: Told) -> tuple[CustomerSeen]:
    """`customer.erasure_requested`."""
    return (_seen(told.read_as(Person), told, erasure_requested=True),)


def _seen(person: Person, told: Told, erasure_requested: bool = False) -> CustomerSeen:
    consent, customer = person.consent, customer_of(person)
    count_unknown(person, told.report)
    return CustomerSeen(
        # Without an id of hers the message stands for her: an e-mail address is no name for a twin.
        external_id=told.name(person.external_id),
        at=told.moment(person.at),
        customer=customer or Customer(),
        consent=None if consent is None else answers(consent, "data.consent", told.report),
        erasure_requested=erasure_requested,
    )
