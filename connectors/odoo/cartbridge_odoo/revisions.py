"""Writing a quotation: its rows at the prices that hold, its validity, and what became of it."""

from decimal import Decimal
from html import escape
from typing import Any, Final

from cartbridge.sdk.contract import Moved, Remote, Terms, Write, WriteLine, Written
from cartbridge.sdk.documents import ObservedLine, Refusal, Snapshot
from cartbridge.sdk.errors import Refuse, Retry, Unknown
from cartbridge_odoo.amounts import Taxed, told_price
from cartbridge_odoo.articles import Articles, look_up
from cartbridge_odoo.calls import Calls, Record, gone
from cartbridge_odoo.documents import SALE, fetch_document
from cartbridge_odoo.naming import item_of, noted
from cartbridge_odoo.notes import post_once
from cartbridge_odoo.rows import Command, spread
from cartbridge_odoo.shown import shown
from cartbridge_odoo.tickets import TAX
from cartbridge_odoo.traces import UNKNOWN, from_source, in_source, sold_under
from cartbridge_odoo.translate import OPEN, taxes_of

# Without it Odoo 17 and 18 answer a cancelling with a window to confirm in.
_CANCEL: Final = {"disable_cancel_warning": True}


async def push_quotation(write: Write, remote: Remote) -> Written | Moved:
    """The quotation as it was revised, issued, accepted, declined or sold; a repeat is the same."""
    calls, terms = Calls(remote), write.terms
    if terms is None:
        raise Refuse("a quote is written with its terms")
    document = await fetch_document(calls, write.ref)
    if document is None or "validity_date" not in document["record"]:
        raise gone("quotation")
    if terms.state == "converted":
        await _sold(calls, write, terms, document)
        refused: tuple[Refusal, ...] = ()
    elif terms.state in ("declined", "expired"):
        await _end(calls, document)
        refused = ()
    else:
        refused = await _revise(calls, write, terms, document)
    after = await fetch_document(calls, write.ref)
    snapshot = Snapshot() if after is None else shown(after)
    update = {"last_push": write.push_id, "refused": refused}
    return Written(snapshot=snapshot.model_copy(update=update))


async def _revise(
    calls: Calls, write: Write, terms: Terms, document: Record
) -> tuple[Refusal, ...]:
    record = document["record"]
    if record["state"] not in OPEN:
        if terms.state == "accepted" and record["state"] == "sale":
            return ()
        raise Unknown("the quotation is confirmed or ended: read it")
    before = shown(document)
    if before.currency != terms.currency:
        raise Refuse(f"the quotation is in {before.currency}, the quote in another money")
    articles = await look_up(calls, [line.item for line in write.lines], at_till=False)
    revision = Revision(write, terms, before, articles, taxes_of(document), calls)
    values: dict[str, Any] = {}
    if revision.commands:
        values["order_line"] = revision.commands
    day = terms.valid_until.date().isoformat() if terms.valid_until else record["validity_date"]
    if day != record["validity_date"]:
        values["validity_date"] = day
    if values:
        values["origin"] = in_source(write.push_id, record["origin"] or None)
        await _kept(calls, write, before, values)
    if terms.state == "issued" and record["state"] == "draft":
        await calls.call(SALE, "action_quotation_sent", {}, ids=[record["id"]])
    elif terms.state == "accepted":
        await calls.call(SALE, "action_confirm", {}, ids=[record["id"]])
    return tuple(revision.refused)


async def _kept(calls: Calls, write: Write, before: Snapshot, values: Record) -> None:
    """Rows, validity and whose write it was; where the answer is lost, what stands there says."""
    try:
        await calls.call(SALE, "write", {"vals": values}, ids=[int(write.ref.external_id)])
    except Unknown as error:
        after = await fetch_document(calls, write.ref)
        if after is None or shown(after).lines == before.lines:
            raise Retry(str(error)) from None


