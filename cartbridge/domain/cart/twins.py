"""What becomes of a cart's twins after a fact: the part of `evolve` that moves shadows."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart, former_refs
from cartbridge.domain.twin import Twin, TwinRef

Changes = dict[str, Any]


def joined(cart: Cart, event: e.TwinJoined, at: datetime) -> Changes:
    """The twin is this cart's, as it was there; what waited for it under an older id still does."""
    twin, here = event.twin, str(event.twin.ref)
    others = tuple(other for other in cart.twins if other.ref != twin.ref)
    waiting, moved_with = dict(cart.waiting), dict(cart.moved_with)
    if event.from_cart is not None:
        pushes = (*(planned.push_id for planned in twin.planned), twin.last_push)
        moved_with[here] = tuple(push for push in pushes if push is not None)
    for before in former_refs(twin):  # the same twin under another id: what waited still does
        if str(before) in waiting:
            waiting[here] = waiting.pop(str(before)).model_copy(update={"revision": None})
        if str(before) in moved_with:
            moved_with[here] = moved_with.pop(str(before))
    return {"twins": (*others, twin), "waiting": waiting, "moved_with": moved_with}


def observed(cart: Cart, event: e.TwinObserved, at: datetime) -> Changes:
    """The twin shows what was seen; our writes up to the one it holds are no longer under way."""

    def seen(twin: Twin) -> Twin:
        ids = [planned.push_id for planned in twin.planned]
        rest = twin.planned[ids.index(event.last_push) + 1 :] if event.last_push in ids else None
        return twin.model_copy(
            update={
                "shadow": event.shadow,
                "shadow_codes": event.codes,
                "revision": event.revision,
                "last_push": event.last_push,
                "planned": twin.planned if rest is None else rest,
                "refusals": event.refusals,
                "refused_codes": event.refused_codes,
            }
        )

    waiting = {ref: shown for ref, shown in cart.waiting.items() if ref != str(event.ref)}
    return {"twins": _with_twin(cart, event.ref, seen), "waiting": waiting}


def held(cart: Cart, event: e.ObservationHeld, at: datetime) -> Changes:
    """The newest look waits until no till holds the cart."""
    if event.snapshot is None:
        return {}
    return {"waiting": {**cart.waiting, str(event.ref): event.snapshot}}


def planned(cart: Cart, event: e.WritePlanned, at: datetime) -> Changes:
    """One more write is on its way to the twin."""

    def sent(twin: Twin) -> Twin:
        return twin.model_copy(update={"planned": (*twin.planned, event.write)})

    return {"twins": _with_twin(cart, event.ref, sent)}


def placed(cart: Cart, event: e.TwinPlaced, at: datetime) -> Changes:
    """The twin is before a cashier; put there again, it is as it is there now."""
    others = tuple(other for other in cart.twins if other.ref != event.twin.ref)
    return {"twins": (*others, event.twin)}


def left(cart: Cart, event: e.TwinLeft, at: datetime) -> Changes:
    """The twin has ended, or is another cart's now."""
    if event.to_cart is None:
        ended = _with_twin(cart, event.ref, lambda twin: twin.model_copy(update={"ended": True}))
        return {"twins": ended}
    return {
        "twins": tuple(twin for twin in cart.twins if twin.ref != event.ref),
        "waiting": {ref: shown for ref, shown in cart.waiting.items() if ref != str(event.ref)},
        "successor": event.to_cart,
    }


def _with_twin(cart: Cart, ref: TwinRef, change: Callable[[Twin], Twin]) -> tuple[Twin, ...]:
    return tuple(change(twin) if twin.ref == ref else twin for twin in cart.twins)
