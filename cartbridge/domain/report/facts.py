"""What the reports must know of one cart: a flat record, made of its history and nothing else."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.state import Channel, Direction, NotTakenReason
from cartbridge.domain.items import Item
from cartbridge.domain.model import Strict
from cartbridge.domain.money import TaxMode
from cartbridge.domain.quantity import Amount

CodeEnd = Literal["used", "revoked", "lapsed", "replaced"]
Fate = Literal[
    "held",
    "sold",
    "voided",
    "released",
    "sent_online",
    "store_closed",
    "unknown",
    "not_sold",
    "taken_over",
    "ordered_online",
]


class Began(Strict):
    """Where and when a cart began, and with whom; a store only if it began in one."""

    channel: Channel
    connection: str | None
    store: str | None
    staff: str | None
    at: datetime
    imported: bool  # found by the first look at a shop: its own beginning is not known


class Offer(Strict):
    """One code: for which side, for or from which store, and how it ended (None: it is live)."""

    direction: Direction
    store: str | None
    at: datetime
    end: CodeEnd | None = None
    claimed_in: str | None = None  # the store whose terminal scanned it


class Holding(Strict):
    """One claim: which terminal held the cart, and what became of it there."""

    store: str
    terminal: str
    staff: str | None
    at: datetime
    fate: Fate = "held"


class Touch(Strict):
    """A visit that a campaign or an advertisement led to, as the shop told it."""

    at: datetime
    campaign: dict[str, str]  # utm_source and its like
    clicks: dict[str, str]  # gclid and its like


class Article(Strict):
    """What was sold or left, as far as the cart named it."""

    sku: str | None
    gtin: str | None
    title: str
    unit: str

    @classmethod
    def of(cls, item: Item, unit: str) -> "Article":
        """The article of a line."""
        return cls(sku=item.sku, gtin=item.gtin, title=item.title, unit=unit)

    @property
    def key(self) -> str:
        """What makes two lines the same article: SKU, else GTIN, else the title."""
        return self.sku or (self.gtin.zfill(14) if self.gtin is not None else self.title)


class LineSold(Strict):
    """What a sale took of a line; amounts in minor units for all of it."""

    line: str
    article: Article
    quantity: Amount
    added: Amount  # how much of it was not in the cart before the till had it
    total: int | None  # None: nobody told a price
    assumed: bool  # the total is the cart's own, not the till's
    captured: int | None  # what the cart would have asked for as much
    returned: Amount = Decimal(0)

    def share(self, amount: int, part: Decimal) -> int:
        """So much of an amount as the part is of the quantity, rounded half up."""
        return int((amount * part / self.quantity).to_integral_value(ROUND_HALF_UP))


class LineLeft(Strict):
    """What she did not take, and why; `keep` leaves it in her cart."""

    article: Article
    quantity: Amount
    reason: NotTakenReason
    keep: bool


class CartSale(Strict):
    """That the cart was bought: in a store under a receipt number, or online under an order's."""

    at: datetime  # by the clock of whoever sold
    told_at: datetime
    receipt_number: str | None = None
    order_number: str | None = None
    store: str | None = None  # None: online
    terminal: str | None = None
    staff: str | None = None
    connection: str | None = None
    lines: tuple[LineSold, ...]
    not_taken: tuple[LineLeft, ...] = ()
    codes: tuple[str, ...] = ()
    remainder: str | None = None
    voided: bool = False
    first_touch: Touch | None = None  # both only with consent
    last_touch: Touch | None = None

    def has(self, line: str) -> bool:
        """Whether it took anything of that line."""
        return any(sold.line == line for sold in self.lines)


class CartFacts(Strict):
    """One cart, told flat: no name, no address, no note; the person is a keyed hash."""

    cart: str
    version: int
    root: str
    parent: str | None
    person: str
    brand: str | None
    currency: str
    tax_mode: TaxMode
    state: State
    unknown: bool  # its last terminal fell silent, and nobody has told what became of it
    consent: bool | None  # to analytics, as last told; None: never told
    began: Began
    offers: tuple[Offer, ...] = ()
    holdings: tuple[Holding, ...] = ()
    sales: tuple[CartSale, ...] = ()
    first_touch: Touch | None = None
    last_touch: Touch | None = None
    web: dict[str, Amount] = {}  # line → how much of it no till had added
    reported_late: tuple[str, ...] = ()  # the stores of sales that came too late
    double_sales: int = 0

    @property
    def stores(self) -> frozenset[str]:
        """Every store this cart had to do with."""
        named = (
            self.began.store,
            *(offer.store for offer in self.offers),
            *(offer.claimed_in for offer in self.offers),
            *(holding.store for holding in self.holdings),
            *(sale.store for sale in self.sales),
            *self.reported_late,
        )
        return frozenset(store for store in named if store is not None)

    def web_left(self, line: str) -> Decimal | None:
        """How much of a line that no till had added went on when the sold part was taken out."""
        here = self.web.get(line)
        if here is None:
            return None
        sold = (x for sale in self.sales if not sale.voided for x in sale.lines if x.line == line)
        return max(Decimal(0), here - sum((x.quantity - x.added for x in sold), Decimal(0)))
