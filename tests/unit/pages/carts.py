"""A cart with every kind of line, as the tests of the pages need it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.state import Cart, Claim, Sale, SoldLine
from cartbridge.domain.customer import Customer
from cartbridge.domain.items import Item
from cartbridge.domain.line import Discount, Fee, Line, Prices, Tax
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.store import Brand

AT = datetime(2026, 11, 20, 13, 2, tzinfo=UTC)  # 14:02 in Paris
BRAND = Brand(
    id="maison-lumiere", name="Maison Lumière", privacy_url="https://maison.example/vie-privee"
)
QR_TEXT = "HTTPS://PANIER.EXAMPLE/H/" + "BCDFGHJKLNPRSTVX" * 2


def a_line(
    name: str,
    title: str,
    quantity: str = "1",
    unit: str = "C62",
    item: Mapping[str, object] | None = None,
    **more: object,
) -> Line:
    """A line named lin_<name>; the other fields as Line takes them."""
    fields: dict[str, object] = {
        "id": f"lin_{name}",
        "item": Item.model_validate({"title": title, **(item or {})}),
        "quantity": Quantity(value=Decimal(quantity), unit=unit),
    }
    return Line.model_validate(fields | more)


LAMP = a_line(
    "lamp",
    "Lampe chêne",
    "2",
    item={"sku": "LAMP-OAK", "variant": "H 40 cm", "gtin": "3700123456780"},
    prices=Prices(
        unit_price=4990,
        total=8980,
        taxes=(Tax(rate="0.20", amount=1497),),
        fees=(Fee(kind="eco_participation", amount=60),),
        discounts=(Discount(code="NOEL", label="Noël", amount=1000),),
    ),
)
BOOK = a_line(
    "book",
    "L'Art de la lumière",
    item={"sku": "LIV-01", "gtin": "9782070368228"},
    prices=Prices(unit_price=2490, total=2490, taxes=(Tax(rate="0.055", amount=130),)),
)
CABLE = a_line(
    "cable",
    "Câble lin",
    "2.5",
    "MTR",
    sold_by="length",
    item={"sku": "CAB", "gtin": "3760123450010"},
    prices=Prices(unit_price=590, total=1475),
)


def a_cart(lines: Iterable[Line] = (LAMP, BOOK, CABLE), **more: object) -> Cart:
    """An open cart of a known customer."""
    fields: dict[str, object] = {
        "id": "crt_" + "0" * 32,
        "version": 7,
        "state": State.OPEN,
        "locale": "fr-FR",
        "customer": Customer(email="anna@example.org", first_name="Anna", loyalty_number="L-77"),
        "lines": tuple(lines),
    }
    return Cart.model_validate(fields | more)


def a_claimed_cart(**more: object) -> Cart:
    """The same cart, held by till 4 in Lyon."""
    claim = Claim(id="clm_1", terminal="till-4", store="lyon-2", fence=1, since=AT)
    return a_cart(**{"state": State.CLAIMED, "claim": claim, **more})  # type: ignore[arg-type]


def a_sold_cart(**more: object) -> Cart:
    """Two lamps sold in Lyon under receipt number 4711."""
    sale = Sale(
        receipt_number="4711",
        store="lyon-2",
        terminal="till-4",
        at=AT,
        lines=(SoldLine(line="lin_lamp", quantity=Decimal(2), unit_price=4490, total=8980),),
    )
    return a_cart((LAMP,), **{"state": State.FULFILLED, "sale": sale, **more})
