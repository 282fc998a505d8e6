"""Hand-over and claim: a code offers the cart to the other side, one terminal takes it."""

from datetime import datetime

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Draft
from cartbridge.domain.cart.editing import held_by
from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.reserving import check_wish, wait_again
from cartbridge.domain.cart.state import Binding, Cart, Claim, Handover
from cartbridge.domain.refusals import Refusing
from cartbridge.domain.twin import Twin


def offer(draft: Draft, command: c.OfferHandover) -> None:
    """A code goes live; an older one of the same direction dies; a till that held it lets go.

    A reservation lives on beside the short-lived codes of its cart; only a newer one replaces it.
    """
    cart = draft.cart
    if cart.has_payment:
        raise Refusing("cart_has_payment")
    if not cart.lines:
        raise Refusing("cart_empty")
    if cart.state is State.CHECKOUT:
        raise Refusing("cart_in_checkout")
    check_wish(draft, command)
    if cart.claim is not None:
        if cart.claim.terminal != command.terminal or command.direction != "to_online":
            raise held_by(cart.claim)
        draft.tell(e.ClaimReleased(claim=cart.claim.id, why="sent_online"))
        draft.end_reservation("sent_online")
    _replace_older(draft, command)
    draft.tell(
        e.HandoverOffered(
            handover=command.handover,
            direction=command.direction,
            code_hash=command.code_hash,
            short_hash=command.short_hash,
            expires_at=command.expires_at,
            store=command.store,
            reserve=command.reserve,
        )
    )


def _replace_older(draft: Draft, command: c.OfferHandover) -> None:
    kept = draft.cart.reservation if command.reserve is None else None
    for older in draft.cart.handovers:
        if older.direction == command.direction and (kept is None or older.id != kept.handover):
            draft.tell(e.HandoverEnded(handover=older.id, how="replaced"))
    if command.reserve is not None:
        draft.end_reservation("replaced")


def revoke(draft: Draft, command: c.RevokeHandover) -> None:
    """A code dies before its time; one that is dead already stays so."""
    reservation = draft.cart.reservation
    if draft.cart.handover(command.handover) is not None:
        draft.tell(e.HandoverEnded(handover=command.handover, how="revoked"))
    if reservation is not None and reservation.handover == command.handover:
        draft.end_reservation("revoked")
    draft.close_offer()


def lapse_codes(draft: Draft, now: datetime) -> None:
    """Codes whose time is over die."""
    for live in draft.cart.handovers:
        if live.expires_at <= now:
            draft.tell(e.HandoverEnded(handover=live.id, how="lapsed"))
    reservation = draft.cart.reservation
    if reservation is not None and reservation.until <= now:
        draft.end_reservation("lapsed")
    draft.close_offer()


def join(draft: Draft, command: c.JoinHandover) -> None:
    """The first session that joins gets the cart, and may come back; another one is refused."""
    bound = draft.cart.bindings.get(command.code_hash)
    if bound is not None:
        if not _same_person(draft.cart, bound, command.binding):
            raise Refusing("code_bound")
    else:
        live = _live(draft, command.code_hash, "to_online")
        draft.tell(
            e.HandoverJoined(
                handover=live.id,
                code_hash=command.code_hash,
                ref=command.ref,
                bound_to=command.binding,
            )
        )
        draft.tell(e.HandoverEnded(handover=live.id, how="used"))
        draft.close_offer()
    if draft.cart.twin(command.ref) is None and not command.has_own:
        draft.tell(e.TwinJoined(twin=Twin(ref=command.ref)))
    if command.customer is not None and command.customer != draft.cart.customer:
        draft.tell(e.CustomerIdentified(customer=command.customer))


def _same_person(cart: Cart, bound: Binding, who: Binding) -> bool:
    if bound == who:
        return True
    if who.customer is None or bound.connection != who.connection:
        return False
    # An id means somebody on its own connection only: two shops may both have a customer 42.
    ours = cart.customer if cart.origin.connection == who.connection else None
    known = ours.external_id if ours else None
    return who.customer in (bound.customer, known)


