"""The shop's pages, in French and English: the visitor's cart, and the way to join one."""

from decimal import Decimal
from importlib.resources import files
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined

from cartbridge_sandbox.basket import Basket

WORDS: Final = {
    "fr": {
        "title": "Votre panier",
        "empty": "Votre panier est vide.",
        "quantity": "Quantité",
        "price": "Prix",
        "total": "Total",
        "code": "Code",
        "metre": "m",
        "till": "Votre panier est à la caisse : {where}.",
        "pass": "Mon panier en magasin",
        "short_code": "À la caisse, donnez ce code :",
        "keep": "Garder mon panier sur mon téléphone",
        "join": "Reprendre mon panier ici",
        "join_why": "Le panier préparé en magasin s'ajoute à celui de ce navigateur.",
        "eco": "dont éco-participation",
        "ordered": "Commande {number} enregistrée.",
    },
    "en": {
        "title": "Your cart",
        "empty": "Your cart is empty.",
        "quantity": "Quantity",
        "price": "Price",
        "total": "Total",
        "code": "Code",
        "metre": "m",
        "till": "Your cart is at the till in {where}.",
        "pass": "My basket pass",
        "short_code": "Give this code at the till:",
        "keep": "Keep my cart on my phone",
        "join": "Continue with my cart here",
        "join_why": "The cart begun in the store is added to the one in this browser.",
        "eco": "of which eco-participation",
        "ordered": "Order {number} placed.",
    },
}


def _source() -> str:
    return (files("cartbridge_sandbox") / "page.html").read_text(encoding="utf-8")


_PAGES: Final = Environment(
    loader=DictLoader({"page": _source()}), autoescape=True, undefined=StrictUndefined
)


def euros(amount: str, lang: str) -> str:
    """An amount as shoppers of that language read it."""
    text = f"{Decimal(amount):.2f}"
    return f"€{text}" if lang == "en" else f"{text.replace('.', ',')} €"


def cart_page(basket: Basket, lang: str, where: str | None, code: dict[str, Any] | None) -> str:
    """The visitor's cart; `code` is the fresh hand-over code she asked for."""
    return _render(lang, basket=basket, where=where, handover=code, say=None, join=None)


def join_page(lang: str) -> str:
    """One button that joins: a link that is only looked at, by a messenger's preview, joins not."""
    return _render(lang, basket=None, where=None, handover=None, say=None, join=True)


def refusal_page(lang: str, text: str) -> str:
    """Why it did not work."""
    return _render(lang, basket=None, where=None, handover=None, say=text, join=None)


def _render(lang: str, **shown: Any) -> str:
    basket: Basket | None = shown["basket"]
    rows = [] if basket is None else basket.model_copy(update={"lang": lang}).shown()["rows"]
    return _PAGES.get_template("page").render(
        lang=lang,
        words=WORDS[lang],
        rows=rows,
        euros=lambda amount: euros(str(amount), lang),
        **shown,
    )
