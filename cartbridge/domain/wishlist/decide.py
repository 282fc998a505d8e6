"""decide: which facts a command on a wish list leads to, or why it may not happen. Pure."""

from datetime import datetime
from typing import Final

from cartbridge.domain.decided import Decision
from cartbridge.domain.listing import commands as shared
from cartbridge.domain.listing import editing, observing
from cartbridge.domain.listing.draft import Draft, Rules
from cartbridge.domain.refusals import Refused, Refusing
from cartbridge.domain.wishlist import codes, moving
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist import events as e
from cartbridge.domain.wishlist.evolve import evolve
from cartbridge.domain.wishlist.lifecycle import State, may
from cartbridge.domain.wishlist.state import Wishlist

_RULES: Final = Rules[Wishlist](
    facts=e.VOCABULARY,
    may=lambda wishlist, event: may(wishlist.state, event),
    evolve=evolve,
    closed="wishlist_not_open",
)
_Draft = Draft[Wishlist]


def decide(
    wishlist: Wishlist, command: c.Command, now: datetime, happened_at: datetime | None = None
) -> Decision | Refused:
    """The facts the command leads to, or a refusal that changed nothing."""
    draft = Draft(wishlist, _RULES, now, happened_at or now)
    try:
        _dispatch(draft, command)
    except Refusing as refusing:
        return refusing.refused
    return (draft.decided,)


def _dispatch(draft: _Draft, command: c.Command) -> None:
    match command:
        case c.SeeWishlist() | shared.Observe() | shared.PlanWrite() | shared.LoseTwin():
            _twin(draft, command)
        case c.OfferWishlist() | c.UseCode() | c.Join() | c.EndCodes():
            codes.code(draft, command)
        case c.GiveAway():
            codes.give_away(draft, command)
        case c.MoveOut() | c.MoveIn() | c.NoteBought() | c.UndoBought():
            moving.move(draft, command)
        case c.StartWishlist():
            _start(draft, command)
        case c.Change():
            editing.edit(draft, command.edit)
            _rename(draft, command.name, command.kind)
            _set_state(draft, command.state)
        case c.CancelWishlist():
            draft.tell(e.Cancelled(connection=command.connection))


def _twin(
    draft: _Draft,
    command: c.SeeWishlist | shared.Observe | shared.PlanWrite | shared.LoseTwin,
) -> None:
    match command:
        case c.SeeWishlist():
            _see(draft, command)
        case shared.Observe():
            _merge(draft, command)
        case shared.PlanWrite():
            observing.plan_write(draft, command)
        case shared.LoseTwin():
            observing.lose_twin(draft, command)


def _see(draft: _Draft, command: c.SeeWishlist) -> None:
    if draft.document.version == 0:
        begun = observing.started(command.seen, e.Started)
        draft.tell(begun.model_copy(update={"name": command.name, "kind": command.kind or "wish"}))
    if not _merge(draft, command.seen):
        return
    _rename(draft, command.name, command.kind)
    _set_state(draft, command.state)


def _merge(draft: _Draft, command: shared.Observe) -> bool:
    there = draft.document.origin.connection == command.ref.connection
    return observing.observe(draft, command, priced_there=there)


def _start(draft: _Draft, command: c.StartWishlist) -> None:
    draft.tell(
        e.Started(
            origin=command.origin,
            currency=command.currency,
            brand=command.brand,
            locale=command.locale,
            price_list=command.price_list,
            customer=command.customer,
            metadata=dict(command.metadata or {}),
            name=command.name,
            kind=command.kind,
        )
    )
    for line in command.lines:
        draft.tell(e.LineAdded(line=editing.line_from(line), note=line.note))


def _rename(draft: _Draft, name: str | None, kind: str | None) -> None:
    new_name = name if name is not None and name != draft.document.name else None
    new_kind = kind if kind is not None and kind != draft.document.kind else None
    if new_name is not None or new_kind is not None:
        draft.tell(e.Renamed(name=new_name, kind=new_kind))


def _set_state(draft: _Draft, wanted: str | None) -> None:
    """Shared and archived are one step away; an archived list is taken up before it is shared."""
    present = draft.document.state
    if wanted is None or present == wanted:
        return
    if present is State.ARCHIVED:
        draft.tell(e.Reopened())
    elif present is State.SHARED and wanted == "open":
        draft.tell(e.Unshared())
    if wanted == "shared":
        draft.tell(e.Shared())
    elif wanted == "archived":
        codes.end_codes(draft, "revoked")
        draft.tell(e.Archived())