def claim(draft: Draft, command: c.ClaimCart) -> None:
    """Exactly one terminal holds the cart; in the same store another may take it over."""
    cart = draft.cart
    taken_over_from = None
    if cart.claim is not None:
        if cart.claim.id == command.claim or cart.claim.terminal == command.terminal:
            return
        if not command.take_over_reason or cart.claim.store != command.store:
            raise held_by(cart.claim)
        taken_over_from = cart.claim.terminal
    if cart.state is State.CHECKOUT:
        raise Refusing("cart_in_checkout")
    if cart.has_payment:
        raise Refusing("cart_has_payment")
    used = None
    if command.code_hash is not None and taken_over_from is None:
        used = _live(draft, command.code_hash, "to_store", command.store).id
    draft.end_codes(used)
    draft.tell(
        e.Claimed(
            claim=command.claim,
            terminal=command.terminal,
            store=command.store,
            fence=cart.fence + 1,
            handover=used,
            taken_over_from=taken_over_from,
            reason=command.take_over_reason if taken_over_from else None,
        )
    )


def hold(draft: Draft, command: c.HoldClaim) -> None:
    """The cart stays at its terminal until the store closes."""
    present = held_claim(draft.cart, command.claim)
    if not present.on_hold:
        draft.tell(e.ClaimPutOnHold(claim=present.id))


def release(draft: Draft, command: c.ReleaseClaim) -> None:
    """The cart is put back; putting back what is not held any more changes nothing."""
    if draft.cart.claim is not None and draft.cart.claim.id == command.claim:
        draft.tell(e.ClaimReleased(claim=command.claim, why=command.why))
        wait_again(draft)
    elif draft.cart.unheard is not None and draft.cart.unheard.id == command.claim:
        draft.tell(e.OutcomeTold(claim=command.claim))
        wait_again(draft)


def lapse_claim(draft: Draft, command: c.LapseClaim) -> None:
    """The hold time ran out unheard: what became of the cart is unknown until somebody says."""
    if draft.cart.claim is not None and draft.cart.claim.id == command.claim:
        draft.tell(e.ClaimLapsed(claim=command.claim, outcome="unknown"))


def tell_outcome(draft: Draft, command: c.TellOutcome) -> None:
    """Somebody said that the cart of unknown outcome was not sold."""
    if draft.cart.unheard is not None:
        draft.tell(e.OutcomeTold(claim=draft.cart.unheard.id))
        wait_again(draft)


def put_on_till(draft: Draft, command: c.PutOnTill) -> None:
    """The cart is before a cashier; what is known to be there as it is changes nothing."""
    known = draft.cart.twin(command.twin.ref)
    if known is None or (known.ended, known.shadow) != (False, command.twin.shadow):
        draft.tell(e.TwinPlaced(twin=command.twin))


def taken_off(draft: Draft, twin: Twin) -> None:
    """The cashier took it off the till unsold: whoever held the cart for that lets it go."""
    by = twin.placed.by if twin.placed is not None else None
    if draft.cart.claim is not None and draft.cart.claim.id == by:
        draft.tell(e.ClaimReleased(claim=by))
        wait_again(draft)
    elif draft.cart.unheard is not None and draft.cart.unheard.id == by:
        draft.tell(e.OutcomeTold(claim=by))
        wait_again(draft)


def held_claim(cart: Cart, claim_id: str) -> Claim:
    """The claim of that id, if it still holds the cart."""
    if cart.claim is None or cart.claim.id != claim_id:
        raise Refusing("claim_not_held")
    return cart.claim


def _live(draft: Draft, code_hash: str, direction: str, store: str | None = None) -> Handover:
    live = next((x for x in draft.cart.handovers if x.code_hash == code_hash), None)
    if live is None:
        raise Refusing("code_used")  # the service tells revoked and lapsed ones apart
    if live.direction != direction:
        raise Refusing("code_wrong_direction")
    if live.expires_at <= draft.now:
        raise Refusing("code_lapsed")
    if store is not None and live.store not in (None, store):
        raise Refusing("code_other_store", store=live.store or "")
    return live
