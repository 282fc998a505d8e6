"""The customer of the examples' story, as a store and an operator are shown her."""

from pydantic import BaseModel

from cartbridge.domain.canonical import totals
from cartbridge.http import customer_models as m
from cartbridge.http import openapi_story as of
from cartbridge.services.show_customer import MaskedCustomer, OpenCart, Purchase

_CARD = "ML-204-881"


def customers() -> tuple[BaseModel, ...]:
    """One example of each model that is answered about a customer."""
    asked = m.ErasureRequest(customer=of.CUSTOMER, asked_at=of.RETURNED)
    return (
        _file(),
        _known(),
        m.Accesses(items=(_look(),), next=None),
        m.ErasureRequests(items=(asked,)),
    )


def _file() -> m.SearchAnswer:
    told = of.story()
    open_cart, sold = told.sold.remainder or told.filled.cart, told.sold.cart
    return m.SearchAnswer(
        found=1,
        customer=MaskedCustomer(
            id=of.CUSTOMER, first_name="Zoé", initial="M.", loyalty_number=_CARD
        ),
        carts=(
            OpenCart(
                id=open_cart.id,
                state=open_cart.state,
                channel=open_cart.origin.channel,
                articles=len(open_cart.lines),
                total=totals(open_cart).total,
                currency=open_cart.currency,
                updated_at=open_cart.updated_at,
                claim=None,
            ),
        ),
        purchases=(
            Purchase(
                cart=sold.id,
                receipt_number=of.RECEIPT,
                order_number=None,
                store=of.STORE,
                connection=None,
                at=of.SOLD,
                returned=False,
            ),
        ),
    )


def _known() -> m.CustomerAnswer:
    shop = of.SHOP.connection
    return m.CustomerAnswer(
        id=of.CUSTOMER,
        first_name="Zoé",
        last_name="Martin",
        company=None,
        email=None,
        phone=None,
        loyalty_number=_CARD,
        locale="fr-FR",
        brands=("maison-lumiere",),
        identifiers=(
            m.IdentifierAnswer(kind="loyalty_number", connection=None, value="ml204881"),
            m.IdentifierAnswer(kind="external_id", connection=shop, value="10482"),
        ),
        consent=(
            m.ConsentAnswer(
                brand="maison-lumiere",
                purpose="analytics",
                granted=False,
                at=of.BEGUN,
                where=shop,
            ),
        ),
        erasure_asked_at=None,
    )


def _look() -> m.AccessAnswer:
    return m.AccessAnswer(
        id=of.ACCESS,
        at=of.CLAIMED,
        store=of.STORE,
        terminal=of.TERMINAL,
        staff=of.STAFF,
        actor=of.STAFF,
        found_by="loyalty_number",
        shown=True,
        purpose="she asks for her web basket",
    )
