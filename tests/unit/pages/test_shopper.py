"""The shopper's pages: each state of her cart, and nothing of herself."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.reservation import LineMark, Reservation
from cartbridge.domain.cart.state import SoldLine
from cartbridge.pages.reserved import ReservedAt
from cartbridge.pages.shopper import (
    ErrorStatus,
    LiveCode,
    PassView,
    Place,
    SoldBefore,
    code_page,
    error_page,
    pass_page,
)
from tests.unit.pages.carts import (
    AT,
    BOOK,
    BRAND,
    LAMP,
    QR_TEXT,
    a_cart,
    a_claimed_cart,
    a_line,
    a_sold_cart,
)
from tests.unit.pages.html import Seen, seen

CODE = LiveCode(QR_TEXT, "48210937", 899)


def shown(view: PassView, locale: str | None = None) -> Seen:
    return seen(pass_page(view, locale).body)


def a_view(**more: object) -> PassView:
    fields: dict[str, object] = {
        "cart": a_cart(),
        "brand": BRAND,
        "fresh_url": "/c/PASS/codes",
        "watch_url": "/c/PASS/mark",
    }
    return PassView(**(fields | more))  # type: ignore[arg-type]


def test_an_open_cart_shows_its_articles_and_the_code() -> None:
    page = shown(a_view(code=CODE))
    assert "Montrez ce code en caisse" in page.text
    assert "4821 0937" in page.text
    assert "14:59" in page.text
    assert "Lampe chêne H 40 cm Quantité : 2 dont 0,60 € d’éco-participation 89,80 €" in page.text
    assert "Quantité : 2,5 m" in page.text
    assert "Total 129,45 €" in page.text
    assert [image["alt"] for image in page.all("img") if image.get("class") == "qr"] == [
        "QR code de votre panier, pour le lecteur de la caisse"
    ]


def test_the_page_speaks_the_carts_language_or_the_one_asked_for() -> None:
    assert shown(a_view()).all("html") == [{"lang": "fr-FR"}]
    english = shown(a_view(code=CODE), "en-GB")
    assert english.all("html") == [{"lang": "en-GB"}]
    assert "Show this code at the till" in english.text
    without = a_view(cart=a_cart(locale=None))
    assert shown(without).all("html") == [{"lang": "fr-FR"}]


@pytest.mark.parametrize("code", [None, LiveCode(QR_TEXT, "48210937", 0)])
def test_without_a_live_code_a_plain_form_brings_a_fresh_one(code: LiveCode | None) -> None:
    page = shown(a_view(code=code))
    assert page.all("form") == [{"method": "post", "action": "/c/PASS/codes"}]
    assert "Afficher un nouveau code" in page.text
    assert "4821" not in page.text
    assert not [image for image in page.all("img") if image.get("class") == "qr"]


def test_the_button_waits_hidden_until_the_code_is_over() -> None:
    page = shown(a_view(code=CODE))
    [waiting] = [section for section in page.all("section") if "data-fresh" in section]
    assert "hidden" in waiting
    assert page.all("form") == [{"method": "post", "action": "/c/PASS/codes"}]
    assert shown(a_view(code=CODE, fresh_url=None)).all("form") == []


def test_a_claimed_cart_says_which_till_has_it_and_shows_no_code() -> None:
    page = shown(
        a_view(cart=a_claimed_cart(), code=CODE, held_by=Place("Lyon Part-Dieu", "Caisse 4"))
    )
    assert "Pris en charge par la caisse 4 de Lyon Part-Dieu" in page.text
    assert "4821" not in page.text
    assert page.all("form") == []


def test_a_bought_cart_says_where_and_under_which_number() -> None:
    page = shown(a_view(cart=a_sold_cart(), code=CODE, sold_in="Lyon Part-Dieu"))
    assert "Acheté à Lyon Part-Dieu, ticket n° 4711" in page.text
    assert "Il ne reste rien dans ce panier." in page.text
    assert "Lampe chêne" in page.text
    assert "4821" not in page.text
    assert "Total" not in page.text


def test_a_price_the_till_did_not_tell_is_not_shown_as_paid() -> None:
    cart = a_sold_cart()
    assert cart.sale is not None
    line = SoldLine(line="lin_lamp", quantity=Decimal(2), total=8980, assumed=True)
    assumed = cart.model_copy(update={"sale": cart.sale.model_copy(update={"lines": (line,)})})
    assert "89,80" in shown(a_view(cart=cart, sold_in="Lyon")).text
    assert "89,80" not in shown(a_view(cart=assumed, sold_in="Lyon")).text


def test_what_came_back_is_no_longer_hers() -> None:
    cart = a_sold_cart()
    assert cart.sale is not None
    half = cart.sale.lines[0].model_copy(update={"returned": Decimal(1)})
    partly = cart.model_copy(update={"sale": cart.sale.model_copy(update={"lines": (half,)})})
    text = shown(a_view(cart=partly, sold_in="Lyon")).text
    assert "Quantité : 1" in text
    assert "44,90" in text
    whole = cart.model_copy(update={"state": State.RETURNED})
    assert "Tout a été retourné" in shown(a_view(cart=whole, sold_in="Lyon")).text


def test_a_bought_cart_leads_to_its_remainder() -> None:
    page = shown(a_view(cart=a_sold_cart(), sold_in="Lyon", remainder_url="/c/REST"))
    assert "Reste du panier" in page.text
    assert "/c/REST" in [link["href"] for link in page.all("a")]
    assert "Il ne reste rien" not in page.text


def test_a_remainder_shows_what_was_bought_before_and_its_own_code() -> None:
    rest = a_cart((BOOK,), parent="crt_" + "0" * 32)
    page = shown(a_view(cart=rest, code=CODE, before=SoldBefore(a_sold_cart(), "Lyon Part-Dieu")))
    assert "Acheté à Lyon Part-Dieu, ticket n° 4711" in page.text
    assert page.text.index("Reste du panier") < page.text.index("L'Art de la lumière")
    assert page.text.index("Ce que vous avez acheté") < page.text.index("Lampe chêne")
    assert "4821 0937" in page.text


def test_an_order_online_is_told_by_its_number() -> None:
    cart = a_sold_cart()
    assert cart.sale is not None
    online = cart.sale.model_copy(update={"receipt_number": None, "order_number": "W-9"})
    page = shown(a_view(cart=cart.model_copy(update={"sale": online})))
    assert "Acheté en ligne, commande n° W-9" in page.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"state": State.CHECKOUT}, "Vous payez en ligne"),
        ({"has_payment": True}, "Un paiement est déjà enregistré"),
        ({"lines": ()}, "Votre panier est vide"),
        ({"state": State.MERGED}, "Regroupé avec un autre panier"),
        ({"state": State.EXPIRED}, "Ce panier est clos"),
        ({"state": State.CANCELLED}, "Ce panier est clos"),
        ({"state": State.ABANDONED}, "Montrez ce code en caisse"),
        ({"state": State.OFFERED}, "Montrez ce code en caisse"),
    ],
)
def test_every_other_state_says_what_to_do(change: dict[str, Any], says: str) -> None:
    page = shown(a_view(cart=a_cart(**change), code=CODE))
    assert says in page.text
    assert ("4821" in page.text) is (says == "Montrez ce code en caisse")


@pytest.mark.parametrize("state", [state for state in State if state is not State.NONE])
@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_every_state_has_a_page_without_personal_data(state: State, locale: str) -> None:
    cart = a_cart(state=state, notes={"lin_lamp": "pour Anna"}, metadata={"who": "Anna"})
    page = pass_page(a_view(cart=cart, code=CODE, continue_url="https://shop.example/"), locale)
    assert page.status == 200
    for secret in ("anna", "L-77"):
        assert secret.lower() not in page.body.lower()


def test_a_hostile_title_stays_text() -> None:
    title = '<script>alert(1)</script>"onerror=x'
    line = a_line("x", title, item={"image_url": 'https://cdn.example/"><script>'})
    page = shown(a_view(cart=a_cart((line,)), picture_origins=("https://cdn.example",)))
    assert title in page.text
    assert [script.get("src", "")[:8] for script in page.all("script")] == ["/static/"]
    assert not any(name.startswith("on") for e in page.elements for name in e.attributes)


def test_only_pictures_of_named_origins_are_loaded() -> None:
    urls = (
        "https://cdn.example/a.jpg",
        "https://cdn.example.evil.test/a.jpg",
        "http://cdn.example/a.jpg",
        "//evil.test/a.jpg",
        "/\\evil.test/a.jpg",
        "javascript:alert(1)",
        "/pictures/a.jpg",
        "data:image/png;base64,AAAA",
        "data:text/html,x",
    )
    lines = [a_line(f"p{n}", "Lampe", item={"image_url": url}) for n, url in enumerate(urls)]
    page = shown(a_view(cart=a_cart(lines), picture_origins=("https://cdn.example",)))
    assert [image["src"] for image in page.all("img")] == [urls[0], urls[6], urls[7]]
    nobody = shown(a_view(cart=a_cart(lines)))
    assert [image["src"] for image in nobody.all("img")] == [urls[6], urls[7]]


def test_a_total_is_shown_only_if_every_price_is_known() -> None:
    page = shown(a_view(cart=a_cart((LAMP, a_line("free", "Sans prix")))))
    assert "Total" not in page.text


def test_the_mark_moves_when_she_would_see_something_else_and_only_then() -> None:
    mark = a_view().mark
    assert a_view(cart=a_cart(state=State.OFFERED, version=9), code=CODE).mark == mark
    assert a_view(cart=a_claimed_cart()).mark != mark
    assert a_view(cart=a_cart((LAMP, BOOK))).mark != mark
    assert a_view(cart=a_sold_cart()).mark != a_view(cart=a_cart((LAMP,))).mark


def test_it_looks_again_by_script_and_without() -> None:
    view = a_view(code=CODE)
    page = shown(view)
    [main] = page.all("main")
    assert main == {"data-watch": "/c/PASS/mark", "data-mark": view.mark}
    assert {"http-equiv": "refresh", "content": "900"} in page.all("meta")
    assert "<noscript><meta" in pass_page(view, None).body
    alone = pass_page(a_view(watch_url=None), None).body
    assert '<meta http-equiv="refresh" content="60">' in alone
    assert "<noscript>" not in alone


def test_a_page_that_cannot_change_any_more_stays_still() -> None:
    page = shown(a_view(cart=a_cart(state=State.EXPIRED)))
    assert page.all("main") == [{}]
    assert not [meta for meta in page.all("meta") if "http-equiv" in meta]


def test_the_code_page_says_show_this_and_nothing_else() -> None:
    page = seen(code_page("fr", brand=BRAND).body)
    assert page.text == (
        "Montrez cet écran en caisse – Maison Lumière Maison Lumière Montrez cet écran en caisse"
        " Vie privée"
    )
    assert page.all("img") == []
    assert seen(code_page("fr").body).text == " ".join(["Montrez cet écran en caisse"] * 2)


def test_the_code_page_may_show_its_own_code_again() -> None:
    [image] = seen(code_page("fr", qr_text=QR_TEXT).body).all("img")
    assert image["src"].startswith("data:image/svg+xml;base64,")


def test_the_code_page_to_online_leads_to_the_shop() -> None:
    page = seen(code_page("en", continue_url="https://shop.example/join?x=1&y=2").body)
    [link] = page.all("a")
    assert link["href"] == "https://shop.example/join?x=1&y=2"
    assert "till" not in page.text


@pytest.mark.parametrize("status", [404, 410, 429, 503])
@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_an_error_says_what_to_do(status: ErrorStatus, locale: str) -> None:
    page = error_page(status, locale, brand=BRAND)
    assert page.status == status
    assert len(seen(page.body).text) > 80
    assert "Retry-After" not in page.headers


def test_a_wait_is_told_to_people_and_machines() -> None:
    page = error_page(429, "fr", retry_after=300)
    assert page.headers["Retry-After"] == "300"
    assert "Attendez 5 minutes, puis" in page.body
    assert "dans 20 secondes" in error_page(503, "fr", retry_after=20).body
    assert "dans 2 minutes" in error_page(503, "fr", retry_after=91).body


def a_reserved_view(*marks: tuple[str, str], **more: object) -> PassView:
    """Lamps, a book and a cable asked of Lyon; each mark: the line, and how much is set aside."""
    asked = {"lamp": "2", "book": "1", "cable": "2.5"}
    found = {
        f"lin_{name}": LineMark(quantity=Decimal(aside), of=Decimal(asked[name]), at=AT)
        for name, aside in marks
    }
    told = Reservation(
        handover="hnd_1", code_hash="00", store="lyon-2", until=AT + timedelta(days=1), marks=found
    )
    cart = a_cart(state=State.OFFERED, reservation=told)
    at = ReservedAt("Lyon Part-Dieu", "Europe/Paris")
    given: dict[str, object] = {"reserved_at": at, "online_url": "/c/PASS/online"}
    return a_view(cart=cart, code=CODE, **(given | more))


def links(page: Seen) -> list[str | None]:
    return [link.get("href") for link in page.all("a")]


def test_a_reservation_says_where_and_until_when_and_what_is_still_looked_for() -> None:
    page = shown(a_reserved_view(("lamp", "2")))
    assert "Mise de côté demandée à Lyon Part-Dieu" in page.text
    assert "Vous avez jusqu’au 21 novembre 2026 à 14:02 pour venir." in page.text
    assert page.text.count("Recherche en cours") == 2
    assert page.text.count("Mis de côté") == 1
    assert "4821 0937" in page.text
    assert "/c/PASS/online" not in links(page)


def test_what_was_not_found_is_offered_online() -> None:
    page = shown(a_reserved_view(("lamp", "1"), ("book", "0"), ("cable", "2.5")))
    assert "Mis de côté pour vous à Lyon Part-Dieu" in page.text
    assert "Mis de côté : 1 sur 2" in page.text
    assert page.text.count("Introuvable ") == 1
    assert "2 articles introuvables en magasin" in page.text
    assert "/c/PASS/online" in links(page)
    english = shown(a_reserved_view(("lamp", "2"), ("book", "0"), ("cable", "2.5")), "en-GB")
    assert "Until 21 November 2026, 14:02." in english.text
    assert "1 item not found in the store It stays in your basket. Order online" in english.text


def test_a_store_that_found_nothing_says_so() -> None:
    page = shown(a_reserved_view(("lamp", "0"), ("book", "0"), ("cable", "0"), online_url=None))
    assert "Rien n’a pu être mis de côté à Lyon Part-Dieu" in page.text
    assert "3 articles introuvables en magasin" in page.text
    assert "/c/PASS/online" not in links(page)


def test_while_a_till_holds_it_or_once_it_is_sold_no_reservation_is_shown() -> None:
    view = a_reserved_view(("lamp", "2"))
    held = replace(view, cart=view.cart.model_copy(update={"state": State.CLAIMED}))
    assert "côté pour vous" not in shown(held).text
    assert view.mark != a_reserved_view(("lamp", "1")).mark
