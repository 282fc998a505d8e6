"""The whole life of a few carts, played against a running gateway: `cartbridge demo`."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from cartbridge_sandbox.story_cart import by_sku, content, new_run, sale
from cartbridge_sandbox.story_journey import Journey
from cartbridge_sandbox.story_stage import Json, Person, Stage, Surprise, opened_shop
from cartbridge_sandbox.story_words import Lang

LAMP: Final = "LAMP-OAK"
BOOK: Final = "BOOK-LIGHT"
CANDLE: Final = "CANDLE-FIG"
CUSHION: Final = "CUSHION"
PLAID: Final = "PLAID"
LAMP_GTIN: Final = "3700123456780"
CUSHION_GTIN: Final = "3760123451079"
CART: Final = ("id", "state", "version")


def tell(told: Json, data_dir: Path, lang: Lang, pause: bool) -> bool:
    """Plays the story with what `var/demo.json` tells; says whether all went as it is told."""
    stage = Stage(lang, pause)
    stage.say("begin")
    try:
        if "sandbox-shop" not in told["connections"]:
            raise Surprise(stage.words("no_connection"))
        with opened_shop(stage, told, data_dir) as url, ExitStack() as people:
            stage.say("shop_open", url=url)
            Story(stage, told, url, data_dir, people).play()
    except Surprise as surprise:
        stage.bad(str(surprise))
        return False
    stage.good("end")
    return True


class Story:
    """The people of the story, and what they do, act by act."""

    def __init__(
        self, stage: Stage, told: Json, shop_url: str, data_dir: Path, people: ExitStack
    ) -> None:
        self._stage = stage
        self._told = told
        self._shop_url = shop_url
        self._data_dir = data_dir
        self._people = people
        words, gateway = stage.words, told["base_url"]
        terminals = told["stores"][0]["terminals"]
        self.camille = self._person(words("shopper"), shop_url)
        self.till = self._person(words("till", number=1), gateway, terminals[0]["key"])
        self.second_till = self._person(words("till", number=2), gateway, terminals[1]["key"])
        self.shop = self._person(
            words("shop"), gateway, told["connections"]["sandbox-shop"]["shop_key"]
        )
        self.operator = self._person(words("operator"), gateway, told["ops_key"])
        self._run = new_run()

    def _person(self, name: str, url: str, key: str | None = None) -> Person:
        person = Person(self._stage, name, url, key)
        self._people.callback(person.close)
        return person

    def play(self) -> None:
        """All acts in their order."""
        basket = self.fill_online()
        code = self.ask_for_a_code(basket)
        claim = self.claim_in_lyon(code)
        self.checkout_refuses(basket)
        self.print_the_sheet(claim)
        self.sell_a_part(claim, basket)
        rest = self.cancel_the_ticket(basket)
        sold = self.sell_the_whole(rest)
        self.take_a_lamp_back(sold)
        self.fight_for_a_cart()
        self.begin_in_the_store()
        Journey(self._stage, self._told, self._run, self._person).play()
        self.tell_it_in_words(claim["cart"]["id"])
        self.prove_it()

    def fill_online(self) -> str:
        """She fills her cart in the shop; the gateway learns of each change."""
        self._stage.act("act_online")
        self._stage.say("articles_chosen")
        basket = self._new_basket(self.camille, {LAMP: "2", BOOK: "1", CANDLE: "1"})
        self.camille.does("POST", f"/carts/{basket}/codes", {"code": "NOEL"}, wanted=201)
        cart = self._cart_with(basket, {LAMP, BOOK, CANDLE}, codes=["NOEL"])
        self._stage.say("cart_known")
        self.shop.does("GET", f"/v1/carts/{cart['id']}", show=CART)
        self._stage.plain(content(self._stage, cart))
        return basket

    def ask_for_a_code(self, basket: str) -> str:
        """The shop asks for her, so that her browser holds no key."""
        self._stage.act("act_pass")
        handover: Json = self.camille.does("POST", "/cart/pass")["handover"]
        digits = f"{handover['short_code'][:4]} {handover['short_code'][4:]}"
        self._stage.qr(handover["url"])
        self._stage.say("pass", pass_url=handover["pass_url"], digits=digits)
        return str(handover["code"])

    def claim_in_lyon(self, code: str) -> Json:
        """One terminal holds the cart now, and is told where prices differ."""
        self._stage.act("act_claim")
        claim = self.till.does(
            "POST",
            "/v1/pos/claims",
            {"code": code},
            wanted=201,
            show=("claim", "fence", "lease_seconds_left", "stale"),
        )
        titles = {line["id"]: line["item"]["title"] for line in claim["cart"]["lines"]}
        for line in claim["drift"]["lines"]:
            price = line["total"]
            if line["unit_price"]["verdict"] == "different":
                self._stage.say(
                    "drift",
                    title=titles[line["line"]],
                    captured=self._stage.words.money(price["captured"]),
                    till=self._stage.words.money(price["till"]),
                    wins=self._stage.words.money(line["winner"]["total"]),
                )
        return claim

    def checkout_refuses(self, basket: str) -> None:
        """The shop's checkout says where the cart is."""
        self._stage.act("act_frozen")
        self._stage.until(
            "at_the_till", lambda: self.camille.looks(f"/carts/{basket}")["at_the_till"]
        )
        refusal = self.camille.does("POST", f"/carts/{basket}/checkout", wanted=409)
        self._stage.plain(refusal["detail"], "yellow")

    def print_the_sheet(self, claim: Json) -> None:
        """The claimed lines as plain EANs, for any till that has a keyboard or a scanner."""
        self._stage.act("act_sheet")
        self._stage.plain(self.till.reads(f"/v1/pos/claims/{claim['claim']}/sheet?as=text"))

    def sell_a_part(self, claim: Json, basket: str) -> None:
        """Two of three lines and one more are sold; the rest carries on at home."""
        self._stage.act("act_sale")
        lines = by_sku(claim["cart"])
        extra = {"item": {"gtin": CUSHION_GTIN}, "quantity": "1", "unit_price": 3490}
        told = sale(
            claim,
            self._receipt("1"),
            lines=[
                {"line": lines[LAMP]["id"], "quantity": "2"},
                {"line": lines[CANDLE]["id"], "quantity": "1", "unit_price": 2790},
            ],
            extra_lines=[extra],
        )
        done = self.till.does("POST", f"/v1/pos/claims/{claim['claim']}/complete", told)
        self._stage.fields(done["cart"], CART)
        self._stage.plain(content(self._stage, done["remainder"]))
        self._stage.say("left_over", what=self._in_basket(basket, {BOOK}))

    def cancel_the_ticket(self, basket: str) -> Json:
        """The lines of a cancelled ticket are back, in the store and online."""
        self._stage.act("act_void")
        answer = self.till.does("POST", f"/v1/pos/sales/{self._receipt('1')}/void", {})
        cart: Json = answer["cart"]
        self._stage.fields(cart, CART)
        self._stage.say("back", what=self._in_basket(basket, set(by_sku(cart))))
        return cart

    def sell_the_whole(self, cart: Json) -> Json:
        """All of it is sold."""
        self._stage.act("act_again")
        claim = self.till.does("POST", "/v1/pos/claims", {"cart": cart["id"]}, wanted=201)
        self._stage.fields(claim, ("claim", "fence"))
        done = self.till.does(
            "POST", f"/v1/pos/claims/{claim['claim']}/complete", sale(claim, self._receipt("2"))
        )
        self._stage.fields(done["cart"], CART)
        sold: Json = done["cart"]
        return sold

    def take_a_lamp_back(self, sold: Json) -> None:
        """A return is told with its quantity and its reason."""
        self._stage.act("act_return")
        back = [{"gtin": LAMP_GTIN, "quantity": "1", "reason": "did_not_fit"}]
        answer = self.till.does(
            "POST", "/v1/pos/returns", {"receipt_number": self._receipt("2"), "lines": back}
        )
        self._stage.fields(answer["cart"], CART)

    def fight_for_a_cart(self) -> None:
        """A second till takes over; what the first one sells then is kept, and raised."""
        self._stage.act("act_two_tills")
        shopper = self._person(self._stage.words("shopper"), self._shop_url)
        cart = self._cart_with(self._new_basket(shopper, {PLAID: "1"}), {PLAID})
        short = shopper.does("POST", "/cart/pass")["handover"]["short_code"]
        first = self.till.does("POST", "/v1/pos/claims", {"short_code": short}, wanted=201)
        wish: Json = {"cart": cart["id"]}
        refusal = self.second_till.does("POST", "/v1/pos/claims", wish, wanted=409, show=("code",))
        self._stage.plain(refusal["detail"], "yellow")
        self._stage.say("held")
        wish["take_over"] = {"reason": "till 1 is out of paper"}
        second = self.second_till.does(
            "POST", "/v1/pos/claims", wish, wanted=201, show=("claim", "fence")
        )
        late = self.till.does(
            "POST",
            f"/v1/pos/claims/{first['claim']}/complete",
            sale(first, self._receipt("3")),
            show=("conflict",),
        )
        if not late["conflict"]:
            raise Surprise("conflict: false")
        self._stage.say("late")
        present = self.second_till.does("GET", f"/v1/pos/claims/{second['claim']}")
        self._stage.say("told_holder", count=present["late_sales"])
        self.second_till.does("POST", f"/v1/pos/claims/{second['claim']}/release", {})

    def begin_in_the_store(self) -> None:
        """A cart of the store is joined at home, by one session alone."""
        self._stage.act("act_home")
        line = {"item": {"gtin": CUSHION_GTIN}, "quantity": "2"}
        begun = self.till.does("POST", "/v1/pos/carts", {"add": [line]}, wanted=201)
        cart: Json = begun["cart"]
        self._stage.fields(cart, CART)
        offer = self.till.does(
            "POST", f"/v1/carts/{cart['id']}/handovers", {"direction": "to_online"}, wanted=201
        )
        self._stage.qr(offer["url"])
        self._stage.say("link", url=offer["url"])
        at_home = self._person(self._stage.words("shopper"), self._shop_url)
        door = f"/continue/{offer['code']}"
        at_home.does("POST", door, wanted=303)
        found = self._own_basket(at_home, {CUSHION: "2"})
        self._stage.say("joined", what=_told(found))
        at_home.does("POST", door, wanted=303)
        if self._own_basket(at_home, {CUSHION: "2"})["ref"] != found["ref"]:
            raise Surprise(door)
        self._stage.say("opened_twice")
        stranger = self._person(self._stage.words("other"), self._shop_url)
        refusal = stranger.does("POST", door, wanted=409)
        self._stage.say("stranger", why=refusal["detail"])

    def tell_it_in_words(self, cart: str) -> None:
        """Who did what, where and when, as a store manager reads it."""
        self._stage.act("act_timeline")
        path = f"/v1/carts/{cart}/timeline?locale={self._stage.words.lang}"
        for entry in self.operator.does("GET", path)["items"]:
            if not entry["minor"]:
                self._stage.plain(entry["text"], "white")

    def prove_it(self) -> None:
        """Every chain, link by link."""
        self._stage.act("act_verify")
        done = subprocess.run(
            [sys.executable, "-m", "cartbridge", "verify"],
            env={**os.environ, "DATA_DIR": str(self._data_dir)},
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        self._stage.plain(f"$ cartbridge verify\n{done.stdout}{done.stderr}", "white")
        if done.returncode != 0:
            raise Surprise("cartbridge verify")
        if ": 0 documents" in done.stdout:
            raise Surprise(self._stage.words("other_database"))

    def _new_basket(self, shopper: Person, wanted: dict[str, str]) -> str:
        basket: str = shopper.does("GET", "/cart", show=("ref",))["ref"]
        for sku, quantity in wanted.items():
            line = {"sku": sku, "quantity": quantity}
            shopper.does("POST", f"/carts/{basket}/lines", line, wanted=201)
        return basket

    def _cart_with(self, basket: str, skus: set[str], codes: list[str] | None = None) -> Json:
        """The gateway's cart of a basket, once it holds all that."""

        def look() -> Json | None:
            path = f"/v1/carts?connection=sandbox-shop&external_id={basket}"
            for cart in self.shop.looks(path)["items"]:
                if set(by_sku(cart)) == skus and cart["codes"] == (codes or []):
                    found: Json = cart
                    return found
            return None

        return self._stage.until(basket, look)

    def _in_basket(self, basket: str, skus: set[str]) -> str:
        """What her basket holds, once it holds just that."""

        def look() -> Json | None:
            seen = self.camille.looks(f"/carts/{basket}")
            return seen if {row["sku"] for row in seen["rows"]} == skus else None

        return _told(self._stage.until(", ".join(skus), look))

    def _own_basket(self, shopper: Person, wanted: dict[str, str]) -> Json:
        """The basket of a session, once it holds just that."""

        def look() -> Json | None:
            seen = shopper.looks("/cart")
            rows = {row["sku"]: str(row["qty"]) for row in seen["rows"]}
            return seen if rows == wanted else None

        return self._stage.until(str(wanted), look)

    def _receipt(self, number: str) -> str:
        return f"{self._run}-{number}"


def _told(basket: Json) -> str:
    return ", ".join(f"{row['qty']} × {row['sku']}" for row in basket["rows"])
