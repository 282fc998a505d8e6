"""What shoppers do with their baskets; each change and its hook are one transaction."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from cartbridge_sandbox.basket import Basket
from cartbridge_sandbox.catalogue import ARTICLES, CODES
from cartbridge_sandbox.database import Database
from cartbridge_sandbox.refusals import ShopRefuses


def present() -> datetime:
    """The shop's clock."""
    return datetime.now(UTC)


class Baskets:
    """The shop floor: what a shopper may do with a basket, whatever page she does it on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, lang: str = "fr", mail: str | None = None) -> Basket:
        """An empty basket."""
        ref = f"b_{secrets.token_hex(16)}"
        basket = Basket.model_validate(
            {"ref": ref, "lang": lang, "mail": mail or None, "updated": present()}
        )
        with self._database.transaction():
            return self._changed(basket)

    def get(self, ref: str) -> Basket:
        """The basket as it is."""
        return self._database.basket(ref)

    def prices(self) -> dict[str, int]:
        """What every article costs now, in cents."""
        listed = {article.sku: article.price for article in ARTICLES.values()}
        return listed | self._database.prices()

    def add(self, ref: str, sku: str, quantity: Decimal) -> Basket:
        """Puts more of an article into the basket."""

        def change(basket: Basket) -> None:
            self._set(basket, sku, basket.rows.get(sku, Decimal(0)) + quantity)

        return self._edit(ref, change)

    def set(self, ref: str, sku: str, quantity: Decimal) -> Basket:
        """Changes how much of an article is in the basket; nothing of it takes it out."""
        return self._edit(ref, lambda basket: self._set(basket, sku, quantity))

    def apply_code(self, ref: str, code: str) -> Basket:
        """Enters a promotion code."""
        if code not in CODES:
            raise ShopRefuses(422, "no_such_code")
        return self._edit(ref, lambda basket: _unique(basket.coupons, code))

    def remove_code(self, ref: str, code: str) -> Basket:
        """Takes a promotion code off."""

        def change(basket: Basket) -> None:
            basket.coupons = [held for held in basket.coupons if held != code]

        return self._edit(ref, change)

    def checkout(self, ref: str) -> Basket:
        """Goes to the checkout, unless a till holds the cart."""
        with self._database.transaction():
            basket = self._living(ref)
            _must_not_be_at_the_till(basket)
            if not basket.rows:
                raise ShopRefuses(409, "basket_empty")
            return self._moved(basket, "checkout", "checkout")

    def leave_checkout(self, ref: str) -> Basket:
        """Comes back from the checkout without buying."""
        with self._database.transaction():
            return self._moved(self._living(ref), "open", "left")

    def order(self, ref: str) -> Basket:
        """Buys the basket, unless a till holds the cart or goods are missing."""
        with self._database.transaction():
            basket = self._living(ref)
            _must_not_be_at_the_till(basket)
            if not basket.rows:
                raise ShopRefuses(409, "basket_empty")
            for sku, quantity in basket.rows.items():
                self._database.sell(sku, quantity)
            basket.order_number = f"S-{secrets.randbelow(10**8):08d}"
            order = {"number": basket.order_number, "at": present().isoformat()}
            return self._moved(basket, "ordered", "order", order=order)

    def drop(self, ref: str) -> Basket:
        """Throws the basket away."""
        with self._database.transaction():
            return self._moved(self._living(ref), "dropped", "dropped")

    def of_visitor(self, session: str, lang: str) -> Basket:
        """The living basket of a visitor's session; a new one if she has none."""
        ref = self._database.visitor_basket(session)
        if ref is not None and self.get(ref).state in ("open", "checkout"):
            return self.get(ref)
        basket = self.create(lang)
        self._database.bind_visitor(session, basket.ref)
        return basket

    def _living(self, ref: str) -> Basket:
        basket = self._database.basket(ref)
        if basket.state in ("ordered", "dropped"):
            raise ShopRefuses(410, "basket_ended")
        return basket

    def _edit(self, ref: str, change: Callable[[Basket], None]) -> Basket:
        with self._database.transaction():
            basket = self._living(ref)
            before = (dict(basket.rows), list(basket.coupons))
            change(basket)
            if (basket.rows, basket.coupons) == before:
                return basket
            return self._changed(basket)

    def _set(self, basket: Basket, sku: str, quantity: Decimal) -> None:
        article = ARTICLES.get(sku)
        if article is None:
            raise ShopRefuses(404, "no_such_article")
        if article.unit == "C62" and quantity % 1:
            raise ShopRefuses(422, "whole_pieces")
        left = self._database.left_over(sku)
        if left is not None and quantity > max(left, basket.rows.get(sku, Decimal(0))):
            raise ShopRefuses(409, "out_of_stock")
        if quantity and article.tied_to is not None and article.tied_to not in basket.rows:
            raise ShopRefuses(409, "tied")
        basket.rows[sku] = quantity
        if not quantity:
            del basket.rows[sku]
            for tied in [held for held in basket.rows if ARTICLES[held].tied_to == sku]:
                del basket.rows[tied]

    def _changed(self, basket: Basket) -> Basket:
        basket.rev += 1
        basket.updated = present()
        self._database.keep(basket)
        self._database.tell(basket, "basket")
        return basket

    def _moved(self, basket: Basket, state: str, event: str, **more: object) -> Basket:
        ended = state in ("ordered", "dropped")
        # Going to the checkout changes nothing of what is in the basket.
        rev = basket.rev + 1 if ended else basket.rev
        moved = basket.model_copy(update={"state": state, "rev": rev, "updated": present()})
        self._database.keep(moved)
        self._database.tell(moved, event, **more)
        return moved


def _unique(held: list[str], code: str) -> None:
    if code not in held:
        held.append(code)


def _must_not_be_at_the_till(basket: Basket) -> None:
    where = basket.where_frozen(present())
    if where is not None:
        raise ShopRefuses(409, "at_the_till", where)
