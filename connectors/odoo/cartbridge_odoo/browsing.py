"""Articles that known customers looked at on the website, where our add-on says they agreed."""

from collections.abc import Mapping
from typing import Any, Final

from cartbridge.sdk.observations import Browsed, Lost, Read
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.calls import Calls, Record, id_of
from cartbridge_odoo.documents import PRODUCT, partner_fields, those
from cartbridge_odoo.naming import item_of
from cartbridge_odoo.places import Place, look
from cartbridge_odoo.snapshots import customer_of

TRACK: Final = "website.track"
_TRACK: Final = ("product_id", "visitor_id", "visit_datetime", "cartbridge_consent")
# Odoo itself forgets what a visitor answered to its cookie bar; the add-on keeps it with the view.
_AGREED: Final[list[Any]] = [
    ["product_id", "!=", False],
    ["cartbridge_consent", "=", True],
    ["visitor_id.partner_id", "!=", False],
]


class Track(wire.Wire):
    """A `website.track`: an article that was looked at."""

    id: wire.Id
    visitor_id: wire.Must
    visit_datetime: wire.Moment
    cartbridge_consent: wire.Flag = False


class TrackDocument(wire.Wire):
    """A view with its article and who it was."""

    record: Track
    product: wire.Product
    partner: wire.Partner


async def track_changes(
    calls: Calls, before: Mapping[str, Any] | None
) -> tuple[list[Record], dict[str, Any], bool]:
    """A page of views, the cursor behind it, and whether there is more."""
    place = Place.of(before)
    page, more = await look(calls, TRACK, _AGREED, place, time="visit_datetime")
    place.tell(page)
    if not page:
        return [], place.cursor, more
    domain: list[Any] = [["id", "in", [row["id"] for row in page]]]
    tracks = await calls.search(TRACK, domain, _TRACK, order="id")
    visitors = await calls.search(
        "website.visitor",
        [["id", "in", [id_of(track["visitor_id"]) for track in tracks]]],
        ["partner_id"],
    )
    people = {row["id"]: id_of(row["partner_id"]) for row in visitors if row["partner_id"]}
    fields = partner_fields(calls.settings)
    partners = {
        row["id"]: row for row in await those(calls, "res.partner", fields, people.values())
    }
    ids = [id_of(track["product_id"]) for track in tracks]
    products = {row["id"]: row for row in await those(calls, "product.product", PRODUCT, ids)}
    found = []
    for track in tracks:
        partner = partners.get(people.get(id_of(track["visitor_id"]), 0))
        product = products.get(id_of(track["product_id"]))
        if partner is not None and product is not None:
            found.append({"model": TRACK, "record": track, "product": product, "partner": partner})
    return found, place.cursor, more


def read_track(said: Mapping[str, Any]) -> Read:
    """One view of an article; nothing without consent."""
    document = understood(TrackDocument, said, "")
    track, report = document.record, list[Lost]()
    if not track.cartbridge_consent:
        return Read()
    seen = Browsed(
        external_id=str(track.visitor_id.id),
        name=f"{TRACK}/{track.id}",
        what="product_viewed",
        at=track.visit_datetime,
        item=item_of(document.product, "product", report),
        customer=customer_of(document.partner, report),
        consent={"analytics": True},
    )
    return Read(observations=(seen,), report=tuple(report))
