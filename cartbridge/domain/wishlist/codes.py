"""Codes of a wish list: a till pulls it by one, a shop takes it over by another."""

from cartbridge.domain.cart.state import Direction, Handover
from cartbridge.domain.listing.draft import Draft
from cartbridge.domain.refusals import Refusing
from cartbridge.domain.twin import Twin
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist import events as e
from cartbridge.domain.wishlist.state import Wishlist

_Draft = Draft[Wishlist]


def code(draft: _Draft, command: c.OfferWishlist | c.UseCode | c.Join | c.EndCodes) -> None:
    """A code goes live, is used, or dies."""
    match command:
        case c.OfferWishlist():
            _offer(draft, command)
        case c.UseCode():
            live = _live(draft, command.code_hash, "to_store", command.store)
            draft.tell(e.HandoverEnded(handover=live.id, how="used", cart=command.cart))
        case c.Join():
            _join(draft, command)
        case c.EndCodes(handover=None):
            for live in draft.document.handovers:
                if live.expires_at <= draft.now:
                    draft.tell(e.HandoverEnded(handover=live.id, how="lapsed"))
        case c.EndCodes():
            if draft.document.handover(command.handover or "") is not None:
                draft.tell(e.HandoverEnded(handover=command.handover or "", how="revoked"))


def give_away(draft: _Draft, command: c.GiveAway) -> None:
    """What was a wish list of its own is part of another one; told again it changes nothing."""
    twin = draft.document.twin(command.ref)
    if twin is None or twin.ended:
        return
    end_codes(draft, "revoked")
    draft.tell(e.TwinLeft(ref=command.ref), e.Cancelled(into=command.to))


def end_codes(draft: _Draft, how: str, direction: Direction | None = None) -> None:
    """Ends all live codes, or those of one direction."""
    for live in draft.document.handovers:
        if direction in (None, live.direction):
            draft.tell(e.HandoverEnded.model_validate({"handover": live.id, "how": how}))


def _offer(draft: _Draft, command: c.OfferWishlist) -> None:
    if not draft.document.lines:
        raise Refusing("wishlist_empty")
    end_codes(draft, "replaced", command.direction)
    draft.tell(
        e.HandoverOffered(
            handover=command.handover,
            direction=command.direction,
            code_hash=command.code_hash,
            short_hash=command.short_hash,
            expires_at=command.expires_at,
            store=command.store,
        )
    )


def _join(draft: _Draft, command: c.Join) -> None:
    """The first list that joins is tied to it and may come back; another one is refused."""
    bound = draft.document.joined.get(command.code_hash)
    if bound is None:
        live = _live(draft, command.code_hash, "to_online")
        told = {"handover": live.id, "code_hash": command.code_hash, "ref": command.ref}
        draft.tell(e.HandoverJoined.model_validate(told))
        draft.tell(e.HandoverEnded(handover=live.id, how="used"))
    elif bound != command.ref:
        raise Refusing("code_bound")
    if draft.document.twin(command.ref) is None:
        _take_over(draft, command)
    if command.customer is not None and draft.document.customer is None:
        draft.tell(e.CustomerIdentified(customer=command.customer))


def _take_over(draft: _Draft, command: c.Join) -> None:
    """The twin comes as it is, shadow and all, with the lines it stands for; a new one is empty."""
    own = command.own
    for line in own.lines if own is not None else ():
        note = own.notes.get(line.id) if own is not None else None
        moved = own.id if own is not None else None
        draft.tell(e.LineAdded(line=line, note=note, moved_from=moved))
    known = own.twin(command.ref) if own is not None else None
    draft.tell(e.TwinJoined(twin=known or Twin(ref=command.ref)))


def _live(
    draft: _Draft, code_hash: str, direction: Direction, store: str | None = None
) -> Handover:
    live = next((x for x in draft.document.handovers if x.code_hash == code_hash), None)
    if live is None:
        raise Refusing("code_used")  # the service tells revoked and lapsed ones apart
    if live.direction != direction:
        raise Refusing("code_wrong_direction")
    if live.expires_at <= draft.now:
        raise Refusing("code_lapsed")
    if store is not None and live.store not in (None, store):
        raise Refusing("code_other_store", store=live.store or "")
    return live
