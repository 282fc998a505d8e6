"""The acts beside the cart: wish list, quote, reservation, advice, and what the retailer learns."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from cartbridge_sandbox.catalogue import ARTICLES
from cartbridge_sandbox.story_cart import by_sku, content, now, sale
from cartbridge_sandbox.story_hooks import LOCALES, TellingShop
from cartbridge_sandbox.story_stage import Json, Person, Stage, Surprise

LAMP: Final = "LAMP-OAK"
SHADE: Final = "SHADE-LINEN"
BOOK: Final = "BOOK-LIGHT"
VASE: Final = "VASE-BLUE"
PLAID: Final = "PLAID"
NIGHTSTAND: Final = "NIGHTSTAND"
STAFF: Final = "0412"
NEGOTIATED: Final = 4200
MESSAGES: Final = {
    "quote_issued",
    "enquiry_answered",
    "reservation_ready",
    "remainder_waiting",
}


class Journey:
    """Camille goes on: what she wishes, asks and reserves crosses over as her carts do."""

    def __init__(
        self,
        stage: Stage,
        told: Json,
        run: str,
        person: Callable[[str, str, str | None], Person],
    ) -> None:
        self._stage = stage
        self._run = run
        words, gateway = stage.words, told["base_url"]
        lyon, paris = told["stores"][0], told["stores"][1]
        self._lyon = lyon["id"]
        place = told["connections"]["demo-shop"]
        self._shop = person(words("shop"), gateway, place["shop_key"])
        self._web = TellingShop(stage, self._shop, place)
        self._till = person(words("till", number=1), gateway, lyon["terminals"][0]["key"])
        self._associate = person(words("associate"), gateway, lyon["terminals"][1]["key"])
        self._tablet = person(words("tablet"), gateway, paris["terminals"][1]["key"])
        self._operator = person(words("operator"), gateway, told["ops_key"])
        self._camille = {
            "external_id": f"camille-{run.lower()}",
            "email": f"camille-{run.lower()}@example.org",
            "loyalty_number": f"ML-{run}",
            "first_name": "Camille",
            "last_name": "Moreau",
        }
        self._hers: set[str] = set()  # the documents that messages may be about

    def play(self) -> None:
        """Each act in its order; the later ones tell of the earlier."""
        self.buy_off_a_wish_list()
        self.ask_for_a_quote()
        self.see_it_shown()
        self.reserve_and_try()
        self.advise_her()
        self.learn_from_it()
        self.tell_her()

    def buy_off_a_wish_list(self) -> None:
        """Kept at home, pulled at a tablet in Paris by eight digits, and bought from."""
        self._stage.act("act_wishlist")
        name = f"wishes-{self._run}"
        wishes = {LAMP: 1, PLAID: 1, VASE: 1}
        listed = self._stage.words("her_list")
        self._web.shows("wishlist", name, wishes, name=listed, state="open", customer=self._camille)
        path = f"/v1/wishlists/{self._web.known('wishlists', name)['id']}"
        code = self._shop.does("POST", f"{path}/handovers", {}, wanted=201)
        pulled = self._tablet.does("POST", "/v1/pos/wishlists", {"short_code": code["short_code"]})[
            "wishlist"
        ]
        self._stage.plain(content(self._stage, pulled))
        wished = [{"line": by_sku(pulled)[PLAID]["id"], "quantity": "1"}]
        moved = self._tablet.does("POST", f"{path}/to-cart", {"lines": wished, "keep": True})
        claim = self._tablet.does(
            "POST", "/v1/pos/claims", {"cart": moved["cart"]["id"]}, wanted=201
        )
        self._sell(self._tablet, claim, "W")

        def bought() -> Json | None:
            seen = self._shop.looks(path)
            return seen if by_sku(seen)[PLAID]["bought"] == "1" else None

        left = by_sku(self._stage.until("bought", bought))
        titles = [one["item"]["title"] for one in left.values() if one["bought"] == "0"]
        self._stage.say("still_wished", what=", ".join(titles))

    def ask_for_a_quote(self) -> None:
        """Asked for on the web, written by an associate, sold at a till at its price."""
        self._stage.act("act_quote")
        name, words = f"quote-{self._run}", self._stage.words
        self._web.shows(
            "quote",
            name,
            {LAMP: 4},
            state="requested",
            customer=self._camille,
            message=words("quote_message"),
        )
        quote = self._web.known("quotes", name)
        path = f"/v1/quotes/{quote['id']}"
        self._stage.plain(f"« {quote['message']} »", "white")
        lamp = by_sku(quote)[LAMP]["id"]
        price = {"line": lamp, "unit_price": NEGOTIATED}
        self._tablet.does("PATCH", path, {"prices": [price], "staff": STAFF})
        issued = self._tablet.does("POST", f"{path}/issue", {"staff": STAFF})
        code = self._tablet.does("POST", f"{path}/handovers", {"direction": "to_store"}, wanted=201)
        self._stage.say("quote_page", number=issued["quote"]["number"], url=issued["pass_url"])
        self._hers.add(quote["id"])
        scanned = {"code": code["url"]}
        claim = self._till.does("POST", "/v1/pos/claims", scanned, wanted=201)
        (drift,) = claim["drift"]["lines"]
        if drift["winner"]["note"] != "price_held":
            raise Surprise(str(drift["winner"]))
        held, asked = drift["winner"]["total"], drift["total"]["till"]
        self._stage.say("price_held", held=words.money(held), till=words.money(asked))
        three = [{"line": lamp, "quantity": "3"}]
        sold = self._sell(self._till, claim, "Q", lines=three)
        self._stage.say("quote_left")
        self._stage.plain(content(self._stage, sold["remainder"]))

    def see_it_shown(self) -> None:
        """Asked for on a product page, answered and shown in Lyon, turned into a cart."""
        self._stage.act("act_enquiry")
        name, words = f"asked-{self._run}", self._stage.words
        self._web.tells(
            "enquiry.opened",
            external_id=name,
            kind="demonstration",
            message=words("enquiry_message"),
            store=self._lyon,
            customer=self._camille,
            locale=LOCALES[words.lang],
            items=[self._web.item(NIGHTSTAND)],
        )
        enquiry = self._web.known("enquiries", name)
        path = f"/v1/enquiries/{enquiry['id']}"
        self._associate.does("GET", "/v1/pos/enquiries")
        self._stage.plain(f"« {enquiry['messages'][0]['text']} »", "white")
        told = {"text": words("enquiry_answer"), "staff": STAFF}
        self._associate.does("POST", f"{path}/messages", told, wanted=201)
        date = {"at": _in_a_day(), "assigned_to": STAFF, "staff": STAFF}
        booked = self._associate.does("POST", f"{path}/schedule", date)
        self._stage.say("thread", answer=told["text"], url=booked["pass_url"])
        self._associate.does("POST", f"{path}/demonstrated", {"staff": STAFF})
        born = self._associate.does("POST", f"{path}/cart", {"staff": STAFF}, wanted=201)
        self._stage.plain(content(self._stage, born["cart"]))
        of_it = {"cart": born["cart"]["id"]}
        claim = self._till.does("POST", "/v1/pos/claims", of_it, wanted=201)
        self._sell(self._till, claim, "D")
        self._associate.does("POST", f"{path}/close", {"outcome": "bought", "staff": STAFF})
        self._hers.add(enquiry["id"])

    def reserve_and_try(self) -> None:
        """Set aside in Lyon as far as it is there; sold, and a lampshade with it."""
        self._stage.act("act_reservation")
        name = f"reserved-{self._run}"
        self._web.shows(
            "cart",
            name,
            {LAMP: 1, BOOK: 1},
            customer=self._camille,
            consent={"marketing": True},
        )
        cart = self._web.known("carts", name)
        wish = {"store": self._lyon, "until": _in_a_day()}
        offer = self._shop.does(
            "POST",
            f"/v1/carts/{cart['id']}/handovers",
            {"direction": "to_store", "reserve": wish},
            wanted=201,
        )
        here = self._associate.does("GET", f"/v1/pos/reservations/{offer['short_code']}")
        marked = self._associate.does(
            "PATCH",
            f"/v1/pos/reservations/{here['id']}",
            {"lines": [_mark(here, LAMP, "set_aside"), _mark(here, BOOK, "not_found")]},
            show=("state",),
        )
        for line in marked["lines"]:
            self._stage.say(line["mark"], title=line["item"]["title"])
        self._stage.say("her_page", url=offer["pass_url"])
        scanned = {"short_code": offer["short_code"]}
        claim = self._till.does("POST", "/v1/pos/claims", scanned, wanted=201)
        shade = ARTICLES[SHADE]
        extra = {"item": {"gtin": shade.ean}, "quantity": "1", "unit_price": shade.price}
        sold = self._sell(self._till, claim, "R", extra_lines=[extra])
        self._stage.say("not_found_left")
        self._stage.plain(content(self._stage, sold["remainder"]))
        self._hers |= {cart["id"], sold["remainder"]["id"]}

    def advise_her(self) -> None:
        """An associate sees what she agreed that may be seen, under a mask."""
        self._stage.act("act_customer")
        session = f"visit-{self._run}"
        seen = {"session": session, "customer": self._camille}
        self._web.tells("product.viewed", item=self._web.item(VASE), **seen)
        self._stage.say("no_consent")
        agreed = {**seen, "consent": {"analytics": True}}
        self._web.tells("product.viewed", item=self._web.item(LAMP), **agreed)
        self._web.tells("product.searched", query=self._stage.words("searched_for"), **agreed)
        asked = {
            "loyalty_number": self._camille["loyalty_number"],
            "purpose": self._stage.words("purpose"),
            "staff": STAFF,
        }
        file = self._tablet.does("POST", "/v1/pos/customers/search", asked)
        path = f"/v1/pos/customers/{file['customer']['id']}/recently-looked-at"

        def looked() -> Json | None:
            found = self._tablet.looks(path)
            return found if len(found["items"]) == 2 else None

        self._stage.say(
            "she_is",
            who=f"{file['customer']['first_name']} {file['customer']['initial']}",
            wishlists=len(file["wishlists"]),
            quotes=len(file["quotes"]),
            carts=len(file["carts"]),
            purchases=len(file["purchases"]),
        )
        for one in self._stage.until("recently looked at", looked)["items"]:
            title = one["item"]["title"] if one["item"] else f"« {one['text']} »"
            self._stage.plain(f"{one['day']}  {title}", "white")

    def learn_from_it(self) -> None:
        """What the store added to carts that were begun online, by seller."""
        self._stage.act("act_report")
        path, done = f"/v1/reports/additional-sales?store={self._lyon}", now()

        def gathered() -> Json | None:
            found = self._operator.looks(path)
            up_to_then = datetime.fromisoformat(found["as_of"]) > datetime.fromisoformat(done)
            return found if up_to_then else None

        self._stage.until("as_of", gathered)
        report = self._operator.does("GET", path)
        rows = [row for row in report["added"] if row["staff"] == STAFF]
        if not rows:
            raise Surprise(str(report["added"]))
        for row in rows:
            self._stage.say(
                "added",
                staff=row["staff"],
                sales=row["sales"],
                more=row["with_additions"],
                money=self._stage.words.money(row["money"]["net"]),
            )

    def tell_her(self) -> None:
        """What her retailer's own mailing tool should write to her about."""
        self._stage.act("act_messages")
        path = "/v1/events?types=message.wanted&limit=1000"

        def wanted() -> dict[str, Json] | None:
            found, cursor = {}, ""
            while page := self._operator.looks(path + cursor):
                for one in page["items"]:
                    if one["subject"] in self._hers:
                        found[one["data"]["template"]] = one["data"]
                if len(page["items"]) < 1000:
                    break
                cursor = f"&after={page['next']}"
            return found if found.keys() == MESSAGES else None

        found = self._stage.until(", ".join(MESSAGES), wanted)
        self._operator.does("GET", path)
        for template, message in found.items():
            self._stage.say(template, to=message["to"]["email"], locale=message["locale"])
        self._stage.say("no_mailer")

    def _sell(self, who: Person, claim: Json, letter: str, **told: object) -> Json:
        told_sale = sale(claim, f"{self._run}-{letter}", staff=STAFF, **told)
        return who.does("POST", f"/v1/pos/claims/{claim['claim']}/complete", told_sale)


def _mark(reservation: Json, sku: str, mark: str) -> Json:
    return {"line": by_sku(reservation)[sku]["line"], "mark": mark}


def _in_a_day() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()
