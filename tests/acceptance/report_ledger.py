"""A ledger of what the script says people did: counted apart from everything the reports are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.acceptance.report_script import MINUTE, PRICES, Journey, Left, Piece, Sale, Seller

Who = tuple[str, str | None]
Purse = tuple[str, str]
Lead = tuple[str, str | None, str | None, str | None]


@dataclass(frozen=True)
class Entry:
    """One line of a ticket, to the cent."""

    sku: str
    quantity: int
    added: int
    total: int | None
    assumed: bool
    captured: int | None
    returned: int


@dataclass(frozen=True)
class Ticket:
    """A sale, and whose it is."""

    number: str
    at: datetime
    store: str | None
    staff: str | None
    begun_in: Who | None
    purse: Purse
    brand: str
    person: str
    consent: bool
    visits: tuple[tuple[datetime, dict[str, str]], ...]
    entries: tuple[Entry, ...]
    left: tuple[Left, ...]
    voided: bool
    cart: str
    practised: bool

    @property
    def crossing(self) -> str | None:
        if self.store is not None and self.begun_in is None:
            return "online_to_store"
        return "store_to_online" if self.store is None and self.begun_in else None

    @property
    def credit(self) -> Who:
        if self.store is not None:
            return self.store, self.staff
        assert self.begun_in is not None
        return self.begun_in

    def lead(self, place: int) -> Lead:
        """What the first (0) or the last (-1) visit was."""
        if not self.consent:
            return "without_consent", None, None, None
        if not self.visits:
            return "none", None, None, None
        told = self.visits[place][1]
        if "utm_source" not in told:
            return "click", next(iter(told)), None, None
        return "campaign", told["utm_source"], told["utm_medium"], told["utm_campaign"]


@dataclass
class Basket:
    """A cart as it ended, and what happened on the way."""

    begun: datetime
    brand: str
    state: str
    store: str | None = None  # that it had to do with
    unknown: bool = False
    offer: tuple[str, str | None, str] | None = None  # direction, store, how it ended
    codes: list[str] = field(default_factory=list)
    claims: list[tuple[str, str]] = field(default_factory=list)
    steps: dict[str, int] = field(default_factory=dict)
    tickets: list[Ticket] = field(default_factory=list)


def share(amount: int, part: int, whole: int) -> int:
    """So much of an amount as the part is of the whole, half a cent rounded up."""
    return (2 * amount * part + whole) // (2 * whole)


def ledger(journeys: list[Journey]) -> list[Basket]:
    """Every cart of the script."""
    return [basket for journey in journeys for basket in _baskets(journey)]


def _baskets(journey: Journey) -> Iterator[Basket]:
    basket = Basket(journey.begun, journey.brand, "open")
    _codes(journey, basket)
    for seller, fate in journey.stays:
        basket.claims.append((seller.store, fate))
    sale = journey.sale
    in_store = sale is not None and sale.seller is not None
    rest = _left(journey, sale) if sale is not None and in_store else {}
    _ending(journey, basket, rest=bool(rest))
    stores = [journey.by, *(seller for seller, _ in journey.stays), sale.seller if sale else None]
    basket.store = next((one.store for one in stores if one is not None), None)
    if basket.store is None and journey.by is None and journey.codes:
        basket.store = journey.code_store
    _pace(journey, basket)
    if sale is not None:
        basket.tickets.append(_ticket(journey, sale, "TO"[sale.seller is None], None))
    yield basket
    if sale is not None and rest:
        yield _rest(journey, sale, rest)


def _codes(journey: Journey, basket: Basket) -> None:
    """How each code ended: a newer one, a claim or an order replaces one that is live."""
    if not journey.codes:
        return
    claimed = bool(journey.stays) or (journey.sale is not None and journey.sale.seller is not None)
    last = journey.last_code
    over = claimed or journey.sale is not None
    end = "replaced" if last == "live" and over else last
    basket.codes = [*["replaced"] * (journey.codes - 1), end]
    if journey.by is not None:
        ended = {"used": "scanned", "live": "waiting"}.get(end, "never_scanned")
        basket.offer = ("to_online", journey.by.store, ended)
        return
    first = journey.stays[0][0] if journey.stays else journey.sale.seller if journey.sale else None
    if first is not None:
        basket.offer = ("to_store", first.store, "scanned" if end == "used" else "named")
    else:
        ended = "waiting" if end == "live" else "never_scanned"
        basket.offer = ("to_store", journey.code_store, ended)


def _ending(journey: Journey, basket: Basket, *, rest: bool) -> None:
    sale = journey.sale
    if sale is not None:
        if sale.seller is not None:
            basket.claims.append((sale.seller.store, "voided" if sale.voided else "sold"))
        pieces = (*sale.pieces, *sale.extras, *sale.put_in)
        all_back = all(piece.returned == piece.quantity for piece in pieces)
        basket.state = "returned" if all_back and not sale.voided else "fulfilled"
        if sale.voided:
            basket.state = "merged" if rest else "open"
        return
    fate = journey.stays[-1][1] if journey.stays else None
    basket.unknown = fate == "unknown"
    if fate == "held":
        basket.state = "claimed"
    elif not journey.stays and basket.codes[-1:] == ["live"]:
        basket.state = "offered"
    elif journey.abandoned:
        basket.state = "abandoned"


def _pace(journey: Journey, basket: Basket) -> None:
    """Seconds between the steps, as the script has them."""
    offered = 150 + journey.pace
    sale = journey.sale
    in_store = sale is not None and sale.seller is not None
    claimed = 300 if journey.stays else 400 if in_store else None
    if journey.by is None and journey.codes:
        basket.steps["begun_to_offered"] = 60 * offered
        if claimed is not None:
            basket.steps["offered_to_claimed"] = 60 * (claimed - offered)
    if sale is None or sale.voided:
        return
    basket.steps["begun_to_sold"] = 60 * (400 + sale.minutes)
    if in_store:
        basket.steps["claimed_to_sold"] = 60 * sale.minutes


def _left(journey: Journey, sale: Sale) -> dict[str, int]:
    """What is left of the cart after the sale and is still wanted."""
    gone = {piece.sku: piece.quantity for piece in sale.pieces}
    for left in sale.left:
        if not left.keep:
            gone[left.sku] = gone.get(left.sku, 0) + left.quantity
    rest = {piece.sku: piece.quantity - gone.get(piece.sku, 0) for piece in journey.basket}
    return {sku: quantity for sku, quantity in rest.items() if quantity > 0}


def _rest(journey: Journey, sale: Sale, rest: dict[str, int]) -> Basket:
    """The cart of what was left; a voided ticket's lines come to it, but what was given back."""
    begun = journey.begun + (400 + sale.minutes) * MINUTE
    store = journey.by.store if journey.by is not None else None
    basket = Basket(begun, journey.brand, "open", store)
    later = journey.rest
    if later is None:
        return basket
    basket.state = "fulfilled"
    web = {piece.sku: piece.quantity for piece in journey.basket}
    if sale.voided:
        for piece in (*sale.pieces, *sale.put_in):
            rest[piece.sku] = rest.get(piece.sku, 0) + piece.quantity - piece.returned
    else:
        for piece in sale.pieces:
            web[piece.sku] = max(0, web[piece.sku] - piece.quantity)
    pieces = tuple(Piece(sku, quantity) for sku, quantity in rest.items() if quantity)
    basket.steps["begun_to_sold"] = 60 * (2885 - sale.minutes)
    if later.seller is not None:
        basket.store = later.seller.store
        basket.claims.append((later.seller.store, "sold"))
        basket.steps["claimed_to_sold"] = 300
    bought = Sale(later.seller, pieces)
    basket.tickets.append(_ticket(journey, bought, "RP"[later.seller is None], web))
    return basket


