"""The customer's enquiry: what she asked, every answer, the date that was made, and her reply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from cartbridge.domain.enquiry.lifecycle import State
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.store import Brand, Store
from cartbridge.pages.page import Page, allowed_picture, render
from cartbridge.pages.words import Words

# Why a message of hers was not taken.
Notice = Literal["too_long", "empty", "too_many", "full"]
LIMIT: Final = 2000  # characters of one message
_STATUS: Final[dict[Notice, int]] = {"too_many": 429}


@dataclass(frozen=True)
class Said:
    """One message in words."""

    mine: bool
    who: str
    when: str
    text: str


@dataclass(frozen=True)
class Shown:
    """One article she asked about."""

    title: str
    detail: str | None
    picture: str | None
    initial: str
    url: str | None


@dataclass(frozen=True)
class EnquiryView:
    """All that the pass of an enquiry shows; `url` is the page's own address.

    `once` marks the form, so that one sent twice counts once; `typed` is what was not taken.
    """

    enquiry: Enquiry
    brand: Brand
    now: datetime
    url: str
    once: str = ""
    store: Store | None = None  # the one it is with, or in which she is expected
    cart_url: str | None = None
    notice: Notice | None = None
    typed: str = ""
    picture_origins: Sequence[str] = ()

    @property
    def mark(self) -> str:
        """Changes when the page would look different."""
        late = "l" if self.enquiry.is_late(self.now) else ""
        return f"{self.enquiry.version}{late}"

    @property
    def time_zone(self) -> str:
        """The clock of the store; one of no store is told by that of Paris."""
        return self.store.time_zone if self.store is not None else "Europe/Paris"


def enquiry_page(view: EnquiryView, locale: str | None) -> Page:
    """The thread on her phone, with where it stands and a form to write again."""
    enquiry = view.enquiry
    words = Words.for_locale(locale or enquiry.locale or view.brand.locale)
    return render(
        "enquiry.html",
        words,
        brand=view.brand,
        picture_origins=view.picture_origins,
        status=200 if view.notice is None else _STATUS.get(view.notice, 422),
        view=view,
        title=words.text(f"enquiry.page.{enquiry.kind or 'title'}"),
        stands=_stands(words, view),
        face=_face(view),
        articles=[
            Shown(
                title=item.title,
                detail=item.variant,
                picture=allowed_picture(item.image_url, view.picture_origins),
                initial=item.title[:1].upper(),
                url=_shop_page(item.product_url),
            )
            for item in enquiry.items
        ],
        said=[
            Said(
                mine=message.author == "customer",
                who=words.text("enquiry.page.you")
                if message.author == "customer"
                else view.brand.name,
                when=_moment(words, view, "when", message.at),
                text=message.text,
            )
            for message in enquiry.thread
        ],
        limit=LIMIT,
        notice=view.notice and words.text(f"enquiry.page.{view.notice}", limit=LIMIT),
    )


def _stands(words: Words, view: EnquiryView) -> str:
    """Where it stands, in one sentence."""
    enquiry = view.enquiry
    match enquiry.state:
        case State.SCHEDULED if enquiry.schedule is not None:
            key = "state_called" if enquiry.kind == "call_back" else "state_scheduled"
            return _moment(words, view, key, enquiry.schedule.at)
        case State.ANSWERED | State.CLOSED | State.CANCELLED:
            return words.text(f"enquiry.page.state_{enquiry.state}")
        case _:
            if enquiry.due_at is None or enquiry.is_late(view.now):
                return words.text("enquiry.page.state_late")
            return _moment(words, view, "state_open", enquiry.due_at)


def _face(view: EnquiryView) -> str:
    """The colour of what it says: good news, something under way, or neither."""
    if view.enquiry.state is State.SCHEDULED:
        return "good"
    return "busy" if view.enquiry.state in (State.OPEN, State.ASSIGNED) else ""


def _moment(words: Words, view: EnquiryView, key: str, at: datetime) -> str:
    zone = view.time_zone
    told = {"date": words.date(at, zone), "time": words.time(at, zone)}
    return words.text(f"enquiry.page.{key}", **told)


def _shop_page(url: str | None) -> str | None:
    """The shop's page of an article, if it is one that a browser opens."""
    return url if url is not None and url.startswith(("https://", "http://")) else None
