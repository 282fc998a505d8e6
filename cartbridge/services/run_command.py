"""A command on a cart: the one way every use case of carts goes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cartbridge.database.documents import Loaded, Mark
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.commands import Command
from cartbridge.domain.cart.state import Cart
from cartbridge.services.carry_out import Seen, carry_out
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import CART

Make = Callable[[Cart], Awaitable[Command | None]]


@dataclass(frozen=True)
class Outcome:
    """What a command left: the carts it touched, this one first, and whether it was a repeat.

    `marked`: the parts of messages that it finishes were marked in the same append.
    """

    carts: tuple[Cart, ...]
    events: tuple[e.CartEvent, ...]
    repeated: bool = False
    marked: bool = False

    @property
    def cart(self) -> Cart:
        """The cart the command was for."""
        return self.carts[0]


@dataclass(frozen=True)
class Look:
    """A cart as it was seen a moment ago; if it moved on since, the append finds out."""

    cart: Cart
    loaded: Loaded[Cart] | None = None  # None: it does not exist yet


async def run_command(
    gateway: Gateway,
    caller: Caller,
    cart_id: str,
    command_id: UUID,
    make: Make,
    *,
    occurred_at: datetime | None = None,
    marks: Sequence[Mark] = (),
    causation: str | None = None,
    look: Look | None = None,
) -> Outcome:
    """Runs one command on one cart; Problem if it is refused. `make` sees the cart as it is now.

    With a `look` that was taken already the first try spares itself another.
    """
    done = await carry_out(
        gateway,
        caller,
        CART,
        cart_id,
        command_id,
        make,
        occurred_at=occurred_at,
        marks=marks,
        causation=causation,
        look=Seen(look.cart, look.loaded) if look is not None else None,
    )
    return Outcome(done.documents, done.events, done.repeated, done.marked)


async def look_at(gateway: Gateway, tenant: UUID, cart_id: str) -> Look:
    """The cart as it stands, or an empty one if there is none of that id."""
    loaded = await gateway.documents.load(tenant, cart_id)
    return Look(Cart(id=cart_id) if loaded is None else loaded.state, loaded)
