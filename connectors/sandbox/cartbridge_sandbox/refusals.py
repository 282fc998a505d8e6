"""How the shop says no to a shopper, in her language, and to the gateway."""

from typing import Final

TEXTS: Final = {
    "no_such_basket": ("Ce panier n'existe pas.", "There is no such basket."),
    "basket_ended": ("Ce panier est terminé.", "This basket has ended."),
    "no_such_article": ("Cet article n'existe pas.", "There is no such article."),
    "no_such_code": ("Ce code n'est pas valable.", "This code is not valid."),
    "whole_pieces": ("Cet article se vend à la pièce.", "This article is sold by the piece."),
    "wrong_quantity": ("Cette quantité n'est pas possible.", "This quantity is not possible."),
    "out_of_stock": ("Il n'y en a plus assez.", "There is not enough of it left."),
    "tied": ("Cette garantie suit son article.", "This warranty goes with its article."),
    "basket_empty": ("Le panier est vide.", "The basket is empty."),
    "at_the_till": (
        "Votre panier est à la caisse : {where}.",
        "Your cart is at the till in {where}.",
    ),
    "link_of_another": (
        "Ce lien appartient à quelqu'un d'autre.",
        "This link belongs to somebody else.",
    ),
    "link_over": (
        "Ce lien n'est plus valable : demandez-en un autre en magasin.",
        "This link is no longer valid: ask for another one in the store.",
    ),
    "store_away": (
        "Le magasin ne répond pas : réessayez dans un instant.",
        "The store does not answer: try again in a moment.",
    ),
}


class ShopRefuses(Exception):
    """The shop says no; `status` is the HTTP answer, `code` is for programs."""

    def __init__(self, status: int, code: str, where: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.where = where

    def text(self, lang: str) -> str:
        """What the shopper reads."""
        return TEXTS[self.code][lang == "en"].format(where=self.where)
