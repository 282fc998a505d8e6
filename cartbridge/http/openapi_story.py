"""The cart that the examples tell of: filled on the web, claimed in Lyon, sold but for one lamp."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Final, NamedTuple

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.decide import decide
from cartbridge.domain.cart.events import CartEvent
from cartbridge.domain.cart.reservation import Reserve
from cartbridge.domain.cart.state import Cart, NotTaken, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.decided import Decided
from cartbridge.domain.ids import make_id
from cartbridge.domain.items import Item
from cartbridge.domain.line import Discount, Fee, Fulfilment, Prices, Tax
from cartbridge.domain.refusals import Refused
from cartbridge.domain.twin import ObservedLine, Snapshot, TwinRef

BEGUN: Final = datetime(2026, 11, 20, 9, 12, 31, tzinfo=UTC)
OFFERED: Final = BEGUN + timedelta(minutes=40)
CLAIMED: Final = OFFERED + timedelta(minutes=2)
SOLD: Final = CLAIMED + timedelta(minutes=4)
RETURNED: Final = SOLD + timedelta(days=3)
STORE: Final = "lyon-2"
TERMINAL: Final = "lyon-2-till-4"
STAFF: Final = "S07"
PLACE: Final = "https://gateway.example"  # stands for the address of an installation
RECEIPT: Final = "4711"
CODE: Final = "BCDFGHJKLNPRSTVXBCDFGHJKLNPRSTVX"
SHOP: Final = TwinRef(connection="web-fr", external_id="Z2NwOjE4")

_SLOT: Final = 0x2A7


def _id(prefix: str, number: int, at: datetime = BEGUN) -> str:
    return make_id(prefix, at, _SLOT, number.to_bytes(8, "big"))


CART_ID: Final = _id("crt", 1)
LAMP, BOOK, CABLE = (_id("lin", number) for number in (11, 12, 13))
HANDOVER: Final = _id("hnd", 2, OFFERED)
CLAIM: Final = _id("clm", 3, CLAIMED)
REMAINDER: Final = _id("crt", 4, SOLD)
MESSAGE: Final = _id("msg", 5)
SUBSCRIPTION: Final = _id("sub", 6)
ALARM: Final = _id("alm", 6, SOLD)
LETTER: Final = _id("out", 6, CLAIMED)
CUSTOMER: Final = _id("cus", 7)
ACCESS: Final = _id("acc", 8, CLAIMED)

_ROWS: Final = (
    ObservedLine(
        key="sku:LAMP-OAK",
        item=Item(
            sku="LAMP-OAK",
            gtin="3700123456780",
            title="Lampe chêne",
            variant="H 40 cm",
            attributes={"colour": "oak"},
            image_url=f"{PLACE}/lamp-oak.jpg",
            product_url=f"{PLACE}/lamp-oak",
        ),
        quantity=Decimal(2),
        prices=Prices(
            unit_price=4990,
            list_price=5990,
            taxes=(Tax(rate="0.20", amount=1497),),
            fees=(Fee(kind="eco_participation", amount=60),),
            discounts=(Discount(code="NOEL", label="Noël en avance", amount=1000),),
            total=8980,
        ),
    ),
    ObservedLine(
        key="sku:BOOK-WOOD",
        item=Item(sku="BOOK-WOOD", gtin="9782123456803", title="Le bois, de l'arbre au meuble"),
        quantity=Decimal(1),
        prices=Prices(unit_price=2490, taxes=(Tax(rate="0.055", amount=130),), total=2490),
    ),
    ObservedLine(
        key="sku:CABLE-LINEN",
        sold_by="length",
        item=Item(sku="CABLE-LINEN", gtin="3700123456797", title="Câble textile lin"),
        quantity=Decimal("2.5"),
        unit="MTR",
        prices=Prices(unit_price=320, taxes=(Tax(rate="0.20", amount=133),), total=800),
    ),
)
SNAPSHOT: Final = Snapshot(
    lines=_ROWS,
    codes=("NOEL",),
    revision=3,
    at=BEGUN,
    currency="EUR",
    tax_mode="inclusive",
    locale="fr-FR",
    channel="web",
    customer=Customer(external_id="10482", loyalty_number="ML-204-881"),
    attribution={"utm_source": "newsletter"},
    consent={"analytics": False},
    price_list="fr-web",
)
NOT_TAKEN: Final = NotTaken(line=LAMP, quantity=Decimal(1), reason="changed_mind", keep=True)


@dataclass(frozen=True)
class Chapter:
    """What one command made of the cart, and of the remainder if there is one."""

    cart: Cart
    events: tuple[CartEvent, ...]
    at: datetime
    remainder: Cart | None = None


def _then(cart: Cart, command: c.Command, at: datetime) -> Chapter:
    decision = decide(cart, command, at)
    if isinstance(decision, Refused):
        raise ValueError(f"the examples' story breaks at {type(command).__name__}: {decision.code}")
    first, rest = decision[0], decision[1:]
    return Chapter(first.document, first.events, at, _only(rest))


def _only(rest: tuple[Decided[Cart], ...]) -> Cart | None:
    return rest[0].document if rest else None


class Story(NamedTuple):
    """The cart's life, one chapter after another."""

    filled: Chapter
    offered: Chapter
    claimed: Chapter
    sold: Chapter
    returned: Chapter


