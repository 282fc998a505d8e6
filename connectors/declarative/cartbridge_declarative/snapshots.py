"""One document, read entry by entry as its mapping says where each of them stands."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cartbridge.sdk.documents import Customer, ObservedLine, Snapshot, TaxMode, TwinKind
from cartbridge.sdk.errors import Unreadable
from cartbridge_declarative.amounts import Amounts
from cartbridge_declarative.lines import rows_of
from cartbridge_declarative.parts import Part
from cartbridge_declarative.prices import Pricing
from cartbridge_declarative.sections import Kind, Money
from cartbridge_declarative.settings import Settings
from cartbridge_declarative.values import codes_of, currency_of, flag_of, revision_of

_NO_MONEY: Final = Money(amounts="minor")  # a mapping without rows tells no amounts


@dataclass(frozen=True)
class Told:
    """What one document tells; `received_at` stands in for a time that it does not tell."""

    part: Part
    settings: Settings
    kind: Kind
    received_at: datetime | None = None

    @property
    def external_id(self) -> str:
        """The document's id there; Unreadable if there is none."""
        rules = self.settings.rules.document
        told = self.part.text("external_id", rules.external_id, 255)
        if told is None:
            why = "it is missing; without it nobody knows what is spoken of"
            raise self.part.wrong("external_id", rules.external_id, why)
        return told

    @property
    def twin(self) -> TwinKind:
        """What the document is there."""
        beside: dict[Kind, TwinKind] = {
            "wishlist": "wishlist",
            "wishlist_gone": "wishlist",
            "enquiry": "enquiry",
        }
        return beside.get(self.kind, self.settings.rules.document.twin)

    @property
    def order_number(self) -> str | None:
        """The order's number, or the receipt's."""
        return self.part.text("order_number", self.settings.rules.document.order_number, 255)

    @property
    def revision(self) -> int | None:
        """The document's revision, if the platform counts them."""
        return self.part.find("revision", self.settings.rules.document.revision, revision_of)

    @property
    def time(self) -> datetime | None:
        """The moment that the document tells."""
        rules = self.settings.rules.document
        return self.part.moment("time", rules.time, rules.time_form)

    @property
    def at(self) -> datetime:
        """When it happened; when it was received, if it does not tell."""
        told, where = self.time, self.settings.rules.document.time
        if told is not None:
            return told
        if self.received_at is None:
            raise Unreadable("document.time: what was read again has to tell when it happened")
        self.part.lost("time", where, "defaulted", "not told: when it was received")
        return self.received_at

    @property
    def customer(self) -> Customer | None:
        """Whose it is, as far as she let the platform know."""
        person = self.settings.rules.customer
        if person is None:
            return None
        known = {name: self.part.text(f"customer.{name}", where, 320) for name, where in person}
        return Customer(**known) if any(known.values()) else None

    def snapshot(self) -> Snapshot:
        """The cart as it is shown there."""
        part, rules = self.part, self.settings.rules.document
        pricing = self._pricing()
        return Snapshot(
            lines=rows_of(part, pricing),
            codes=part.find("codes", rules.codes, codes_of) or (),
            revision=self.revision,
            at=self.time,
            currency=pricing.amounts.currency,
            tax_mode=pricing.tax_mode,
            locale=part.text("locale", rules.locale, 100),
            channel=self.settings.channel,
            shipping=part.amount("shipping", rules.shipping, pricing.amounts) or 0,
            has_payment=part.find("has_payment", rules.has_payment, flag_of) or False,
            customer=self.customer,
            price_list=part.text("price_list", rules.price_list, 100),
        )

    def lines(self) -> tuple[ObservedLine, ...]:
        """The rows alone, without their taxes."""
        return rows_of(self.part, replace(self._pricing(), with_taxes=False))

    def _pricing(self) -> Pricing:
        rules = self.settings.rules
        amounts = Amounts(rules.money or _NO_MONEY, self._currency())
        return Pricing(rules, amounts, self._tax_mode())

    def _currency(self) -> str:
        part, where = self.part, self.settings.rules.document.currency
        told = part.find("currency", where, currency_of)
        if told is None and where is not None:
            why = f"not told: {self.settings.currency}"
            part.lost("currency", where, "defaulted", why)
        return told or self.settings.currency

    def _tax_mode(self) -> TaxMode | None:
        rules = self.settings.rules
        included = self.part.find("tax_included", rules.document.tax_included, flag_of)
        if included is None:
            return None if rules.money is None else rules.money.tax_mode
        return "inclusive" if included else "exclusive"
