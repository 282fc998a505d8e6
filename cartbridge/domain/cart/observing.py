"""Taking in what a platform shows of a twin, and deciding what a twin is to be told."""

from decimal import Decimal

from cartbridge.domain import merge
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Draft
from cartbridge.domain.cart.editing import set_quantity
from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.remainder import move_twins
from cartbridge.domain.cart.state import Cart, former_refs
from cartbridge.domain.line_edits import NewLine, edits_of, losses
from cartbridge.domain.projection import basket_of
from cartbridge.domain.twin import PlannedWrite, Snapshot, Twin

CLOSED = BOUGHT | {State.MERGED, State.EXPIRED, State.CANCELLED}


def observe(draft: Draft, command: c.Observe) -> Draft | None:
    """Takes a snapshot in; a new cart is born if this one is finished and was touched again."""
    if any(command.ref in former_refs(twin) for twin in draft.cart.twins):
        return None  # late news of a twin that goes on under another id, which shows it all
    twin = draft.cart.twin(command.ref)
    if twin is None:
        twin = Twin(ref=command.ref)
        if draft.cart.state is State.NONE:
            begin(draft, command)
        draft.tell(e.TwinJoined(twin=twin))
    if twin.placed is not None:
        return None  # what the cashier makes of it is told by the sale
    held = draft.cart.waiting.get(str(command.ref))
    if merge.is_stale(twin, command.snapshot) or merge.is_overtaken(held, command.snapshot):
        return None
    if draft.cart.state is State.CLAIMED and not command.at_once:
        _hold(draft, command)
        return None
    change = merge.observe(twin, command.snapshot)
    if change is None:
        return None
    if draft.cart.state in CLOSED and any(d > 0 for d in change.quantities.values()):
        return _born_from(draft, command, twin)
    if draft.cart.state not in CLOSED:
        _take_in(draft, command, change)
    draft.tell(_seen(change))
    return None


def begin(draft: Draft, command: c.Observe, parent: Cart | None = None) -> None:
    """A cart begins as a platform shows it."""
    shown = command.snapshot
    draft.tell(
        e.Started(
            origin=command.origin,
            currency=shown.currency or "EUR",
            tax_mode=shown.tax_mode or "inclusive",
            root=parent.slot_holder if parent else None,
            parent=parent.id if parent else None,
            pass_of=parent.pass_of if parent else None,
            brand=command.brand,
            locale=shown.locale,
            price_list=shown.price_list,
            customer=shown.customer,
            attribution=shown.attribution,
            consent=shown.consent,
        )
    )


def _hold(draft: Draft, command: c.Observe) -> None:
    held = draft.cart.waiting.get(str(command.ref))
    newest = merge.newer(held, command.snapshot)
    if newest != held:
        draft.tell(e.ObservationHeld(ref=command.ref, snapshot=newest))


def _born_from(draft: Draft, command: c.Observe, twin: Twin) -> Draft:
    """The shopper filled the twin of a finished cart: a new cart takes it over, and the others."""
    child = Draft(Cart(id=command.new_cart), draft.now, draft.happened_at)
    bought = draft.cart.state in BOUGHT
    elsewhere = draft.cart.state is State.MERGED
    kept = Twin(ref=twin.ref, aliases=twin.aliases) if elsewhere else twin
    joined = kept.model_copy(update={"ended": False})
    begin(child, command, draft.cart)
    if not bought and not elsewhere:  # what only lay in a closed cart is still wanted
        for line in draft.cart.lines:
            note = draft.cart.notes.get(line.id)
            child.tell(e.LineAdded(line=line, note=note, from_cart=draft.cart.id))
    child.tell(e.TwinJoined(twin=joined, from_cart=draft.cart.id))
    change = merge.observe(joined, command.snapshot)
    if change is not None:
        _take_in(child, command, change)
        child.tell(_seen(change))
    draft.tell(e.TwinLeft(ref=command.ref, to_cart=command.new_cart))
    if bought:
        move_twins(draft, child)
    return child


