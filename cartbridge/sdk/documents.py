"""The canonical forms a connector speaks of: carts, lines, items, snapshots, projections."""

from cartbridge.domain.cart.state import Cart, Channel
from cartbridge.domain.customer import Company, Customer
from cartbridge.domain.items import Item, LineKind, SoldBy, is_gtin
from cartbridge.domain.line import Discount, Fee, FeeKind, Fulfilment, Line, Prices, Tax
from cartbridge.domain.money import CurrencyCode, TaxMode, minor_digits, to_major, to_minor
from cartbridge.domain.projection import Projection, Shown, project_by
from cartbridge.domain.quantity import Amount, Quantity, plain
from cartbridge.domain.twin import (
    Basket,
    CodeRefusal,
    ObservedLine,
    Refusal,
    Snapshot,
    TwinKind,
    TwinRef,
    Writes,
)

__all__ = [
    "Amount",
    "Basket",
    "Cart",
    "Channel",
    "CodeRefusal",
    "Company",
    "CurrencyCode",
    "Customer",
    "Discount",
    "Fee",
    "FeeKind",
    "Fulfilment",
    "Item",
    "Line",
    "LineKind",
    "ObservedLine",
    "Prices",
    "Projection",
    "Quantity",
    "Refusal",
    "Shown",
    "Snapshot",
    "SoldBy",
    "Tax",
    "TaxMode",
    "TwinKind",
    "TwinRef",
    "Writes",
    "is_gtin",
    "minor_digits",
    "plain",
    "project_by",
    "to_major",
    "to_minor",
]
