"""Whose document a shop shows, and what she agreed to there: known before the document is."""

from collections.abc import Mapping

from cartbridge.domain.customer import Customer
from cartbridge.domain.twin import Snapshot
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.identify_customer import identify_customer
from cartbridge.services.tell_consent import tell_consent


async def recognised(
    gateway: Gateway,
    link: Link,
    snapshot: Snapshot,
    known: Customer | None,
    agreed: Mapping[str, bool],
) -> Snapshot:
    """The snapshot with its customer's id.

    What it tells of her is kept, unless the document knew her (`known`) and what she `agreed` to
    like this before.
    """
    told = snapshot.customer
    if told is None:
        return snapshot
    is_told = known is None or told != known.model_copy(update={"id": told.id})
    if known is None or known.id is None or is_told:
        known = await identify_customer(gateway, link.tenant, link.id, told, locale=snapshot.locale)
        is_told = True
    says = snapshot.consent
    if known.id is not None and says and (is_told or says != agreed):
        now = gateway.clock()
        at = min(snapshot.at or now, now)
        await tell_consent(gateway, link.tenant, known.id, link.connection.brand, says, at, link.id)
    return snapshot.model_copy(update={"customer": known})
