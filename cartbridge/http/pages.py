"""What the shopper's phone opens: her pass, and the code's own page."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qs

from aiohttp import web

from cartbridge.http.body import read_bytes
from cartbridge.http.keys import GATEWAY
from cartbridge.http.problem import locale_of
from cartbridge.pages import qr
from cartbridge.pages.enquiry import Notice, enquiry_page
from cartbridge.pages.page import Page, script
from cartbridge.pages.quote import Question, quote_page
from cartbridge.pages.shopper import code_page, error_page, pass_page
from cartbridge.pages.wishlist import owner_page, shared_page
from cartbridge.services.codes import scanned
from cartbridge.services.led_to import LedTo, document_of_pass
from cartbridge.services.open_enquiry_pass import open_enquiry_pass, reply, watch_enquiry_pass
from cartbridge.services.open_pass import code_link, go_online, open_pass, watch_pass
from cartbridge.services.open_quote_pass import (
    answer_quote,
    open_quote_pass,
    take_quote_online,
    watch_quote_pass,
)
from cartbridge.services.open_wishlist import open_own_wishlist, open_share
from cartbridge.services.problems import Problem

_FORM_LIMIT: Final = 8 * 1024
_LETTER_LIMIT: Final = 32 * 1024  # of a message, as a form sends it
_SECRET: Final = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def _answer(page: Page) -> web.Response:
    headers = {**_SECRET, **page.headers}
    return web.Response(status=page.status, body=page.body.encode(), headers=headers)


async def show_pass(request: web.Request) -> web.Response:
    """What the pass leads to as it stands now: her cart with a fresh code, or her quote."""
    led = await document_of_pass(request.app[GATEWAY], request.match_info["pass"])
    face = _FACES.get(led.document[:3]) if led is not None else None
    page = await face(request, led) if led is not None and face is not None else None
    return _answer(page or error_page(404, _locale(request)))


async def _cart_face(request: web.Request, led: LedTo) -> Page | None:
    view = await open_pass(request.app[GATEWAY], request.match_info["pass"])
    return None if view is None else pass_page(view, _locale(request))


async def _quote_face(request: web.Request, led: LedTo) -> Page:
    asked = _QUESTIONS.get(request.query.get("answer", ""))
    text = request.match_info["pass"]
    view = await open_quote_pass(request.app[GATEWAY], led, text, asked)
    return quote_page(view, _locale(request))


async def _wishlist_face(request: web.Request, led: LedTo) -> Page | None:
    view = await open_own_wishlist(request.app[GATEWAY], led, request.match_info["pass"])
    return None if view is None else owner_page(view, _locale(request))


async def _enquiry_face(request: web.Request, led: LedTo) -> Page:
    view = await open_enquiry_pass(request.app[GATEWAY], led, request.match_info["pass"])
    return enquiry_page(view, _locale(request))


# The page of each kind of document that a pass leads to, by the prefix of its ids.
_FACES: Final[dict[str, Callable[[web.Request, LedTo], Awaitable[Page | None]]]] = {
    "crt": _cart_face,
    "qte": _quote_face,
    "enq": _enquiry_face,
    "wsh": _wishlist_face,
}
_QUESTIONS: Final[dict[str, Question]] = {"accept": "accept", "decline": "decline"}


async def show_share(request: web.Request) -> web.Response:
    """A wish list as others see it: the articles, and nothing of its owner."""
    view = await open_share(request.app[GATEWAY], request.match_info["share"])
    if view is None:
        return _answer(error_page(404, _locale(request)))
    return _answer(shared_page(view, _locale(request)))


async def refresh_pass(request: web.Request) -> web.Response:
    """The button for a fresh code: leads back to the pass, which makes one."""
    raise web.HTTPSeeOther(f"/c/{request.match_info['pass']}")


async def answer(request: web.Request) -> web.Response:
    """She accepts or declines her quote, or goes on online; one that moved on says so itself."""
    gateway, pass_code = request.app[GATEWAY], request.match_info["pass"]
    led = await document_of_pass(gateway, pass_code)
    if led is None or not led.document.startswith("qte_"):
        return _answer(error_page(404, _locale(request)))
    what = request.match_info["answer"]
    if what not in _QUESTIONS and what != "online":
        return _answer(error_page(404, _locale(request)))
    raw = await read_bytes(request, _FORM_LIMIT)
    to = f"/c/{pass_code}"
    with suppress(Problem):  # then the page itself tells what became of it
        if what == "online":
            to = f"/h/{await take_quote_online(gateway, led)}"
        else:
            await answer_quote(gateway, led, _QUESTIONS[what], _reason(raw))
    raise web.HTTPSeeOther(to)


async def write(request: web.Request) -> web.Response:
    """She writes again; what cannot be taken is shown to her with the reason, as she wrote it."""
    gateway, pass_code = request.app[GATEWAY], request.match_info["pass"]
    led = await document_of_pass(gateway, pass_code)
    if led is None or not led.document.startswith("enq_"):
        return _answer(error_page(404, _locale(request)))
    form = _form(await _letter(request))
    notice: Notice | None = "too_long"
    if form is not None:
        notice = await reply(gateway, led, form.get("text", ""), form.get("once", ""))
    if notice is not None:
        typed = (form or {}).get("text", "")
        view = await open_enquiry_pass(gateway, led, pass_code, notice, typed)
        return _answer(enquiry_page(view, _locale(request)))
    raise web.HTTPSeeOther(f"/c/{pass_code}", headers=_SECRET)


async def _letter(request: web.Request) -> bytes | None:
    """What a form sent; None for more than any message may hold."""
    try:
        return await read_bytes(request, _LETTER_LIMIT)
    except Problem as problem:
        if problem.code != "too_large":
            raise
        return None


def _form(raw: bytes | None) -> dict[str, str] | None:
    """The fields of a form, each by its first value; None of one that cannot be read."""
    if raw is None:
        return None
    try:
        told = parse_qs(raw.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        return None
    return {name: values[0] for name, values in told.items()}


def _reason(raw: bytes) -> str | None:
    """What she wrote, as far as it can be read and kept."""
    told = (_form(raw) or {}).get("reason", "")
    plain = "".join(letter for letter in told if letter.isprintable() or letter in "\n ")
    return plain.strip()[:500] or None


async def watch(request: web.Request) -> web.Response:
    """Whether the page would look different now: asked by the page's own script."""
    gateway, text = request.app[GATEWAY], request.match_info["pass"]
    led = await document_of_pass(gateway, text)
    mark = None
    if led is not None and led.document.startswith("qte_"):
        mark = await watch_quote_pass(gateway, led)
    elif led is not None and led.document.startswith("enq_"):
        mark = await watch_enquiry_pass(gateway, led)
    elif led is not None:
        mark = await watch_pass(gateway, text)
    if mark is None:
        raise Problem("not_found", what="pass")
    return web.Response(text=mark, headers={"Cache-Control": "no-store"})


