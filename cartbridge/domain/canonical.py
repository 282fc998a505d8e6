"""The canonical cart: what every side is shown of a cart, whoever began it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.reservation import ReservedLine, Stage
from cartbridge.domain.cart.state import Cart, NotTaken, Origin, QuoteRef
from cartbridge.domain.customer import Customer
from cartbridge.domain.items import Item, LineKind, SoldBy
from cartbridge.domain.line import Discount, Fee, Fulfilment, Line, Tax
from cartbridge.domain.model import Strict
from cartbridge.domain.money import TaxMode
from cartbridge.domain.quantity import Amount, Quantity

Id = Annotated[str, Field(pattern=r"^[a-z]{3}_[0-9a-f]{32}$")]


class CanonicalLine(Strict):
    """One row; `total`, `taxes`, `fees` and `discounts` are for the whole line, and bind."""

    id: str
    kind: LineKind
    parent_line: str | None
    sold_by: SoldBy
    item: Item
    quantity: Quantity
    unit_price: int | None
    unit_price_exact: str | None
    list_price: int | None
    fees: tuple[Fee, ...]
    fulfilment: Fulfilment
    note: str | None
    taxes: tuple[Tax, ...]
    discounts: tuple[Discount, ...]
    total: int | None
    wishlist: str | None = None  # the wish list that holds it, too, under the same line id


class Totals(Strict):
    """Sums in minor units; `complete` is false where some line has no price."""

    items: int  # before discounts
    discounts: int
    shipping: int
    fees: int  # shown apart; held in `items` where the fee is included
    tax: int
    total: int
    complete: bool


class CanonicalTwin(Strict):
    """A counterpart on a connection, and whether it shows what it should."""

    connection: str
    kind: str
    external_id: str
    in_step: bool
    refused: tuple[str, ...]  # item keys the platform would not show as wanted


class CanonicalReservation(Strict):
    """What a store was asked to set aside until she comes, and what it found, line by line."""

    handover: str
    store: str
    until: datetime
    stage: Stage
    lines: tuple[ReservedLine, ...]


class CanonicalHandover(Strict):
    """A live code, without the code."""

    id: str
    direction: Literal["to_store", "to_online"]
    expires_at: datetime
    store: str | None


class CanonicalClaim(Strict):
    """Which terminal holds the cart, and since when."""

    store: str
    terminal: str
    since: datetime
    on_hold: bool


class CanonicalSoldLine(Strict):
    """What a sale took of a line, and how much came back since."""

    line: str
    quantity: Amount
    returned: Amount
    unit_price: int | None
    total: int | None
    assumed: bool
    extra: bool


class CanonicalSale(Strict):
    """That the cart was bought: where, when and under which number. Never a payment."""

    receipt_number: str | None
    order_number: str | None
    store: str | None
    terminal: str | None
    connection: str | None
    at: datetime
    lines: tuple[CanonicalSoldLine, ...]
    not_taken: tuple[NotTaken, ...]
    remainder: str | None
    fulfilment: Fulfilment | None


class CanonicalCart(Strict):
    """A cart as every side is shown it."""

    id: Id
    version: int
    state: State
    outcome: Literal["unknown"] | None
    currency: str
    tax_mode: Literal["inclusive", "exclusive"]
    parent: str | None
    enquiry: str | None
    successor: str | None
    quote: QuoteRef | None
    brand: str | None
    locale: str | None
    price_list: str | None
    customer: Customer | None
    origin: Origin
    lines: tuple[CanonicalLine, ...]
    codes: tuple[str, ...]
    totals: Totals
    has_payment: bool
    attribution: dict[str, str]
    consent: dict[str, bool]
    metadata: dict[str, str]
    twins: tuple[CanonicalTwin, ...]
    handover: CanonicalHandover | None
    reservation: CanonicalReservation | None
    claim: CanonicalClaim | None
    sale: CanonicalSale | None
    late_sales: int
    updated_at: datetime | None


def canonical(cart: Cart, in_step: Mapping[str, bool]) -> CanonicalCart:
    """The canonical form of a cart; `in_step` tells which of its twins show what they should."""
    offer = cart.handovers[-1] if cart.handovers else None
    return CanonicalCart(
        id=cart.id,
        version=cart.version,
        state=cart.state,
        outcome=cart.outcome,
        currency=cart.currency,
        tax_mode=cart.tax_mode,
        parent=cart.parent,
        enquiry=cart.enquiry,
        successor=cart.successor,
        quote=cart.quote,
        brand=cart.brand,
        locale=cart.locale,
        price_list=cart.price_list,
        customer=cart.customer,
        origin=cart.origin,
        lines=tuple(canonical_line(line, cart.notes.get(line.id)) for line in cart.lines),
        codes=cart.codes,
        totals=totals(cart),
        has_payment=cart.has_payment,
        attribution=cart.attribution,
        consent=cart.consent,
        metadata=cart.metadata,
        twins=tuple(
            CanonicalTwin(
                connection=twin.ref.connection,
                kind=twin.ref.kind,
                external_id=twin.ref.external_id,
                in_step=in_step.get(str(twin.ref), False),
                refused=tuple(refusal.key for refusal in twin.refusals),
            )
            for twin in cart.twins
            if not twin.ended
        ),
        handover=offer
        and CanonicalHandover(
            id=offer.id,
            direction=offer.direction,
            expires_at=offer.expires_at,
            store=offer.store,
        ),
        reservation=_reservation(cart),
        claim=cart.claim
        and CanonicalClaim(
            store=cart.claim.store,
            terminal=cart.claim.terminal,
            since=cart.claim.since,
            on_hold=cart.claim.on_hold,
        ),
        sale=_sale(cart),
        late_sales=cart.late_sales,
        updated_at=cart.updated_at,
    )


def canonical_line(line: Line, note: str | None) -> CanonicalLine:
    """A line as every side is shown it, with what was written beside it."""
    prices = line.prices
    return CanonicalLine(
        id=line.id,
        kind=line.kind,
        parent_line=line.parent_line,
        sold_by=line.sold_by,
        item=line.item,
        quantity=line.quantity,
        unit_price=prices.unit_price,
        unit_price_exact=prices.unit_price_exact,
        list_price=prices.list_price,
        fees=prices.fees,
        fulfilment=line.fulfilment,
        note=note,
        taxes=prices.taxes,
        discounts=prices.discounts,
        total=prices.total,
        wishlist=line.wishlist,
    )


def _reservation(cart: Cart) -> CanonicalReservation | None:
    told = cart.reservation
    if told is None:
        return None
    return CanonicalReservation(
        handover=told.handover,
        store=told.store,
        until=told.until,
        stage=told.stage(cart.lines),
        lines=told.lines(cart.lines),
    )


def _sale(cart: Cart) -> CanonicalSale | None:
    sale = cart.sale
    if sale is None or cart.state not in BOUGHT:
        return None
    return CanonicalSale(
        receipt_number=sale.receipt_number,
        order_number=sale.order_number,
        store=sale.store,
        terminal=sale.terminal,
        connection=sale.connection,
        at=sale.at,
        lines=tuple(
            CanonicalSoldLine(
                line=line.line,
                quantity=line.quantity,
                returned=line.returned,
                unit_price=line.unit_price,
                total=line.total,
                assumed=line.assumed,
                extra=line.extra,
            )
            for line in sale.lines
        ),
        not_taken=sale.not_taken,
        remainder=sale.remainder,
        fulfilment=sale.fulfilment,
    )


def totals(cart: Cart) -> Totals:
    """The sums of a cart's lines; with tax exclusive prices the tax is added to the total."""
    return totals_of(cart.lines, cart.tax_mode, cart.shipping)


def totals_of(lines: Sequence[Line], tax_mode: TaxMode, shipping: int = 0) -> Totals:
    """The sums of lines; with tax exclusive prices the tax is added to the total."""
    prices = [line.prices for line in lines]
    discounts = sum(discount.amount for price in prices for discount in price.discounts)
    net = sum(price.total or 0 for price in prices)
    tax = sum(part.amount for price in prices for part in price.taxes)
    fees = [fee for price in prices for fee in price.fees]
    apart = sum(fee.amount for fee in fees if not fee.included)
    added = tax if tax_mode == "exclusive" else 0
    return Totals(
        items=net + discounts,
        discounts=discounts,
        shipping=shipping,
        fees=sum(fee.amount for fee in fees),
        tax=tax,
        total=net + shipping + apart + added,
        complete=all(price.total is not None for price in prices),
    )
