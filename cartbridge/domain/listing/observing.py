"""Taking in what a platform shows of a listing, and deciding what a twin is to be told."""

from collections.abc import Mapping

from cartbridge.domain import merge
from cartbridge.domain.line import Line
from cartbridge.domain.line_edits import NewLine, edits_of
from cartbridge.domain.listing import commands as c
from cartbridge.domain.listing import events as e
from cartbridge.domain.listing.draft import Draft, L
from cartbridge.domain.listing.editing import set_quantity
from cartbridge.domain.listing.state import Listing
from cartbridge.domain.projection import basket_of
from cartbridge.domain.twin import Basket, PlannedWrite, Twin


def observe(draft: Draft[L], command: c.Observe, *, priced_there: bool) -> bool:
    """Takes a snapshot in by the merge; False if it says nothing new: stale, or seen before.

    `priced_there`: the platform's prices are the ones that hold.
    """
    twin = draft.document.twin(command.ref)
    if twin is None:
        twin = Twin(ref=command.ref)
        draft.tell(draft.rules.facts.twin_joined(twin=twin))
    change = merge.observe(twin, command.snapshot)
    if change is None:
        return False
    if draft.may(draft.rules.facts.line_added):
        _take_in(draft, command, change)
        if priced_there:
            _take_prices(draft, command)
    _know_customer(draft, command)
    draft.tell(
        draft.rules.facts.twin_observed(
            ref=command.ref,
            shadow=change.twin.shadow,
            revision=change.twin.revision,
            last_push=change.twin.last_push,
            refusals=change.twin.refusals,
            echo=change.is_echo,
            details=None if command.details is None else dict(command.details),
        )
    )
    return True


def started(command: c.Observe, fact: type[e.Started]) -> e.Started:
    """The beginning of a listing as a platform shows it."""
    shown = command.snapshot
    return fact(
        origin=command.origin,
        currency=shown.currency or "EUR",
        tax_mode=shown.tax_mode or "inclusive",
        brand=command.brand,
        locale=shown.locale,
        price_list=shown.price_list,
        customer=shown.customer,
        attribution=shown.attribution,
        consent=shown.consent,
    )


def plan_write(draft: Draft[L], command: c.PlanWrite) -> None:
    """Stores what a twin is about to be told, unless it already shows what it should."""
    twin = draft.document.twin(command.ref)
    if twin is None or twin.ended:
        return
    wanted = basket_of(command.projection)
    if in_step(draft.document, twin, wanted, command.details):
        return
    write = PlannedWrite(
        push_id=command.push_id,
        base_revision=twin.revision,
        expected=merge.target(twin, wanted),
        wanted=wanted,
    )
    again = twin.planned[-1].model_copy(update={"push_id": write.push_id}) if twin.planned else None
    if again != write:  # the same write is sent again under its first id
        draft.tell(draft.rules.facts.write_planned(ref=command.ref, write=write))


def in_step(document: Listing, twin: Twin, projected: Basket, details: Mapping[str, str]) -> bool:
    """Whether a twin shows what it should, lines and the rest, so that no write is due."""
    same = document.details.get(str(twin.ref)) == dict(details)
    return same and merge.in_step(twin, projected, twin.shadow_codes)


def lose_twin(draft: Draft[L], command: c.LoseTwin) -> None:
    """The platform no longer has it; the listing itself goes on."""
    twin = draft.document.twin(command.ref)
    if twin is not None and not twin.ended:
        draft.tell(draft.rules.facts.twin_left(ref=command.ref))


def _take_in(draft: Draft[L], command: c.Observe, change: merge.Change) -> None:
    shown, facts = command.snapshot, draft.rules.facts
    lines, ids = draft.document.lines, command.line_ids
    for edit in edits_of(lines, command.projection, change.quantities, shown, shown.basket, ids):
        if isinstance(edit, NewLine):
            draft.tell(facts.line_added(line=edit.line, note=edit.note))
        else:
            set_quantity(draft, edit.line, edit.quantity)


def _take_prices(draft: Draft[L], command: c.Observe) -> None:
    members = {row.key: row.lines for row in command.projection}
    for row in command.snapshot.lines:
        alone = sum(1 for other in command.snapshot.lines if other.key == row.key) == 1
        line = _line_behind(draft.document.lines, members.get(row.key, ()), row.item)
        if line and alone and line.quantity.value == row.quantity and line.prices != row.prices:
            draft.tell(draft.rules.facts.line_priced(line=line.id, prices=row.prices))


def _line_behind(lines: tuple[Line, ...], members: tuple[str, ...], item: object) -> Line | None:
    known = next((line for line in lines if line.id in members), None)
    return known or next((line for line in lines if line.item == item), None)


def _know_customer(draft: Draft[L], command: c.Observe) -> None:
    known, told = draft.document.customer, command.snapshot.customer
    if told is not None and told != known:
        draft.tell(draft.rules.facts.customer_identified(customer=told))