async def leave_for_shop(request: web.Request) -> web.Response:
    """On to the shop with her cart; back to her pass where that cannot be."""
    with suppress(Problem):
        url = await go_online(request.app[GATEWAY], request.match_info["pass"])
        if url is not None:
            raise web.HTTPSeeOther(url, headers=_SECRET)
    raise web.HTTPSeeOther(f"/c/{request.match_info['pass']}", headers=_SECRET)


async def show_code(request: web.Request) -> web.StreamResponse:
    """Only "show this at the till"; a to-online code leads on to the shop. No cart, no name."""
    gateway = request.app[GATEWAY]
    link = await code_link(gateway, request.match_info["code"])
    if link is None:
        return _answer(error_page(404, _locale(request)))
    if link.direction == "to_online":
        return _answer(code_page(_locale(request), brand=link.brand, continue_url=link.url))
    text = f"{gateway.public_url}/h/{link.code}".upper()
    return _answer(code_page(_locale(request), brand=link.brand, qr_text=text))


async def code_picture(request: web.Request) -> web.Response:
    """The QR of a code, as SVG or PNG: only what whoever has the code could draw as well."""
    code = scanned(request.match_info["code"])
    if code is None:
        raise Problem("not_found", what="code")
    text = f"{request.app[GATEWAY].public_url}/h/{code}".upper()
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    if request.match_info["form"] == "png":
        return web.Response(body=qr.png(text), content_type="image/png", headers=headers)
    return web.Response(text=qr.svg(text), content_type="image/svg+xml", headers=headers)


async def asset(request: web.Request) -> web.Response:
    """The pages' one script."""
    file = script()
    return web.Response(body=file.body, headers=dict(file.headers))


def _locale(request: web.Request) -> str | None:
    return locale_of(request) if "Accept-Language" in request.headers else None


def add_to(app: web.Application) -> None:
    """Adds the shopper's pages; a scanned address is in capitals, so both spellings lead here."""
    # Opening a pass makes a code and ends the one before: a look at its head must not.
    app.router.add_get("/c/{pass}", show_pass, allow_head=False)
    app.router.add_post("/c/{pass}", refresh_pass)
    app.router.add_post("/c/{pass}/message", write)
    app.router.add_get("/c/{pass}/mark", watch)
    app.router.add_post("/c/{pass}/{answer}", answer)
    app.router.add_get("/c/{pass}/online", leave_for_shop, allow_head=False)
    app.router.add_get("/w/{share}", show_share)
    for h in ("h", "H"):
        app.router.add_get(f"/{h}/{{code}}", show_code)
        app.router.add_get(f"/{h}/{{code}}/qr.{{form:svg|png}}", code_picture)
    app.router.add_get(script().path, asset)