def _take_in(draft: Draft, command: c.Observe, change: merge.Change) -> None:
    shown = command.snapshot
    basket = {} if draft.cart.is_behind(change.twin) else shown.basket
    lines, ids = draft.cart.lines, command.line_ids
    for edit in edits_of(lines, command.projection, change.quantities, shown, basket, ids):
        if isinstance(edit, NewLine):
            draft.tell(e.LineAdded(line=edit.line, note=edit.note))
        else:
            set_quantity(draft, edit.line, edit.quantity)
    for code in change.codes_added:
        if code not in draft.cart.codes:
            draft.tell(e.CodeApplied(code=code))
    for code in change.codes_removed:
        if code in draft.cart.codes:
            draft.tell(e.CodeRemoved(code=code))
    if draft.cart.origin.connection == command.ref.connection:
        _follow_origin(draft, command, {row.key: row.lines for row in command.projection})
    elif draft.cart.origin.connection is None:
        _follow_visit(draft, shown)


def lose(draft: Draft, amount: Decimal, mine: tuple[str, ...]) -> None:
    """What an item key loses is taken from its youngest line."""
    present = {line.id: line.quantity.value for line in draft.cart.lines}
    for edit in losses(present, mine, amount, merge.ZERO):
        set_quantity(draft, edit.line, edit.quantity)


def _follow_origin(draft: Draft, command: c.Observe, members: dict[str, tuple[str, ...]]) -> None:
    """Prices, customer and the rest are as the connection says where the cart began."""
    shown = command.snapshot
    for row in () if draft.cart.quote is not None else shown.lines:
        line = next((x for x in draft.cart.lines if x.id in members.get(row.key, ())), None) or (
            next((x for x in draft.cart.lines if x.item == row.item), None)
        )
        alone = sum(1 for other in shown.lines if other.key == row.key) == 1
        if line and alone and line.quantity.value == row.quantity and line.prices != row.prices:
            draft.tell(e.LinePriced(line=line.id, prices=row.prices))
    if shown.customer is not None and shown.customer != draft.cart.customer:
        draft.tell(e.CustomerIdentified(customer=shown.customer))
    details = _details(draft.cart, shown)
    if details is not None:
        draft.tell(details)


def _follow_visit(draft: Draft, shown: Snapshot) -> None:
    """A cart begun in a store has no shop of its own: the one it was joined to tells the visit."""
    cart = draft.cart
    attribution = shown.attribution if shown.attribution not in ({}, cart.attribution) else None
    consent = shown.consent if shown.consent not in ({}, cart.consent) else None
    if attribution is not None or consent is not None:
        draft.tell(e.DetailsChanged(attribution=attribution, consent=consent))


def _details(cart: Cart, shown: Snapshot) -> e.DetailsChanged | None:
    changed = {
        "shipping": shown.shipping if shown.shipping != cart.shipping else None,
        "has_payment": shown.has_payment if shown.has_payment != cart.has_payment else None,
        "locale": shown.locale if shown.locale not in (None, cart.locale) else None,
        "attribution": shown.attribution
        if shown.attribution not in ({}, cart.attribution)
        else None,
        "consent": shown.consent if shown.consent not in ({}, cart.consent) else None,
    }
    told = {name: value for name, value in changed.items() if value is not None}
    return e.DetailsChanged.model_validate(told) if told else None


def _seen(change: merge.Change) -> e.TwinObserved:
    twin = change.twin
    return e.TwinObserved(
        ref=twin.ref,
        shadow=twin.shadow,
        codes=twin.shadow_codes,
        revision=twin.revision,
        last_push=twin.last_push,
        refusals=twin.refusals,
        refused_codes=twin.refused_codes,
        echo=change.is_echo,
    )


def plan_write(draft: Draft, command: c.PlanWrite) -> None:
    """Stores what a twin is about to be told, unless it already shows what it should."""
    twin = draft.cart.twin(command.ref)
    if twin is None or twin.ended:
        return
    if draft.cart.state is State.CLAIMED or draft.cart.state in CLOSED - BOUGHT:
        return
    if str(command.ref) in draft.cart.waiting:
        return
    wanted = basket_of(command.projection)
    codes = () if draft.cart.state in BOUGHT else draft.cart.codes
    if merge.in_step(twin, wanted, codes):
        return
    write = PlannedWrite(
        push_id=command.push_id,
        base_revision=twin.revision,
        expected=merge.target(twin, wanted),
        codes=merge.target_codes(twin, codes),
        wanted=wanted,
    )
    again = twin.planned[-1].model_copy(update={"push_id": write.push_id}) if twin.planned else None
    if again != write:  # the same write is sent again under its first id
        draft.tell(e.WritePlanned(ref=command.ref, write=write))
