"""The examples of enquiries: a demonstration asked for on a product page, answered from Lyon."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Final

from pydantic import BaseModel

from cartbridge.domain.canonical import CanonicalCart
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry.canonical import CanonicalEnquiry, canonical
from cartbridge.domain.enquiry.decide import decide
from cartbridge.domain.enquiry.events import Opened
from cartbridge.domain.enquiry.state import Author, Enquiry, Message
from cartbridge.domain.items import Item
from cartbridge.domain.refusals import Refused
from cartbridge.http import enquiry_models as m
from cartbridge.http import openapi_story as of
from cartbridge.http.pos_models import ItemTold, ScannedLine

_ID: Final = of.CART_ID.replace("crt_", "enq_")
_LAMP: Final = Item(sku="LAMP-OAK", gtin="3700123456780", title="Lampe chêne", variant="H 40 cm")
_TOLD: Final = ItemTold(sku="LAMP-OAK")
_DAY: Final = timedelta(days=1)
_ASKED: Final = "Bonjour, puis-je voir la lampe allumée samedi ?"
_ANSWER: Final = "Avec plaisir : samedi à 15 h, Léa vous attend."
_HER: Final = Customer(first_name="Anna", email="anna@example.org")


def enquiries_sent() -> tuple[BaseModel, ...]:
    """One example of each model that is sent."""
    return (
        m.EnquiryRequest(
            kind="demonstration",
            subject="Lampe chêne",
            message=_ASKED,
            store=of.STORE,
            customer=_HER,
            items=(_TOLD,),
            wished_at=of.BEGUN + _DAY,
            external_id="form-118",
        ),
        m.EnquiryChangeRequest(assigned_to=of.STAFF, staff=of.STAFF),
        m.MessageRequest(text=_ANSWER, author="staff", staff=of.STAFF),
        m.ScheduleRequest(at=of.BEGUN + _DAY, assigned_to=of.STAFF, staff=of.STAFF),
        m.DemonstratedRequest(items=(_TOLD,), staff=of.STAFF),
        m.CloseRequest(outcome="bought", staff=of.STAFF),
        m.ReopenRequest(staff=of.STAFF),
        m.EnquiryCartRequest(lines=(ScannedLine(item=_TOLD, quantity=Decimal(1)),), staff=of.STAFF),
    )


def enquiries_answered(cart: CanonicalCart) -> tuple[BaseModel, ...]:
    """One example of each model that is answered."""
    shown = _shown()
    return (
        shown,
        m.EnquiryAnswer(enquiry=shown, pass_url=f"{of.PLACE}/c/{of.CODE[::-1]}"),
        m.EnquiryCartAnswer(enquiry=shown, cart=cart),
        m.Enquiries(items=(shown,), next=None),
    )


@cache
def _shown() -> CanonicalEnquiry:
    opened = Opened(
        kind="demonstration",
        origin=Origin(channel="web", connection=of.SHOP.connection),
        brand="maison-lumiere",
        locale="fr-FR",
        store=of.STORE,
        subject="Lampe chêne",
        customer=_HER,
        items=(_LAMP,),
        wished_at=of.BEGUN + _DAY,
        due_at=of.BEGUN + _DAY,
    )
    commands: Sequence[c.Command] = (
        c.Open(opened, _message("1", "customer", _ASKED)),
        c.Change(due_again=of.BEGUN + _DAY, staff=of.STAFF),
        c.Write(_message("2", "staff", _ANSWER), of.BEGUN + _DAY),
        c.SetDate(of.BEGUN + _DAY, None, of.STAFF, of.BEGUN + _DAY),
    )
    found = Enquiry(id=_ID)
    for command in commands:
        decision = decide(found, command, of.BEGUN)
        if isinstance(decision, Refused):
            raise RuntimeError(f"the example of an enquiry is refused: {decision.code}")
        found = decision[0].document
    return canonical(found, of.BEGUN)


def _message(number: str, author: Author, text: str) -> Message:
    return Message(
        id=_ID.replace("enq_", "ems_")[:-1] + number,
        channel="web" if author == "customer" else "tablet",
        author=author,
        staff=of.STAFF if author == "staff" else None,
        text=text,
        at=of.BEGUN,
    )
