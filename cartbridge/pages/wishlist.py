"""The pages of a wish list: its owner's, with the code for the till, and the one for who gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cartbridge.domain.store import Brand
from cartbridge.domain.wishlist.lifecycle import State
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.pages import qr
from cartbridge.pages.articles import Article, article_of
from cartbridge.pages.page import Page, data_url, render
from cartbridge.pages.shopper import LiveCode
from cartbridge.pages.words import Words


@dataclass(frozen=True)
class Wish:
    """One line of the list in words, and how much of it was bought."""

    article: Article
    bought: str | None
    done: bool
    url: str | None  # the shop's page of the article


@dataclass(frozen=True)
class WishlistView:
    """All that the pages of a wish list show; who gives never sees a code, a name or a note."""

    wishlist: Wishlist
    brand: Brand
    code: LiveCode | None = None
    picture_origins: Sequence[str] = ()


def owner_page(view: WishlistView, locale: str | None) -> Page:
    """The list on its owner's phone, with the code that a till or tablet pulls it by."""
    return _page(view, locale, "owner")


def shared_page(view: WishlistView, locale: str | None) -> Page:
    """The list as others see it: the articles and what was bought already, nobody's name."""
    return _page(view, locale, "giver")


def _page(view: WishlistView, locale: str | None, face: str) -> Page:
    words = Words.for_locale(locale or view.wishlist.locale or view.brand.locale)
    mine = face == "owner"
    return render(
        "wishlist.html",
        words,
        brand=view.brand,
        picture_origins=view.picture_origins,
        mine=mine,
        title=_title(words, view.wishlist, mine=mine),
        archived=view.wishlist.state is State.ARCHIVED,
        wishes=_wishes(words, view),
        code=view.code if mine else None,
        qr=data_url(qr.svg(view.code.qr_text)) if mine and view.code else None,
    )


def _title(words: Words, wishlist: Wishlist, *, mine: bool) -> str:
    """Its name is its owner's word: who gives is told the kind alone."""
    if mine and wishlist.name:
        return wishlist.name
    known = words.has(f"wishlist.kinds.{wishlist.kind}")
    return words.text(f"wishlist.kinds.{wishlist.kind}" if known else "wishlist.title")


def _wishes(words: Words, view: WishlistView) -> list[Wish]:
    rows = []
    for line in view.wishlist.lines:
        bought = view.wishlist.bought_of(line.id)
        article = article_of(words, view.wishlist.currency, line, view.picture_origins)
        told: Mapping[str, str | Decimal] = {"quantity": words.amount(bought, line.quantity.unit)}
        rows.append(
            Wish(
                article=article,
                bought=words.text("wishlist.bought", **told) if bought else None,
                done=bought >= line.quantity.value,
                url=line.item.product_url,
            )
        )
    return rows
