"""A whole cart of a canonical body, read into the gateway's own form."""

from decimal import Decimal
from typing import TypeVar, get_args

from cartbridge.sdk.documents import (
    Channel,
    CodeRefusal,
    Company,
    Customer,
    ObservedLine,
    Snapshot,
)
from cartbridge.sdk.errors import Unreadable
from cartbridge_standard import payloads as wire
from cartbridge_standard.lines import line_of
from cartbridge_standard.refusals import names_of, refusals
from cartbridge_standard.report import Report
from cartbridge_standard.settings import Settings
from cartbridge_standard.told import Told
from cartbridge_standard.unknown import count_unknown
from cartbridge_standard.values import answers, texts

Form = TypeVar("Form", bound=wire.Cart)


def shown(form: type[Form], told: Told) -> tuple[Form, Snapshot]:
    """The document that a body tells whole, and what of it is shown there."""
    cart = told.read_as(form)
    snapshot = snapshot_of(cart, told.settings, told.report)
    if snapshot.at is None:
        snapshot = snapshot.model_copy(update={"at": told.timestamp})
    return cart, snapshot


def snapshot_of(cart: wire.Cart, settings: Settings, report: Report) -> Snapshot:
    """The cart as it is shown there."""
    rows = enumerate(cart.lines)
    lines = tuple(line_of(row, f"data.lines[{n}]", report) for n, row in rows)
    _compare_rows(lines, report)
    if cart.currency is None:
        report.add("data.currency", "defaulted", f"not told: {settings.currency}")
    snapshot = Snapshot(
        lines=lines,
        codes=cart.codes,
        revision=cart.revision,
        last_push=cart.last_push,
        refused=refusals(cart.refused, names_of(lines), _basket(lines)) if cart.refused else (),
        refused_codes=tuple(CodeRefusal(code=r.code, reason=r.reason) for r in cart.refused_codes),
        at=cart.updated_at,
        currency=cart.currency or settings.currency,
        tax_mode=cart.tax_mode,
        locale=cart.locale,
        channel=_channel(cart, settings, report),
        shipping=cart.shipping,
        has_payment=cart.has_payment,
        customer=customer_of(cart.customer),
        attribution=texts(cart.attribution, "data.attribution", report),
        consent=answers(cart.consent, "data.consent", report),
        price_list=cart.price_list,
    )
    count_unknown(cart, report)
    return snapshot


def _basket(lines: tuple[ObservedLine, ...]) -> dict[str, Decimal]:
    return Snapshot(lines=lines).basket


def _compare_rows(lines: tuple[ObservedLine, ...], report: Report) -> None:
    first: dict[str, tuple[int, ObservedLine]] = {}
    for number, line in enumerate(lines):
        other, known = first.setdefault(line.key, (number, line))
        if known.unit != line.unit:
            raise Unreadable(
                f"data.lines[{number}].quantity.unit: data.lines[{other}] sells the same article"
                " in another unit; give the two their own SKU"
            )
        if (known.item.variant, known.item.attributes) != (line.item.variant, line.item.attributes):
            why = f"counted as the article of data.lines[{other}]: they share their number"
            report.add(f"data.lines[{number}].item", "dropped", why)


def _channel(cart: wire.Cart, settings: Settings, report: Report) -> str:
    if cart.channel is None or cart.channel in get_args(Channel):
        return cart.channel or settings.channel
    report.add("data.channel", "defaulted", f"not known: {settings.channel}")
    return settings.channel


def customer_of(told: wire.Customer | None) -> Customer | None:
    """Who she is, as far as it is told; None if nothing is."""
    if told is None:
        return None
    known = {name: getattr(told, name) for name in wire.Customer.model_fields}
    known["company"] = told.company and _company(told.company)
    return Customer(**known) if any(known.values()) else None


def _company(told: wire.Company) -> Company | None:
    name = told.name or told.vat_number
    return None if name is None else Company(name=name, vat_number=told.vat_number)
