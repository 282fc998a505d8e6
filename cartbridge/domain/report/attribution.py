"""Attribution by construction: which campaign's visit led to which sale on the other side."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from cartbridge.domain.report.attribution_rows import (
    Attribution,
    CampaignRow,
    Consent,
    Crossing,
    Lead,
    ReceiptRow,
    SellerRow,
    StoreRow,
    WayRow,
    lead_of,
)
from cartbridge.domain.report.cuts import Column, Cut
from cartbridge.domain.report.facts import CartFacts, CartSale
from cartbridge.domain.report.reckoning import Asked, Purse, by_name
from cartbridge.domain.report.suppression import FEWEST, hidden_in_table

Group = tuple[Crossing, Purse]
Staff = str | None


@dataclass
class _Cuts:
    """The sales that went the same way, in one purse, cut in several ways."""

    total: Cut[None] = field(default_factory=Cut)
    first: Cut[Lead] = field(default_factory=Cut)
    last: Cut[Lead] = field(default_factory=Cut)
    stores: Cut[str] = field(default_factory=Cut)
    sellers: dict[str, Cut[Staff]] = field(default_factory=lambda: defaultdict(Cut))
    receipts: list[tuple[Lead, Lead, CartSale]] = field(default_factory=list)


class AttributionReport:
    """Adds up the sales of a time that went from one side to the other, cart after cart."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._column: Column = (asked.store, asked.brand)
        self._groups: dict[Group, _Cuts] = defaultdict(_Cuts)
        self._carts: dict[tuple[bool, Column], set[str]] = defaultdict(set)
        self._people: dict[tuple[bool, Column], set[str]] = defaultdict(set)

    def add(self, facts: CartFacts) -> None:
        """One more cart, whatever its store and brand: the others decide what may be shown."""
        if not self._asked.training.isdisjoint(facts.stores):
            return
        for sale in facts.sales:
            way = _crossing(facts, sale)
            if way is not None and self._asked.in_time(sale.at):
                crossing, store, staff = way
                cuts = self._groups[crossing, Purse.of(facts)]
                self._add(cuts, facts, sale, store, staff)

    def _add(self, cuts: _Cuts, facts: CartFacts, sale: CartSale, store: str, staff: Staff) -> None:
        asked, agreed, who = self._asked, facts.consent is True, facts.person
        column = (
            None if asked.store is None else store,
            None if asked.brand is None else facts.brand,
        )
        first = lead_of(sale.first_touch, agreed=agreed)
        last = lead_of(sale.last_touch, agreed=agreed)
        cuts.total.add(None, column, who, sale)
        cuts.first.add(first, column, who, sale)
        cuts.last.add(last, column, who, sale)
        cuts.stores.add(store, column, who, sale)
        cuts.sellers[store].add(staff, column, who, sale)
        if column == self._column and sale.first_touch is not None and not sale.voided:
            cuts.receipts.append((first, last, sale))
        self._carts[agreed, column].add(facts.cart)
        self._people[agreed, column].add(who)

    def told(self) -> Attribution:
        """The report of the carts so far; what is hidden says so and shows no number."""
        groups = sorted(self._groups.items(), key=lambda group: group[0])
        return Attribution(
            fewest_people=FEWEST,
            consent=self._consent(),
            ways=tuple(row for key, cuts in groups for row in self._ways(key, cuts)),
            campaigns=tuple(row for key, cuts in groups for row in self._campaigns(key, cuts)),
            stores=tuple(row for key, cuts in groups for row in self._stores(key, cuts)),
            sellers=tuple(row for key, cuts in groups for row in self._sellers(key, cuts)),
            receipts=tuple(row for key, cuts in groups for row in self._receipts(key, cuts)),
        )

    def _consent(self) -> Consent:
        column = self._column
        hide = any(place[1] == column for place in hidden_in_table(self._people))
        agreed, not_agreed = (len(self._carts.get((yes, column), ())) for yes in (True, False))
        return Consent(
            suppressed=hide,
            carts=None if hide else agreed + not_agreed,
            with_consent=None if hide else agreed,
            without_consent=None if hide else not_agreed,
        )

    def _ways(self, key: Group, cuts: _Cuts) -> Iterable[WayRow]:
        hide = cuts.total.hidden()
        for none in cuts.total.keys(self._column):
            cell = cuts.total.cell(none, self._column, hide)
            yield WayRow(crossing=key[0], **_purse(key), cell=cell)

    def _campaigns(self, key: Group, cuts: _Cuts) -> Iterable[CampaignRow]:
        column = self._column
        hide_first, hide_last = cuts.first.hidden(), cuts.last.hidden()
        leads = {*cuts.first.keys(column), *cuts.last.keys(column)}
        for lead in sorted(leads, key=lambda lead: by_name(lead.names)):
            yield CampaignRow(
                crossing=key[0],
                **_purse(key),
                lead=lead,
                first=cuts.first.cell(lead, column, hide_first),
                last=cuts.last.cell(lead, column, hide_last),
            )

    def _stores(self, key: Group, cuts: _Cuts) -> Iterable[StoreRow]:
        hide = cuts.stores.hidden()
        for store in sorted(cuts.stores.keys(self._column)):
            cell = cuts.stores.cell(store, self._column, hide)
            yield StoreRow(crossing=key[0], **_purse(key), store=store, cell=cell)

    def _sellers(self, key: Group, cuts: _Cuts) -> Iterable[SellerRow]:
        """The sellers of a store are parts of its row: hidden with it, and by themselves."""
        dark = {place[0] for place in cuts.stores.hidden() if place[1] == self._column}
        for store in sorted(cuts.stores.keys(self._column)):
            cut = cuts.sellers[store]
            staff = sorted(cut.keys(self._column), key=lambda staff: by_name((staff,)))
            places = frozenset((one, self._column) for one in staff)
            hide = places if store in dark else cut.hidden()
            for one in staff:
                cell = cut.cell(one, self._column, hide)
                yield SellerRow(crossing=key[0], **_purse(key), store=store, staff=one, cell=cell)

    def _receipts(self, key: Group, cuts: _Cuts) -> Iterable[ReceiptRow]:
        """The numbers that visits led to, of campaigns that may be shown."""
        dark_first, dark_last = cuts.first.hidden(), cuts.last.hidden()
        for first, last, sale in sorted(cuts.receipts, key=lambda receipt: receipt[2].at):
            places = ((first, self._column), (last, self._column))
            if places[0] not in dark_first and places[1] not in dark_last:
                yield ReceiptRow(
                    crossing=key[0],
                    receipt_number=sale.receipt_number,
                    order_number=sale.order_number,
                    at=sale.at,
                    first=sale.first_touch,
                    last=sale.last_touch,
                )


def _crossing(facts: CartFacts, sale: CartSale) -> tuple[Crossing, str, Staff] | None:
    """Which way a sale went, and the store and seller it is credited to; None if it stayed."""
    if sale.store is not None and facts.began.store is None:
        return "online_to_store", sale.store, sale.staff
    if sale.store is None and facts.began.store is not None:
        return "store_to_online", facts.began.store, facts.began.staff
    return None


def _purse(key: Group) -> dict[str, str]:
    return {"currency": key[1].currency, "tax_mode": key[1].tax_mode}
