"""Wish lists and enquiries, read entry by entry as the mapping says where each of them stands."""

from typing import Final, cast, get_args

from cartbridge.sdk.documents import Item
from cartbridge.sdk.observations import (
    DocumentGone,
    EnquiryKind,
    EnquirySeen,
    Observation,
    WishlistSeen,
)
from cartbridge_declarative.sections import Enquiry, Wishlist
from cartbridge_declarative.snapshots import Told

_NOTHING: Final = Wishlist()  # a mapping need not say where a wish list tells its name


def wishlist_seen(told: Told) -> list[Observation]:
    """The whole wish list as it is now."""
    part, rules = told.part, told.settings.rules.wishlist or _NOTHING
    return [
        WishlistSeen(
            external_id=told.external_id,
            snapshot=told.snapshot(),
            name=part.text("wishlist.name", rules.name, 200),
            purpose=part.text("wishlist.purpose", rules.purpose, 50),
        )
    ]


def wishlist_gone(told: Told) -> list[Observation]:
    """A wish list that is deleted."""
    return [
        DocumentGone(
            kind=told.twin,
            external_id=told.external_id,
            revision=told.revision,
            at=told.at,
        )
    ]


def enquiry_seen(told: Told) -> list[Observation]:
    """What somebody asked by a contact form."""
    part, document = told.part, told.settings.rules.document
    rules = told.settings.rules.enquiry or Enquiry()
    return [
        EnquirySeen(
            external_id=told.external_id,
            at=told.at,
            about=_about(told, rules),
            subject=part.text("enquiry.subject", rules.subject),
            message=part.text("enquiry.message", rules.message, 5000),
            store=part.text("enquiry.store", rules.store, 255),
            customer=told.customer,
            locale=part.text("locale", document.locale, 100),
            items=_items(told, rules),
            receipt_number=part.text("enquiry.receipt_number", rules.receipt_number, 255),
            wished_at=part.moment("enquiry.wished_at", rules.wished_at, document.time_form),
        )
    ]


def _about(told: Told, rules: Enquiry) -> EnquiryKind:
    word = told.part.text("enquiry.about", rules.about, 100)
    about = rules.kinds.get(word or "", word)
    if about in get_args(EnquiryKind):
        return cast(EnquiryKind, about)
    if about is not None:
        why = "not one that enquiry.kinds knows: taken as information"
        told.part.lost("enquiry.about", rules.about, "defaulted", why)
    return "information"


def _items(told: Told, rules: Enquiry) -> tuple[Item, ...]:
    sku = told.part.text("enquiry.sku", rules.sku, 100)
    title = told.part.text("enquiry.title", rules.title)
    if title is None and sku is None:
        return ()
    if title is None:
        why = "not told: shown by its number"
        told.part.lost("enquiry.title", rules.title, "defaulted", why)
    return (Item(sku=sku, title=title or sku or ""),)
