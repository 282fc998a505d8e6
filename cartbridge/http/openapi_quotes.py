"""An example of each thing that is sent and answered about quotes."""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Final

from pydantic import BaseModel

from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Company, Customer
from cartbridge.domain.items import Item
from cartbridge.domain.line import Discount
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote.canonical import CanonicalQuote, canonical_quote
from cartbridge.domain.quote.decide import decide
from cartbridge.domain.quote.pricing import prices_of
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.refusals import Refused
from cartbridge.http import openapi_story as of
from cartbridge.http import quote_models as m
from cartbridge.http.pos_models import ItemTold, SetLine

_ID: Final = of.CART_ID.replace("crt_", "qte_")
_UNTIL: Final = of.BEGUN + timedelta(days=30)
_BUYER: Final = Customer(company=Company(name="Atelier Beau Lieu SARL", vat_number="FR40303265045"))
_OFF: Final = Discount(label="Trade", amount=500)


def quotes_sent() -> tuple[BaseModel, ...]:
    """One example of each model that is sent."""
    lamps = m.QuotedLine(
        item=ItemTold(gtin="3700123456780"),
        quantity=Decimal(4),
        unit_price=4490,
        discounts=(_OFF,),
    )
    return (
        m.QuoteRequest(
            add=(lamps,),
            customer=_BUYER,
            valid_until=_UNTIL,
            issue=True,
            staff=of.STAFF,
        ),
        m.QuoteChange(
            set=(SetLine(line=of.LAMP, quantity=Decimal(6)),),
            prices=(m.LinePrice(line=of.LAMP, unit_price=4290),),
            staff=of.STAFF,
        ),
        m.IssueRequest(valid_until=_UNTIL, staff=of.STAFF),
        m.AcceptRequest(staff=of.STAFF),
        m.DeclineRequest(reason="too late for our opening", staff=of.STAFF),
        m.CartQuoteRequest(message="For ten of each, please."),
    )


@cache
def quotes_answered() -> tuple[BaseModel, ...]:
    """One example of each model that is answered."""
    shown = _shown()
    return (
        shown,
        m.QuoteAnswer(quote=shown, pass_url=f"{of.PLACE}/c/{of.CODE[::-1]}"),
        m.Quotes(items=(shown,), next=None),
    )


def _shown() -> CanonicalQuote:
    lamps = NewLine(
        id=of.LAMP,
        item=Item(sku="LAMP-OAK", gtin="3700123456780", title="Lampe chêne H 40 cm"),
        quantity=Quantity(value=Decimal(4)),
        prices=prices_of(4490, Decimal(4), "0.20", (_OFF,), "inclusive"),
    )
    command = c.StartQuote(
        origin=Origin(channel="tablet", store=of.STORE, terminal=of.TERMINAL),
        currency="EUR",
        lines=(lamps,),
        brand="maison-lumiere",
        customer=_BUYER,
        issue=c.IssueQuote("26-7K3F-9QXM", _UNTIL),
    )
    decision = decide(Quote(id=_ID), command, of.BEGUN)
    if isinstance(decision, Refused):
        raise RuntimeError(f"the example of a quote is refused: {decision.code}")
    return canonical_quote(decision[0].document, {})
