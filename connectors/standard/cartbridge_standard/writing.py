"""A write as it is sent, and what the answer to it says."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from cartbridge.sdk.contract import ThreadMessage, Write, WriteLine
from cartbridge.sdk.documents import Snapshot, TwinRef, plain
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_standard import payloads as wire
from cartbridge_standard.refusals import names_of, refusals
from cartbridge_standard.report import Report
from cartbridge_standard.settings import Settings
from cartbridge_standard.snapshots import snapshot_of

_THREADS: Final = uuid.UUID("6f0e3f0a-4f6c-5f0e-9a59-0d6c3f6a5b1e")


def write_body(write: Write) -> dict[str, Any]:
    """The whole document as it should be; what is not among the lines is taken out."""
    body: dict[str, Any] = {
        "push_id": write.push_id,
        "base_revision": write.base_revision,
        "external_id": write.ref.external_id,
        "lines": [_line(line) for line in write.lines if line.quantity],
        "codes": list(write.codes),
    }
    if write.customer is not None:
        body["customer"] = write.customer.model_dump(mode="json", exclude_none=True, exclude={"id"})
    if write.ref.kind == "wishlist":
        body["archived"] = write.archived
        body |= {} if write.name is None else {"name": write.name}
    if write.terms is not None:
        body |= write.terms.model_dump(mode="json", exclude_none=True)
    return body


def _line(line: WriteLine) -> dict[str, Any]:
    shown = {
        "line": line.key,
        "item": line.item.model_dump(mode="json", exclude_defaults=True, exclude={"resolved"}),
        "quantity": {"value": plain(line.quantity), "unit": line.unit},
    }
    if line.prices is None:
        return shown
    told = line.prices.model_dump(mode="json", exclude_none=True)
    return shown | {name: amount for name, amount in told.items() if amount != []}


def message_body(ref: TwinRef, message: ThreadMessage) -> dict[str, Any]:
    """The data of `enquiry.message`: ours, as the system tells its own."""
    told = message.model_dump(mode="json", exclude_none=True, exclude={"name"})
    return {"external_id": ref.external_id, "id": message.name, **told}


def message_id(ref: TwinRef, message: ThreadMessage) -> str:
    """The message under which it is sent: a repeat is the same one."""
    return f"msg_{uuid.uuid5(_THREADS, f'{ref} {message.name}').hex}"


def shown_snapshot(answer: Mapping[str, Any], write: Write, settings: Settings) -> Snapshot:
    """What a system answers that it shows: of what we wrote to, at a revision."""
    ref = write.ref.external_id
    cart = _cart(answer, ref)
    if cart.external_id != ref:
        raise Unreadable("answer.external_id: it answers for another one")
    if cart.revision is None:
        raise Unreadable("answer.revision: without one it cannot be written; send it")
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
