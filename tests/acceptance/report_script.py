"""What people do in the seeded world of the reports, before anybody plays or counts it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

BASE = datetime(2025, 3, 3, 8, tzinfo=UTC)
DAYS = 30
MINUTE = timedelta(minutes=1)

PRICES: dict[str, int | None] = {
    "LAMP": 4990,
    "BOOK": 1905,
    "PLAID": 7901,
    "BULB": 333,
    "RUG": 25900,
    "ON-QUOTE": None,
}
TILLS = {
    "lyon-part-dieu": ("lyon-caisse-1", "lyon-caisse-2"),
    "paris-rivoli": ("rivoli-caisse-1", "rivoli-tablette-1"),
    "geneve-rive": ("geneve-caisse-1", "geneve-caisse-2"),
    "school": ("school-caisse-1", "school-caisse-2"),
}
STAFF: dict[str, tuple[str | None, ...]] = {
    "lyon-part-dieu": ("anna", "ben", None),
    "paris-rivoli": ("chloe", "dan"),
    "geneve-rive": ("eve",),
    "school": ("trainee",),
}
BRANDS = {"geneve-rive": "atelier"}
VISITS: tuple[dict[str, str], ...] = (
    {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "spring"},
    {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "lamps", "gclid": "G"},
    {"utm_source": "forum", "utm_medium": "link", "utm_campaign": "tiny"},
    {"fbclid": "F"},
)
CodeEnd = Literal["used", "lapsed", "revoked", "live"]
How = Literal["total", "unit"] | None  # what the till says of a price
Fate = Literal["released", "store_closed", "unknown", "not_sold", "held", "taken_over"]


_HOWS: tuple[How, ...] = ("total", "unit", None)


@dataclass(frozen=True)
class Seller:
    """Somebody at a till; None: who it is was not told."""

    store: str
    terminal: str
    staff: str | None


@dataclass(frozen=True)
class Piece:
    """So many of an article; told: what the till says of its price, None where it says nothing."""

    sku: str
    quantity: int
    told: How = None
    amount: int = 0
    discount: int = 0
    returned: int = 0


@dataclass(frozen=True)
class Left:
    sku: str
    quantity: int
    reason: str
    keep: bool


@dataclass(frozen=True)
class Sale:
    """What is bought: at a till, or online where there is no seller (then all of the cart)."""

    seller: Seller | None
    pieces: tuple[Piece, ...] = ()
    extras: tuple[Piece, ...] = ()
    put_in: tuple[Piece, ...] = ()  # by the till, into the cart, before it is sold
    left: tuple[Left, ...] = ()
    voided: bool = False
    minutes: int = 1


@dataclass(frozen=True)
class Journey:
    """One shopper's cart, and what became of it; `rest` is the sale of what was left."""

    number: int
    shopper: int | None  # None: a guest
    begun: datetime
    by: Seller | None  # None: she began it online
    brand: str
    currency: str
    tax_mode: Literal["inclusive", "exclusive"]
    consent: bool | None
    visits: tuple[dict[str, str], ...]
    basket: tuple[Piece, ...]
    codes: int
    pace: int  # minutes
    code_store: str | None
    last_code: CodeEnd
    stays: tuple[tuple[Seller, Fate], ...]
    sale: Sale | None
    rest: Sale | None
    abandoned: bool


def script(seed: int, count: int) -> Iterator[Journey]:
    """So many journeys, the same for the same seed."""
    dice = Random(seed)  # noqa: S311 - no secret
    for number in range(count):
        yield _journey(dice, number)


