"""decide: which facts a command leads to, or why it may not happen. Pure: time is an argument."""

from datetime import datetime
from typing import assert_never

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import editing, handover, observing, online, reserving, sale
from cartbridge.domain.cart.draft import Draft
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decision
from cartbridge.domain.refusals import Refused, Refusing


def decide(
    cart: Cart, command: c.Command, now: datetime, happened_at: datetime | None = None
) -> Decision | Refused:
    """The facts the command leads to, cart by cart, or a refusal that changed nothing.

    `happened_at` is the time its facts will carry, where that is not now.
    """
    draft = Draft(cart, now, happened_at or now)
    try:
        other = _dispatch(draft, command)
    except Refusing as refusing:
        return refusing.refused
    drafts = (draft,) if other is None else (draft, other)
    return tuple(each.decided for each in drafts)


def _dispatch(draft: Draft, command: c.Command) -> Draft | None:
    match command:
        case c.Observe():
            return observing.observe(draft, command)
        case c.CompleteSale():
            return sale.complete(draft, command)
        case c.VoidSale():
            return sale.void(draft, command)
        case c.OrderOnline():
            return online.order(draft, command)
        case c.StartCart() | c.RefillCart() | c.EditCart() | c.PlanWrite():
            _content(draft, command)
        case c.OfferHandover() | c.RevokeHandover() | c.LapseHandovers() | c.JoinHandover():
            _code(draft, command)
        case c.ClaimCart() | c.HoldClaim() | c.ReleaseClaim() | c.LapseClaim() | c.TellOutcome():
            _claim(draft, command)
        case c.PutOnTill():
            handover.put_on_till(draft, command)
        case c.MarkReservation():
            reserving.mark(draft, command)
        case _:
            _life(draft, command)
    return None


def _content(draft: Draft, command: c.StartCart | c.RefillCart | c.EditCart | c.PlanWrite) -> None:
    match command:
        case c.StartCart():
            editing.start(draft, command)
        case c.RefillCart():
            editing.refill(draft, command)
        case c.EditCart():
            editing.edit(draft, command)
        case c.PlanWrite():
            observing.plan_write(draft, command)
        case _:
            assert_never(command)


def _code(
    draft: Draft,
    command: c.OfferHandover | c.RevokeHandover | c.LapseHandovers | c.JoinHandover,
) -> None:
    match command:
        case c.OfferHandover():
            handover.offer(draft, command)
        case c.RevokeHandover():
            handover.revoke(draft, command)
        case c.LapseHandovers():
            handover.lapse_codes(draft, draft.now)
        case c.JoinHandover():
            handover.join(draft, command)
        case _:
            assert_never(command)


def _claim(
    draft: Draft,
    command: c.ClaimCart | c.HoldClaim | c.ReleaseClaim | c.LapseClaim | c.TellOutcome,
) -> None:
    match command:
        case c.ClaimCart():
            handover.claim(draft, command)
        case c.HoldClaim():
            handover.hold(draft, command)
        case c.ReleaseClaim():
            handover.release(draft, command)
        case c.LapseClaim():
            handover.lapse_claim(draft, command)
        case c.TellOutcome():
            handover.tell_outcome(draft, command)
        case _:
            assert_never(command)


def _life(
    draft: Draft,
    command: c.ReturnLines
    | c.HandOut
    | c.SeeCheckout
    | c.LoseTwin
    | c.RenameTwin
    | c.MergeInto
    | c.AdoptMerged
    | c.AbandonCart,
) -> None:
    match command:
        case c.ReturnLines():
            sale.give_back_goods(draft, command)
        case c.HandOut():
            online.hand_out(draft, command)
        case c.SeeCheckout():
            online.see_checkout(draft, command)
        case c.LoseTwin():
            online.lose_twin(draft, command)
        case c.RenameTwin():
            online.rename_twin(draft, command)
        case c.MergeInto():
            online.merge_into(draft, command)
        case c.AdoptMerged():
            online.adopt(draft, command)
        case c.AbandonCart():
            online.abandon(draft)
        case _:
            assert_never(command)
