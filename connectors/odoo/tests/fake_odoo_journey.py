"""The rest of the small Odoo: people, wish lists, leads with their threads, stock, views."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import unescape
from typing import Any, ClassVar

from fake_odoo_database import Record, Refused, link
from fake_odoo_website import FakeWebsite

from cartbridge.sdk.documents import Item

WEBSITE = [1, "My Website"]
LEADS = 1000  # their numbers come behind it: no two documents have one id
LISTS = 2000  # the numbers of those who have a wish list come behind it


class FakeJourney(FakeWebsite):
    """As `FakeWebsite`, with the apps that know of more than carts."""

    stores: ClassVar[tuple[str, ...]] = ("1", "2")
    has_tiers: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        add = self.database.add
        self.may_see_wishes = True
        self.free: dict[tuple[int, int], Decimal] = {}  # warehouse, article
        self.camille = self.person("Camille Dupont", email="camille@example.test")
        self.staff = self.person("Léa", partner_share=False)
        self.new, self.won = (add("crm.stage", is_won=won) for won in (False, True))
        add("res.lang", code="fr_FR")
        add("website", name="My Website", sequence=1, company_id=link(self.company))
        for name in ("Rivoli", "Lyon"):
            add("stock.warehouse", name=name, company_id=link(self.company))
        for product in self.database.table("product.product").values():
            product["is_storable"] = product["default_code"] != "ANY"
        for model in ("product.wishlist", "crm.lead"):
            number = add("ir.model", model=model)["id"]
            for name in ("write_date", "partner_id", "product_id", "stage_id"):
                add("ir.model.fields", name=name, model_id=number)

    def person(self, name: str, **more: Any) -> Record:
        """A contact; a customer unless said otherwise."""
        empty = dict.fromkeys(
            ("email", "phone", "barcode", "vat", "commercial_company_name"), False
        )
        told = {"name": name, "is_company": False, "partner_share": True}
        return self.database.add("res.partner", **{**empty, **told, **more})

    def call(self, model: str, method: str, ids: list[int] | None, named: dict[str, Any]) -> Any:
        """As the others, but free stock depends on the warehouse asked for."""
        if model == "product.product" and "free_qty" in named.get("fields", []):
            there = self.context["warehouse_id"]
            for product in self.database.table(model).values():
                product["free_qty"] = self.free.get((there, product["id"]), Decimal(0))
        if model == "product.wishlist" and method == "search_read" and not self.may_see_wishes:
            return []
        if (model, method) == ("product.wishlist", "create"):
            return self._wished(**named)
        return super().call(model, method, ids, named)

    # Quotations, and what is done with documents of any kind.

    def new_quote(self) -> str:
        """A quotation as a salesperson writes it."""
        order = self.new_order(partner_id=link(self.camille))
        for code, amount in (("BULB-E27", 2), ("CUSHION", 1)):
            self.put(order, code, Decimal(amount))
        return str(order["id"])

    def edit(self, external_id: str) -> None:
        if int(external_id) > LISTS:
            self.wish("CABLE-TX", self.database.table("res.partner")[int(external_id)])
            return
        order = self.database.table("sale.order")[int(external_id)]
        self.database.lines("sale.order", order)[0]["product_uom_qty"] += 1
        self._totalled(order)

    def remove(self, external_id: str) -> None:
        behind = {"res.partner": LISTS, "crm.lead": LEADS, "sale.order": 0}
        model = next(name for name, first in behind.items() if int(external_id) > first)
        del self.database.table(model)[int(external_id)]

    def basket(self, external_id: str) -> Mapping[str, Decimal]:
        if not (external_id.isdigit() and int(external_id) > LISTS):
            return super().basket(external_id)
        rows = self.database.table("product.wishlist").values()
        wished = [row["product_id"][0] for row in rows if row["partner_id"][0] == int(external_id)]
        products = self.database.table("product.product")
        return {f"sku:{products[number]['default_code']}": Decimal(1) for number in wished}

    def new_enquiry(self) -> str:
        return str(self.lead()["id"])

    def thread(self, external_id: str) -> Sequence[str]:
        """What stands in the first paragraph of each message; who wrote it stands below."""
        rows = self.database.table("mail.message").values()
        told = [row["body"] for row in rows if row["res_id"] == int(external_id)]
        return [unescape(body.partition("</p>")[0].removeprefix("<p>")) for body in told]

    def is_closed(self, external_id: str) -> bool:
        lead = self.database.table("crm.lead")[int(external_id)]
        return bool(lead["stage_id"][0] == self.won["id"])

    # Wish lists.

    def new_wishlist(self) -> str:
        """What a customer of her own, known to nobody yet, wishes for."""
        number = max(LISTS, *self.database.table("res.partner")) + 1
        owner = self.person("Anna", id=number)
        for code in ("BULB-E27", "CUSHION"):
            self.wish(code, owner)
        return str(number)

    def wish(self, code: str, owner: Record | None = None) -> Record:
        """A row of somebody's list; of a guest, who is nobody, if `owner` is left out."""
        product = self.database.find("product.product", default_code=code)
        assert product is not None
        return self.database.add(
            "product.wishlist",
            partner_id=link(owner) if owner else False,
            product_id=link(product),
            website_id=WEBSITE,
        )

    def _wished(self, vals_list: list[Record]) -> list[int]:
        products = self.database.table("product.product")
        people = self.database.table("res.partner")
        made = []
        for values in vals_list:
            assert values["website_id"] == WEBSITE[0]
            wished = products[values["product_id"]]["default_code"]
            made.append(self.wish(wished, people[values["partner_id"]])["id"])
        return made

    def _product_wishlist_unlink(self, ids: list[int]) -> bool:
        for number in ids:
            del self.database.table("product.wishlist")[number]
        return True

    def _res_users_context_get(self, ids: None) -> Record:
        return {"lang": "fr_FR", "tz": "Europe/Paris", "uid": 7}

    def _res_users_has_group(self, ids: list[int], group_ext_id: str) -> bool:
        assert (ids, group_ext_id) == ([7], "sales_team.group_sale_manager")
        return self.may_see_wishes

    # Leads.

    def lead(self, **more: Any) -> Record:
        """What the contact form of the website makes."""
        at = self.database.stamp()
        told = {
            "name": "Essayer la lampe",
            "description": "<p>Bonjour,<br>je voudrais la voir samedi.</p>",
            "contact_name": "Jean Petit",
            "partner_name": False,
            "email_from": "jean@example.test",
            "phone": False,
            "partner_id": False,
            "stage_id": [self.new["id"], "New"],
            "active": True,
            "create_uid": [1, "OdooBot"],
            "create_date": at,
            "write_date": at,
            "lang_id": [1, "French"],
            "team_id": [1, "Sales"],
            "medium_id.name": "Website",
        }
        number = max(self.database.table("crm.lead"), default=LEADS) + 1
        lead = {"id": number, **told, **more}
        self.database.table("crm.lead")[number] = lead
        return lead

    def say(self, lead: Record, body: str, author: Record | None = None, **more: Any) -> Record:
        """A message in the thread of a lead."""
        told = {
            "model": "crm.lead",
            "res_id": lead["id"],
            "date": self.database.stamp(),
            "body": body,
            "message_type": "comment",
            "message_id": False,
            "author_id": link(author) if author else False,
            "is_internal": False,
            "subtype_id.internal": False,
        }
        return self.database.add("mail.message", **{**told, **more})

    def _posted(self, model: str, number: int, told: Record) -> int:
        if not self.database.table(model).get(number):
            raise Refused(404, "odoo.exceptions.MissingError", "no such record")
        assert told["body_is_html"]
        return int(
            self.say(
                {"id": number},
                told["body"],
                self.database.table("res.partner").get(
                    told.get("author_id") or self.author_of(told)
                ),
                model=model,
                message_id=told["message_id"],
                **{"subtype_id.internal": told["subtype_xmlid"] == "mail.mt_note"},
            )["id"]
        )

    def author_of(self, told: Record) -> int:
        """Whose message it is where no contact is named: ours, or somebody's by e-mail."""
        return 0 if "email_from" in told else int(self.staff["id"])

    def _crm_lead_message_post(self, ids: list[int], **told: Any) -> int:
        return self._posted("crm.lead", ids[0], told)

    def _sale_order_message_post(self, ids: list[int], **told: Any) -> int:
        return self._posted("sale.order", ids[0], told)

    def _crm_lead_write(self, ids: list[int], vals: Record) -> bool:
        self.database.table("crm.lead")[ids[0]]["stage_id"] = [vals["stage_id"], ""]
        return True

    # Stock, loyalty cards and views.

    def put_in_stock(self, item: Item, store: str, quantity: Decimal) -> None:
        product = self.database.find("product.product", default_code=item.sku)
        assert product is not None
        self.free[int(store), product["id"]] = quantity

    def issue_card(self, number: str, tier: str, points: int) -> None:
        self.card(code=number, points=Decimal(points))

    def card(self, **told: Any) -> Record:
        """A card of a loyalty program; nobody's in particular, and for ever, unless it is said."""
        values = {
            "code": "044b-5b1e",
            "points": Decimal(0),
            "points_display": f"{told['points']} Points",
            "expiration_date": False,
            "program_id.program_type": "loyalty",
            "partner_id.barcode": False,
        }
        return self.database.add("loyalty.card", **{**values, **told})

    def move(self, code: str, **free: str) -> None:
        """An article moves: so much of it is free in `rivoli` and in `lyon` then."""
        product = self.database.find("product.product", default_code=code)
        assert product is not None
        for number, name in ((1, "rivoli"), (2, "lyon")):
            if name in free:
                self.free[number, product["id"]] = Decimal(free[name])
        more = {"product_id.is_storable": True}
        self.database.add("stock.move", product_id=link(product), **more)

    def look_at(self, code: str, who: Record | None, *, agreed: bool) -> None:
        """Somebody looks at an article on the website."""
        product = self.database.find("product.product", default_code=code)
        assert product is not None
        person = link(who) if who else False
        visitor = self.database.add("website.visitor", partner_id=person)
        more = {"visitor_id.partner_id": person, "cartbridge_consent": agreed}
        self.database.add(
            "website.track",
            product_id=link(product),
            visitor_id=link(visitor),
            visit_datetime=self.database.stamp(),
            **more,
        )