def _ticket(journey: Journey, sale: Sale, kind: str, web: dict[str, int] | None) -> Ticket:
    """`web` is how much of each article the shopper had put in, if not all of her basket."""
    wished = {piece.sku: piece.quantity for piece in journey.basket} if web is None else web
    minute = {"T": 400 + sale.minutes, "O": 401, "R": 2885 + 400, "P": 2885 + 400}[kind]
    entries = [_entry(piece, wished.get(piece.sku, 0), sale) for piece in sale.pieces]
    entries += [_entry(piece, 0, sale, extra=True) for piece in sale.extras]
    entries += [_entry(piece, 0, sale) for piece in sale.put_in]
    joined = journey.by is not None and (journey.sale is None or journey.sale.seller is not None)
    begin = 0 if journey.by is None else 260
    visits = () if joined else journey.visits
    seller = sale.seller
    stores: set[str | None] = {x.store for x in (journey.by, seller) if x is not None}
    if web is None:
        stores |= {one.store for one, _ in journey.stays}
        stores |= {journey.code_store} if journey.by is None and journey.codes else set()
    return Ticket(
        number=f"{kind}-{journey.number}",
        at=journey.begun + minute * MINUTE,
        store=None if seller is None else seller.store,
        staff=None if seller is None else seller.staff,
        begun_in=None if journey.by is None else (journey.by.store, journey.by.staff),
        purse=(journey.currency, journey.tax_mode),
        brand=journey.brand,
        person=f"g{journey.number}" if journey.shopper is None else f"L{journey.shopper}",
        consent=journey.consent is True and not joined,
        visits=tuple(
            (journey.begun + (begin + 10 * place) * MINUTE, visit)
            for place, visit in enumerate(visits)
        ),
        entries=tuple(entries),
        left=sale.left,
        voided=sale.voided,
        cart=f"{journey.number}{web is not None}",
        practised="school" in stores,
    )


