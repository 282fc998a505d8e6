"""The shopper's pages: her pass, the screen she shows at the till, and what to do when lost."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.store import Brand
from cartbridge.pages import qr
from cartbridge.pages.articles import articles_of, bought_of
from cartbridge.pages.names import in_a_sentence
from cartbridge.pages.page import Page, data_url, render
from cartbridge.pages.reserved import ReservedAt, reserved
from cartbridge.pages.words import Words

Face = Literal[
    "code",
    "fresh",
    "claimed",
    "checkout",
    "bought",
    "returned",
    "merged",
    "closed",
    "empty",
    "paid",
]
ErrorStatus = Literal[404, 410, 429, 503]

_CLOSED: Final = frozenset({State.EXPIRED, State.CANCELLED})
_TO_COME: Final = ("code", "fresh")  # the faces of a cart that she may bring to a till
_SHOWN: Final = {"id", "lines", "claim", "sale", "has_payment", "reservation"}
_LOOK_AGAIN: Final = 60  # seconds between two looks of a browser without script


@dataclass(frozen=True)
class LiveCode:
    """A code as it is shown: the QR's content in capitals, the 8 digits, the seconds it lives."""

    qr_text: str
    short_code: str
    expires_in: int


@dataclass(frozen=True)
class Place:
    """Where a cart is held or was sold, in names people know."""

    store: str
    terminal: str | None = None


@dataclass(frozen=True)
class SoldBefore:
    """The sold part of a cart whose remainder the pass leads to now."""

    cart: Cart
    store: str | None = None


@dataclass(frozen=True)
class PassView:
    """All that a pass shows. Addresses are ours, but `continue_url`, which is the shop's."""

    cart: Cart
    brand: Brand
    code: LiveCode | None = None
    fresh_url: str | None = None  # POST here makes a fresh code and leads back
    watch_url: str | None = None  # GET answers `mark` as plain text
    held_by: Place | None = None
    sold_in: str | None = None  # the store's name, when the cart was sold at a till
    before: SoldBefore | None = None
    remainder_url: str | None = None  # the cart that carries on, also the one merged into
    continue_url: str | None = None
    reserved_at: ReservedAt | None = None
    online_url: str | None = None  # leads on to the shop: for what the store did not find
    picture_origins: Sequence[str] = ()

    @property
    def mark(self) -> str:
        """Changes when the page would look different; a newer code of the same cart does not."""
        cart = self.cart
        state = State.OPEN if cart.state is State.OFFERED else cart.state
        shown = cart.model_dump_json(include=_SHOWN)
        return hashlib.sha256(f"{state} {shown}".encode()).hexdigest()[:16]


def pass_page(view: PassView, locale: str | None) -> Page:
    """Her cart on her phone, with the code to show at the till while it may be taken there."""
    words = Words.for_locale(locale or view.cart.locale or view.brand.locale)
    face = _face(view)
    bought = face in ("bought", "returned")
    sold = SoldBefore(view.cart, view.sold_in) if bought else view.before
    return render(
        "pass.html",
        words,
        brand=view.brand,
        picture_origins=view.picture_origins,
        view=view,
        face=face,
        qr=data_url(qr.svg(view.code.qr_text)) if face == "code" and view.code else None,
        held_by=_held_by(words, view),
        sold=_sold(words, sold) if sold else None,
        sold_articles=bought_of(words, sold.cart, view.picture_origins) if sold else None,
        articles=None if bought else articles_of(words, view.cart, view.picture_origins),
        refresh=_refresh(view, face),
        reserved=reserved(words, view.cart, view.reserved_at) if face in _TO_COME else None,
    )


def code_page(
    locale: str | None,
    *,
    brand: Brand | None = None,
    continue_url: str | None = None,
    qr_text: str | None = None,
) -> Page:
    """What the code's own address shows: no cart, only that it is for the till, or the shop's link.

    `qr_text` shows that same address again as a QR code, for a till to scan off this screen.
    """
    return render(
        "code.html",
        Words.for_locale(locale or (brand.locale if brand else None)),
        brand=brand,
        continue_url=continue_url,
        qr=data_url(qr.svg(qr_text)) if qr_text and not continue_url else None,
    )


def error_page(
    status: ErrorStatus,
    locale: str | None,
    *,
    brand: Brand | None = None,
    retry_after: int | None = None,
) -> Page:
    """What went wrong and what to do next, for a shopper; `retry_after` in seconds."""
    words = Words.for_locale(locale or (brand.locale if brand else None))
    wait = {} if retry_after is None else {"wait": _wait(words, retry_after)}
    return render(
        "error.html",
        words,
        brand=brand,
        status=status,
        headers={} if retry_after is None else {"Retry-After": str(retry_after)},
        title=words.text(f"errors.{status}.title"),
        text=words.text(f"errors.{status}.text", **wait),
        may_retry=status in (429, 503),
    )


def _face(view: PassView) -> Face:
    cart = view.cart
    if cart.state in BOUGHT:
        return "returned" if cart.state is State.RETURNED else "bought"
    if cart.state in _CLOSED:
        return "closed"
    if cart.state is State.MERGED:
        return "merged"
    if cart.state is State.CLAIMED:
        return "claimed"
    return _open_face(view)


def _open_face(view: PassView) -> Face:
    cart = view.cart
    if cart.state is State.CHECKOUT:
        return "checkout"
    if cart.has_payment:
        return "paid"
    if not cart.lines:
        return "empty"
    return "code" if view.code is not None and view.code.expires_in > 0 else "fresh"


def _held_by(words: Words, view: PassView) -> str | None:
    if view.held_by is None:
        return None
    if view.held_by.terminal is None:
        return view.held_by.store
    return in_a_sentence(words, view.held_by.terminal, view.held_by.store)


def _sold(words: Words, part: SoldBefore) -> str:
    sale = part.cart.sale
    if part.store is not None:
        receipt = sale.receipt_number if sale is not None else None
        told = {"store": part.store} | ({"receipt": receipt} if receipt else {})
        return words.text("pass.bought_store", **told)
    order = sale.order_number if sale is not None else None
    return words.text("pass.bought_online", **({"order": order} if order else {}))


def _refresh(view: PassView, face: Face) -> int | None:
    """After how many seconds a browser without script looks again; None: nothing can change."""
    if face in ("closed", "returned"):
        return None
    return view.code.expires_in + 1 if face == "code" and view.code else _LOOK_AGAIN


def _wait(words: Words, seconds: int) -> str:
    if seconds < 90:
        return words.text("errors.seconds", count=seconds)
    return words.text("errors.minutes", count=-(-seconds // 60))