@cache
def story() -> Story:
    """The whole life, as the machine decides it today; ValueError where it would refuse a step."""
    filled = _then(
        Cart(id=CART_ID),
        c.Observe(
            ref=SHOP,
            snapshot=SNAPSHOT,
            projection=(),
            line_ids=(LAMP, BOOK, CABLE),
            new_cart=CART_ID,
            origin=Origin(channel="web", connection=SHOP.connection),
            brand="maison-lumiere",
        ),
        BEGUN,
    )
    offered = _then(
        filled.cart,
        c.OfferHandover(
            handover=HANDOVER,
            direction="to_store",
            code_hash="00",
            expires_at=OFFERED + timedelta(minutes=15),
        ),
        OFFERED,
    )
    claimed = _then(
        offered.cart,
        c.ClaimCart(claim=CLAIM, terminal=TERMINAL, store=STORE, code_hash="00"),
        CLAIMED,
    )
    sold = _then(
        claimed.cart,
        c.CompleteSale(
            claim=CLAIM,
            fence=claimed.cart.fence,
            receipt_number=RECEIPT,
            sold_at=SOLD,
            store=STORE,
            terminal=TERMINAL,
            remainder=REMAINDER,
            lines=(
                c.TakenAtTill(LAMP, Decimal(1), total=4490),
                c.TakenAtTill(BOOK, Decimal(1)),
                c.TakenAtTill(CABLE, Decimal("2.5")),
            ),
            not_taken=(NOT_TAKEN,),
            codes_used=("NOEL",),
            total=7780,
        ),
        SOLD,
    )
    returned = _then(
        sold.cart,
        c.ReturnLines(lines={BOOK: (Decimal(1), "given twice")}, store=STORE, terminal=TERMINAL),
        RETURNED,
    )
    return Story(filled, offered, claimed, sold, returned)


@cache
def reserved() -> Chapter:
    """The filled cart, had she asked the store to set it aside: one lamp of two is there."""
    until = OFFERED + timedelta(hours=24)
    wish = c.OfferHandover(
        handover=HANDOVER,
        direction="to_store",
        code_hash="00",
        expires_at=until,
        store=STORE,
        reserve=Reserve(store=STORE, until=until),
    )
    found = (c.Found(LAMP, True, Decimal(1)), c.Found(BOOK, False), c.Found(CABLE, True))
    asked = _then(story().filled.cart, wish, OFFERED)
    return _then(asked.cart, c.MarkReservation(HANDOVER, found, STAFF), CLAIMED)


@cache
def bought_online() -> Chapter:
    """The filled cart, had she bought it online to collect it in the store."""
    there = Fulfilment(kind="pick_up", store=STORE)
    order = c.OrderOnline(ref=SHOP, at=OFFERED, order_number="W-1007", fulfilment=there)
    return _then(story().filled.cart, order, OFFERED)
