"""The website's carts through our add-on: written on condition, stopped at the checkout."""

from datetime import UTC, datetime
from typing import Any

from cartbridge.sdk.contract import Moved, Remote, Write, Written
from cartbridge.sdk.documents import TwinRef, plain
from cartbridge.sdk.errors import Ignore, Unknown
from cartbridge_odoo.calls import Calls, gone
from cartbridge_odoo.documents import SALE, fetch_document, is_number
from cartbridge_odoo.shown import shown


async def push_cart(write: Write, remote: Remote) -> Written | Moved:
    """The whole content on condition of the revision; a repeated push_id changes nothing."""
    calls = Calls(remote)
    rows = [
        {
            "key": line.key,
            **line.item.model_dump(include={"sku", "gtin"}, exclude_none=True),
            "quantity": plain(line.quantity),
        }
        for line in write.lines
    ]
    asked = {
        "push_id": write.push_id,
        "base_revision": write.base_revision,
        "external_id": write.ref.external_id,
        "lines": rows,
        "codes": list(write.codes),
    }
    outcome = _outcome(await calls.call(SALE, "cartbridge_write", asked))
    if outcome not in ("written", "moved"):
        raise Unknown("the cart is bought or ended: read it")
    document = await fetch_document(calls, write.ref)
    if document is None:
        raise gone("cart")
    snapshot = shown(document)
    return Written(snapshot=snapshot) if outcome == "written" else Moved(snapshot=snapshot)


async def freeze_cart(ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
    """The website's checkout refuses, saying where the cart is, until thawed or that time."""
    asked = {
        "external_id": _cart(ref),
        "until": until.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "where": where,
    }
    outcome = _outcome(await Calls(remote).call(SALE, "cartbridge_freeze", asked))
    if outcome != "frozen":
        raise Ignore("the cart is bought, or being paid just now: there is nothing to stop")


async def thaw_cart(ref: TwinRef, remote: Remote) -> None:
    """The website's checkout goes on."""
    await Calls(remote).call(SALE, "cartbridge_thaw", {"external_id": _cart(ref)})


def _cart(ref: TwinRef) -> str:
    if ref.kind != "cart" or not is_number(ref.external_id):
        raise Ignore("only the website's carts have a checkout to stop")
    return ref.external_id


def _outcome(answer: Any) -> Any:
    return answer.get("outcome") if isinstance(answer, dict) else None
