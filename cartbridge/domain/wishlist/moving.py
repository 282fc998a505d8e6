"""Lines on their way: into a cart and back, and bought by somebody."""

from cartbridge.domain.listing import editing
from cartbridge.domain.listing.draft import Draft
from cartbridge.domain.refusals import Refusing
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist import events as e
from cartbridge.domain.wishlist.state import Wishlist


def move(
    draft: Draft[Wishlist], command: c.MoveOut | c.MoveIn | c.NoteBought | c.UndoBought
) -> None:
    """Lines go out or come in, or what became of them is noted."""
    match command:
        case c.MoveOut():
            _out(draft, command)
        case c.MoveIn():
            _in(draft, command)
        case c.NoteBought():
            _bought(draft, command)
        case c.UndoBought():
            if any(x.cart == command.cart for x in draft.document.bought):
                draft.tell(e.PurchaseUndone(cart=command.cart))


def _out(draft: Draft[Wishlist], command: c.MoveOut) -> None:
    for line_id, quantity in command.lines.items():
        left = editing.line_known(draft, line_id).quantity.value - quantity
        if quantity <= 0 or left < 0:
            raise Refusing("quantity_invalid", line=line_id)
        if left == 0:
            editing.set_quantity(draft, line_id, left, moved_to=command.to)
        else:
            editing.set_quantity(draft, line_id, left)


def _in(draft: Draft[Wishlist], command: c.MoveIn) -> None:
    for line in command.lines:
        same = draft.document.line(line.id)
        if same is not None:
            editing.set_quantity(draft, line.id, same.quantity.value + line.quantity.value)
        else:
            came = editing.line_from(line)
            draft.tell(e.LineAdded(line=came, note=line.note, moved_from=command.out_of))


def _bought(draft: Draft[Wishlist], command: c.NoteBought) -> None:
    counted = {x.line for x in draft.document.bought if x.cart == command.cart}
    for line_id, quantity in command.lines.items():
        if line_id not in counted:
            draft.tell(e.LineBought(line=line_id, cart=command.cart, quantity=quantity))