def _entry(piece: Piece, wished: int, sale: Sale, *, extra: bool = False) -> Entry:
    price = PRICES[piece.sku]
    captured = None if price is None else price * piece.quantity
    total = captured
    if piece.told == "total":
        total = piece.amount
    elif piece.told == "unit":
        total = piece.amount * piece.quantity - piece.discount
    return Entry(
        sku=piece.sku,
        quantity=piece.quantity,
        added=max(0, piece.quantity - wished),
        total=total,
        assumed=piece.told is None,
        captured=None if extra else captured,
        returned=piece.returned,
    )


def money(entries: list[tuple[Entry, int, bool]]) -> dict[str, int]:
    """Sums over entries, of each so many pieces, and whether its ticket was voided."""
    sums = dict.fromkeys(("gross", "assumed", "returned", "voided", "net", "unpriced"), 0)
    for entry, part, voided in entries:
        if entry.total is None:
            sums["unpriced"] += 1
            continue
        amount = share(entry.total, part, entry.quantity)
        back = share(amount, entry.returned, entry.quantity)
        sums["gross"] += amount
        sums["assumed"] += amount if entry.assumed else 0
        sums["returned"] += back
        sums["voided"] += amount - back if voided else 0
    sums["net"] = sums["gross"] - sums["returned"] - sums["voided"]
    return sums


def percentile(seconds: list[int], percent: int) -> int | None:
    """The smallest that at least so many percent are not above."""
    fitting = [
        one for one in seconds if 100 * sum(x <= one for x in seconds) >= percent * len(seconds)
    ]
    return min(fitting, default=None)


def all_day(first: str, last: str) -> tuple[datetime, datetime]:
    """From the first moment of a day to the last of another, as Paris has it in winter."""
    zone = timedelta(hours=1)
    day = [datetime.fromisoformat(f"{one}T00:00:00+00:00") - zone for one in (first, last)]
    return day[0], day[1] + timedelta(days=1)


def seller_of(told: dict[str, Any]) -> Who:
    """The store and staff of a row."""
    return told["store"], told["staff"]


__all__ = ["Basket", "Entry", "Seller", "Ticket", "ledger", "money", "percentile", "share"]
