"""A write as it is sent, and what the answer to it says."""

from collections.abc import Mapping
from typing import Any

from cartbridge.sdk.contract import Write
from cartbridge.sdk.documents import Snapshot, plain
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_standard import payloads as wire
from cartbridge_standard.refusals import names_of, refusals
from cartbridge_standard.report import Report
from cartbridge_standard.settings import Settings
from cartbridge_standard.snapshots import snapshot_of


def write_body(write: Write) -> dict[str, Any]:
    """The data of `cart.write`: the whole cart as it should be; what is not there is taken out."""
    body: dict[str, Any] = {
        "push_id": write.push_id,
        "base_revision": write.base_revision,
        "external_id": write.ref.external_id,
        "lines": [
            {
                "line": line.key,
                "item": line.item.model_dump(
                    mode="json", exclude_defaults=True, exclude={"resolved"}
                ),
                "quantity": {"value": plain(line.quantity), "unit": line.unit},
            }
            for line in write.lines
            if line.quantity
        ],
        "codes": list(write.codes),
    }
    if write.customer is not None:
        body["customer"] = write.customer.model_dump(
            mode="json", exclude_none=True, exclude={"id", "company"}
        )
    return body


def shown_snapshot(answer: Mapping[str, Any], write: Write, settings: Settings) -> Snapshot:
    """What a system answers that it shows: of the cart we wrote to, at a revision."""
    ref = write.ref.external_id
    cart = _cart(answer, ref)
    if cart.external_id != ref:
        raise Unreadable("answer.external_id: it answers for another cart")
    if cart.revision is None:
        raise Unreadable("answer.revision: without one a cart cannot be written; send it")
    return snapshot_of(cart, settings, Report())


def written_snapshot(answer: Mapping[str, Any], write: Write, settings: Settings) -> Snapshot:
    """What is shown after our write was taken; codes the answer does not mention were taken."""
    snapshot = shown_snapshot(answer, write, settings)
    told = _cart(answer, write.ref.external_id).refused
    refused_codes = {refusal.code for refusal in snapshot.refused_codes}
    taken = tuple(code for code in write.codes if code not in refused_codes)
    return snapshot.model_copy(
        update={
            "last_push": write.push_id,
            "refused": refusals(told, names_of(write.lines), snapshot.basket, write.basket),
            "codes": snapshot.codes if "codes" in answer else taken,
        }
    )


def _cart(answer: Mapping[str, Any], external_id: str) -> wire.Cart:
    return understood(wire.Cart, {"external_id": external_id, **answer}, "answer")