def _journey(dice: Random, number: int) -> Journey:
    stores = (*["lyon-part-dieu"] * 6, *["paris-rivoli"] * 4, *["geneve-rive"] * 2)
    store = "school" if number % 40 == 7 else dice.choice(stores)
    by = _seller(dice, store) if dice.random() < 0.35 else None
    foreign = store == "geneve-rive"
    basket = tuple(
        Piece(sku, dice.randint(1, 4)) for sku in dice.sample(sorted(PRICES), dice.randint(1, 3))
    )
    endings = ("till", "online", "online", "online") if by else ("till", "till", "online")
    ending = dice.choice((*endings, "lost"))
    seller = _seller(dice, store)
    sale = None
    if ending == "till":
        sale = _till_sale(dice, seller, basket)
    elif ending == "online":
        sale = Sale(None, tuple(Piece(p.sku, p.quantity, returned=_back(dice, p)) for p in basket))
    stays = () if by is not None or ending == "online" else _stays(dice, seller, ending)
    codes = dice.randint(0, 3) if by is None else 1
    used = bool(codes and (stays or ending == "till") and dice.random() < 0.7)
    if by is not None:
        used = ending == "online"
    dead: CodeEnd = dice.choice(("lapsed", "revoked", "live"))
    rest = _rest(dice, store, by, sale)
    return Journey(
        number=number,
        shopper=dice.randrange(400) if dice.random() < 0.6 else None,
        begun=BASE + timedelta(days=dice.randrange(DAYS), minutes=dice.randrange(600)),
        by=by,
        brand=BRANDS.get(store, "maison-lumiere"),
        currency="CHF" if foreign else "EUR",
        tax_mode="exclusive" if foreign else "inclusive",
        consent=dice.choice((True, True, True, False, None)),
        visits=_visits(dice),
        basket=basket,
        codes=codes,
        pace=dice.randrange(40),
        code_store=dice.choice((None, store)),
        last_code="used" if used else dead,
        stays=stays,
        sale=sale,
        rest=rest,
        abandoned=ending == "lost" and not stays and by is None and dice.random() < 0.3,
    )


def _seller(dice: Random, store: str) -> Seller:
    return Seller(store, TILLS[store][0], dice.choice(STAFF[store]))


def _visits(dice: Random) -> tuple[dict[str, str], ...]:
    """None, one or more; the same campaign never twice in a row."""
    found: list[dict[str, str]] = []
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        choice = dice.choices(VISITS, (14, 7, 1, 3))[0]
        if not found or found[-1] != choice:
            found.append(choice)
    return tuple(found)


def _back(dice: Random, piece: Piece) -> int:
    return dice.randint(0, piece.quantity) if dice.random() < 0.15 else 0


def _till_sale(dice: Random, seller: Seller, basket: tuple[Piece, ...]) -> Sale:
    pieces, left = [], []
    for piece in basket:
        fate = dice.random()
        if fate < 0.2 and piece is not basket[0]:
            reason = dice.choice(("price", "did_not_fit", "out_of_stock"))
            left.append(Left(piece.sku, piece.quantity, reason, dice.random() < 0.5))
            continue
        quantity = piece.quantity
        if fate < 0.35:
            quantity = max(1, quantity - 1)
        elif fate < 0.45:
            quantity += dice.randint(1, 2)
        pieces.append(_priced(dice, Piece(piece.sku, quantity)))
    others = [sku for sku in sorted(PRICES) if sku not in {piece.sku for piece in basket}]
    extras = [_extra(dice, dice.choice(others))] if dice.random() < 0.4 else []
    more = [sku for sku in others if sku not in {piece.sku for piece in extras}]
    put_in = [Piece(dice.choice(more), 2)] if dice.random() < 0.2 else []
    return Sale(
        seller,
        tuple(pieces),
        tuple(extras),
        tuple(put_in),
        tuple(left),
        voided=dice.random() < 0.1,
        minutes=dice.randint(1, 9),
    )


def _priced(dice: Random, piece: Piece) -> Piece:
    """As the till tells it: a total, the price of one and a discount, or nothing."""
    told: How = dice.choice(_HOWS)
    amount = dice.randint(101, 9999) if told else 0
    discount = dice.randint(0, 100) if told == "unit" else 0
    return Piece(piece.sku, piece.quantity, told, amount, discount, _back(dice, piece))


def _extra(dice: Random, sku: str) -> Piece:
    piece = Piece(sku, dice.randint(1, 3))
    amount = dice.randint(101, 9999)
    return Piece(sku, piece.quantity, "unit", amount, 0, _back(dice, piece))


def _stays(dice: Random, seller: Seller, ending: str) -> tuple[tuple[Seller, Fate], ...]:
    """Claims that did not end in a sale, at the second till of the store."""
    there = Seller(seller.store, TILLS[seller.store][1], dice.choice(STAFF[seller.store]))
    if ending == "till":
        fates: tuple[Fate, ...] = ("released", "store_closed", "unknown", "not_sold", "taken_over")
        return ((there, dice.choice(fates)),) if dice.random() < 0.3 else ()
    last: tuple[Fate, ...] = ("released", "unknown", "not_sold", "held")
    return ((there, dice.choice(last)),) if dice.random() < 0.5 else ()


def _rest(dice: Random, store: str, by: Seller | None, sale: Sale | None) -> Sale | None:
    """What was left is bought later: in the same store, or at home."""
    if sale is None or sale.seller is None or dice.random() < 0.4:
        return None
    return Sale(_seller(dice, store) if by is None or dice.random() < 0.5 else None, minutes=5)