async def _sold(calls: Calls, write: Write, terms: Terms, document: Record) -> None:
    """Cancelled, so that no till settles it again, with a note that names the ticket.

    Confirmed it would wait for a delivery and an invoice that the till has made already.
    """
    record = document["record"]
    ticket = terms.receipt_number or terms.number
    if record["state"] == "sale" and record["pos_order_line_ids"]:
        return  # a till of this Odoo settled it: it is sold there, and Odoo knows
    _check_free(document)
    source = record["origin"] or None
    if not from_source(source)[1]:
        told = {"origin": in_source(sold_under(ticket), source)}
        await calls.call(SALE, "write", {"vals": told}, ids=[record["id"]])
    await _end(calls, document)
    said = escape(ticket)
    body = f"<p>Vendu en caisse, ticket n° {said}.<br>Sold at a till, receipt no. {said}.</p>"
    await post_once(calls, SALE, record["id"], f"sold/{ticket}", body, internal=True)


async def _end(calls: Calls, document: Record) -> None:
    """The quotation is cancelled, and with it what a confirmation had begun."""
    _check_free(document)
    number = document["record"]["id"]
    if document["record"]["state"] != "cancel":
        await calls.call(SALE, "action_cancel", {}, ids=[number], context=_CANCEL)


def _check_free(document: Record) -> None:
    """Refuse, in words, if goods or payments hang on the order: a person has to look at it."""
    record = document["record"]
    delivered = any(Decimal(line["delivered"]) > 0 for line in document["lines"])
    if record["state"] == "sale" and (delivered or Decimal(record["amount_paid"]) > 0):
        why = "is delivered or paid in part: see to it in Odoo"
        raise Refuse(f"quotation {record['name']} {why}")


class Revision:
    """The rows that differ from what the quote holds, and the articles Odoo does not know."""

    def __init__(
        self,
        write: Write,
        terms: Terms,
        before: Snapshot,
        articles: Articles,
        taxes: dict[int, Taxed],
        calls: Calls,
    ) -> None:
        self.commands: list[Command] = []
        self.refused: list[Refusal] = []
        self._terms = terms
        self._articles = articles
        self._taxes = taxes
        self._company = calls.settings.company_id
        for line in write.lines:
            there = [row for row in before.lines if row.key == line.key]
            amount = sum((row.quantity for row in there), Decimal(0))
            if not line.changed and amount != line.quantity:
                continue  # what only Odoo changed is Odoo's
            if amount != line.quantity or not _holds(there, line):
                self._set(line, there)

    def _set(self, line: WriteLine, there: list[ObservedLine]) -> None:
        if there and (not line.quantity or line.prices is None or line.prices.total is None):
            for number, amount in spread(there, line.quantity).items():
                values = {"product_uom_qty": amount}
                self.commands.append([1, number, values] if amount else [2, number, 0])
        elif there:
            first, *rest = (int(row.external_id or 0) for row in there)
            taxed = self._taxes.get(first, Taxed())
            values = {"product_uom_qty": line.quantity, **self._price(line, taxed)}
            self.commands.append([1, first, values])
            self.commands += [[2, number, 0] for number in rest]
        elif line.quantity:
            self._add(line)

    def _add(self, line: WriteLine) -> None:
        product = self._articles.find(line.item)
        taxed = None if product is None else self._articles.taxed(product, self._company)
        if product is None or taxed is None:
            reason = UNKNOWN if product is None else TAX
            told = {"key": line.key, "wanted": line.quantity, "accepted": Decimal(0)}
            self.refused.append(Refusal.model_validate({**told, "reason": reason}))
            return
        values: dict[str, Any] = {"product_id": product.id, "product_uom_qty": line.quantity}
        if item_of(product, "", []).key != line.key:
            values["name"] = noted(line.item)
        self.commands.append([0, 0, {**values, **self._price(line, taxed)}])

    def _price(self, line: WriteLine, taxed: Taxed) -> dict[str, Decimal]:
        """The price that holds, as unit price and discount; Odoo's own where none was told."""
        if line.prices is None or line.prices.total is None:
            return {}
        priced = told_price(
            line.prices,
            line.quantity,
            self._terms.currency,
            self._terms.tax_mode,
            taxed,
            apart=False,
            fine=False,
        )
        return {"price_unit": priced.price_unit, "discount": priced.discount}


def _holds(there: list[ObservedLine], line: WriteLine) -> bool:
    wanted = None if line.prices is None else line.prices.total
    return wanted is None or sum(row.prices.total or 0 for row in there) == wanted
