"""The website's wish lists: one list for each customer, its rows without quantities."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from cartbridge.sdk.contract import Remote, Write, Written
from cartbridge.sdk.documents import ObservedLine, Refusal, Snapshot, TwinRef
from cartbridge.sdk.errors import Refuse, Unknown, Unreadable
from cartbridge.sdk.observations import Lost, Read, WishlistSeen
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.articles import look_up
from cartbridge_odoo.calls import Calls, Record, gone, id_of
from cartbridge_odoo.documents import PRODUCT, is_number, partner_fields, those
from cartbridge_odoo.naming import item_of
from cartbridge_odoo.snapshots import customer_of
from cartbridge_odoo.traces import UNKNOWN

WISH: Final = "product.wishlist"
_RIGHT: Final = "sales_team.group_sale_manager"
_WISH: Final = ("partner_id", "product_id", "website_id", "write_date")
_ONE: Final = Decimal(1)
_NO_QUANTITY: Final = "no_quantity"


class Wish(wire.Wire):
    """A row of `product.wishlist`."""

    id: wire.Id
    product_id: wire.Must
    write_date: wire.Moment


class WishDocument(wire.Wire):
    """A customer's whole list, as `fetch` brings it."""

    partner: wire.Partner
    rows: Annotated[tuple[Wish, ...], Field(max_length=2000)] = ()
    products: Annotated[tuple[wire.Product, ...], Field(max_length=2000)] = ()


async def fetch_wishes(calls: Calls, ref: TwinRef) -> Record | None:
    """The list of that customer; None if Odoo has no such customer.

    Refuse: the user may not see other people's lists, so that hers only looks empty.
    """
    if not (calls.settings.wishlists and is_number(ref.external_id)):
        return None
    found = await wish_documents(calls, [int(ref.external_id)])
    if found and not found[0]["rows"]:
        await _check_sight(calls)
    return found[0] if found else None


async def wish_documents(calls: Calls, partners: Sequence[int]) -> list[Record]:
    """The whole lists of these customers."""
    owners = await those(calls, "res.partner", partner_fields(calls.settings), partners)
    if not owners:
        return []
    domain: list[Any] = [["partner_id", "in", [one["id"] for one in owners]]]
    rows = await calls.search(WISH, domain, _WISH, order="id")
    products = await those(
        calls, "product.product", PRODUCT, (id_of(row["product_id"]) for row in rows)
    )
    documents = []
    for owner in owners:
        own = [row for row in rows if id_of(row["partner_id"]) == owner["id"]]
        wished = {id_of(row["product_id"]) for row in own}
        documents.append(
            {
                "model": WISH,
                "partner": owner,
                "rows": own,
                "products": [row for row in products if row["id"] in wished],
            }
        )
    return documents


async def _check_sight(calls: Calls) -> None:
    """Odoo shows nobody else's rows, and no error, to a user without the right."""
    if not await sees_all(calls):
        raise Refuse("product.wishlist: the user lacks a right: Sales: Administrator")


async def sees_all(calls: Calls) -> bool:
    """Whether the user may see other people's wish lists."""
    user = (await calls.call("res.users", "context_get", {})).get("uid")
    asked = {"group_ext_id": _RIGHT}
    return bool(await calls.call("res.users", "has_group", asked, ids=[user]))


def read_wishes(said: Mapping[str, Any]) -> Read:
    """The list as it is there now: Odoo names and closes none, its prices are of another day."""
    document = understood(WishDocument, said, "")
    report: list[Lost] = []
    return Read(
        observations=(
            WishlistSeen(
                external_id=str(document.partner.id),
                snapshot=_snapshot(document, report),
            ),
        ),
        report=tuple(report),
    )


def _snapshot(document: WishDocument, report: list[Lost]) -> Snapshot:
    products = {product.id: product for product in document.products}
    lines = []
    for place, row in enumerate(document.rows):
        product = products.get(row.product_id.id)
        if product is None:
            report.append(Lost(field=f"rows[{place}]", what="dropped", why="no such article"))
            continue
        item = item_of(product, f"rows[{place}].product", report)
        lines.append(ObservedLine(key=item.key, item=item, quantity=_ONE, external_id=str(row.id)))
    return Snapshot(
        lines=tuple(lines),
        at=max((row.write_date for row in document.rows), default=None),
        channel="web",
        customer=customer_of(document.partner, report),
        uncounted=True,
    )


async def push_wishes(write: Write, remote: Remote) -> Written:
    """Adds and removes the rows that differ; a closed list stays as it is there."""
    calls = Calls(remote)
    before = await fetch_wishes(calls, write.ref)
    if before is None:
        raise gone("customer")
    refused: list[Refusal] = []
    if not write.archived:
        await _remove(calls, write, _shown(before))
        refused = await _add(calls, write, before)
    after = await wish_documents(calls, [int(write.ref.external_id)])
    snapshot = _shown(after[0]) if after else Snapshot(uncounted=True)
    update = {"last_push": write.push_id, "refused": tuple(refused)}
    return Written(snapshot=snapshot.model_copy(update=update))


def _shown(document: Record) -> Snapshot:
    try:
        return _snapshot(understood(WishDocument, document, ""), [])
    except (Unreadable, ValidationError):
        raise Unknown("the wish list cannot be understood: read it again") from None


async def _remove(calls: Calls, write: Write, before: Snapshot) -> None:
    unwanted = {line.key for line in write.lines if line.changed and not line.quantity}
    rows = [int(row.external_id or 0) for row in before.lines if row.key in unwanted]
    if rows:
        await calls.call(WISH, "unlink", {}, ids=rows)


async def _add(calls: Calls, write: Write, before: Record) -> list[Refusal]:
    """What is wanted and not there; a quantity is more than Odoo's rows can say."""
    shown = _shown(before).basket
    wanted = [line for line in write.lines if line.changed and line.quantity]
    new = [line.item for line in wanted if line.key not in shown]
    articles = await look_up(calls, new, at_till=False) if new else None
    refused, rows, products = [], [], set()
    for line in wanted:
        known = line.key in shown
        product = None if known or articles is None else articles.find(line.item)
        if product is not None and item_of(product, "", []).key != line.key:
            product = None  # a row keeps no note of what we call it: it would come back as another
        if product is not None and product.id not in products:
            products.add(product.id)
            rows.append({"product_id": product.id, "price": product.lst_price})
        accepted = _ONE if known or product is not None else Decimal(0)
        if accepted != line.quantity:
            reason = _NO_QUANTITY if accepted else UNKNOWN
            told = {"key": line.key, "wanted": line.quantity, "accepted": accepted}
            refused.append(Refusal.model_validate({**told, "reason": reason}))
    if rows:
        own = {
            "partner_id": int(write.ref.external_id),
            "website_id": await _website(calls, before),
        }
        await calls.call(WISH, "create", {"vals_list": [{**row, **own} for row in rows]})
    return refused


async def _website(calls: Calls, before: Record) -> int:
    """The website of the rows that are there, else the company's first one."""
    for row in before["rows"]:
        return int(id_of(row["website_id"]))
    company = calls.settings.company_id
    domain: list[Any] = [["company_id", "=", company]] if company is not None else []
    found = await calls.search("website", domain, ["name"], order="sequence, id", limit=1)
    if not found:
        raise Refuse("Odoo has no website for this company: set company_id, or wishlists to false")
    return int(found[0]["id"])
