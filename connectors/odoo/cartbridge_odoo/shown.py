"""An order that a call of ours brought, as the snapshot to answer with."""

from pydantic import ValidationError

from cartbridge.sdk.documents import Snapshot
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge_odoo.calls import Record
from cartbridge_odoo.translate import snapshot_of


def shown(document: Record) -> Snapshot:
    """What the order holds now; Unknown if it cannot be understood."""
    try:
        return snapshot_of(document)
    except (Unreadable, ValidationError):
        raise Unknown("the order cannot be understood: read it again") from None
