"""What a visitor looked at on the web: kept only if she agreed, and no more than a day needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cartbridge.database.browsing import Person
from cartbridge.domain.browsing import PURPOSE, WebKind, agreed, counted, reduced, withdrawn
from cartbridge.domain.customer import Customer
from cartbridge.domain.items import Item
from cartbridge.sdk.observations import Browsed
from cartbridge.services.connectors import Link
from cartbridge.services.consent import consents
from cartbridge.services.forget_browsing import first_day, forget_browsing
from cartbridge.services.gateway import Gateway
from cartbridge.services.identify_customer import identify_customer
from cartbridge.services.known_person import known_person
from cartbridge.services.tell_consent import tell_consent


@dataclass(frozen=True)
class Fact:
    """One thing that a visitor did, before anybody decided whether it is kept."""

    what: WebKind
    at: datetime
    item: Item | None = None
    text: str | None = None


@dataclass(frozen=True)
class Visit:
    """Who did it: a session there, and the customer if its platform vouches for her."""

    session: str = field(repr=False)
    consent: Mapping[str, bool]
    customer: Customer | None = None


@dataclass(frozen=True)
class _Visitor:
    """Whose it is kept as, and what she said of it before."""

    customer: str | None
    on_record: Mapping[str, bool]


async def observe_browsing(gateway: Gateway, link: Link, seen: Browsed) -> None:
    """Takes in one browsing fact that a connector told."""
    visit = Visit(session=seen.external_id, consent=seen.consent, customer=seen.customer)
    fact = Fact(seen.what, min(seen.at, gateway.clock()), seen.item, seen.text)
    await keep_browsing(gateway, link, visit, [fact], seen.name)


async def keep_browsing(
    gateway: Gateway, link: Link, visit: Visit, facts: Sequence[Fact], name: str | None = None
) -> None:
    """Keeps what she looked at, if she agreed; forgets what was kept if she no longer does.

    What was looked at in a session becomes hers with the first fact that says who she is. `name`
    is this very telling: told again it counts once.
    """
    session = gateway.browsing.session(link.tenant, link.uuid, visit.session)
    if visit.customer is not None:
        at = max((fact.at for fact in facts), default=gateway.clock())
        visitor = await _vouched(gateway, link, visit, visit.customer, at)
    else:
        visitor = await _remembered(gateway, link, session)
    if withdrawn(visit.consent):
        await _forget(gateway, link, session, visitor.customer)
        return
    if not agreed(visit.consent, visitor.on_record):
        return
    person = session
    if visitor.customer is not None:
        brand = link.connection.brand
        person = gateway.browsing.customer(link.tenant, brand, visitor.customer)
        if visit.customer is not None:
            await gateway.browsing.join(session, person, gateway.clock().date())
    await _keep(gateway, link, person, facts, name)


async def _vouched(
    gateway: Gateway, link: Link, visit: Visit, customer: Customer, at: datetime
) -> _Visitor:
    """The customer whom the platform names; what she said with this fact goes on record.

    Nobody becomes known by a fact that may not be kept.
    """
    brand = link.connection.brand
    if visit.consent.get(PURPOSE):
        told = await identify_customer(gateway, link.tenant, link.id, customer)
        her_id = told.id
    else:
        her_id = await known_person(gateway, link.tenant, customer, connection=link.id)
    if her_id is None:
        return _Visitor(None, {})
    on_record = await consents(gateway, link.tenant, her_id, brand)
    said = visit.consent.get(PURPOSE)
    if said is not None and said is not on_record.get(PURPOSE):
        await tell_consent(gateway, link.tenant, her_id, brand, visit.consent, at, link.id)
        on_record = await consents(gateway, link.tenant, her_id, brand)
    return _Visitor(her_id, on_record)


async def _remembered(gateway: Gateway, link: Link, session: Person) -> _Visitor:
    """Whose the session was told to be, and what she said; nobody's as long as nobody told."""
    her_id = await gateway.browsing.whose(session)
    if her_id is None:
        return _Visitor(None, {})
    return _Visitor(her_id, await consents(gateway, link.tenant, her_id, link.connection.brand))


async def _forget(gateway: Gateway, link: Link, session: Person, customer: str | None) -> None:
    await gateway.browsing.forget(session)
    await gateway.browsing.untie(session)
    if customer is not None:
        await forget_browsing(gateway, link.tenant, customer, link.connection.brand)


async def _keep(
    gateway: Gateway, link: Link, person: Person, facts: Sequence[Fact], name: str | None
) -> None:
    time_zone = await gateway.directory.time_zone(link.tenant, link.connection.brand)
    oldest = first_day(gateway)
    kept = [
        one
        for fact in facts
        if (one := reduced(fact.what, fact.at, time_zone, fact.item, fact.text))
        and one.day >= oldest
    ]
    await gateway.browsing.keep(person, counted(kept), name)
