"""The conformance suite itself: each way to call a platform wrongly is found by its test."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from cartbridge.sdk.both_sides import (
    HeldStock,
    LoyaltyShown,
    PriceNow,
    PricesOf,
    StockHold,
    StockNow,
)
from cartbridge.sdk.contract import (
    Changed,
    Connector,
    Moved,
    Placed,
    Placement,
    Refreshed,
    Remote,
    Write,
    Written,
)
from cartbridge.sdk.documents import Item, Refusal, Snapshot, TwinRef
from cartbridge.sdk.errors import Credentials, Ignore, Refuse, Retry, Unknown
from tests.unit.contract.sound import Body, Sound
from tests.unit.contract.sound_platform import Suite, proving
from tests.unit.contract.test_suite_finds_faults import FAULTS as HOOK_FAULTS
from tests.unit.contract.test_suite_finds_faults_beside_carts import FAULTS as OTHER_FAULTS


class FetchesEmptyCarts(Sound):
    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        document = await super().fetch(ref, remote)
        return document and {**document, "rows": []}


class BringsBackTheGone(Sound):
    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        document = await super().fetch(ref, remote)
        return document or {"cart": ref.external_id, "rev": 1, "rows": []}


class KnowsNoOrder(Sound):
    def snapshot(self, body: Body) -> Snapshot:
        return super().snapshot(body.model_copy(update={"rev": 7}))


class SkipsWhatChanged(Sound):
    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        page = await super().changed_since(cursor, remote)
        return Changed(page.documents[1:], page.cursor, page.more)


class NeverRests(Sound):
    calls = 0

    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        page = await super().changed_since(cursor, remote)
        self.calls += 1
        return Changed(page.documents, {**page.cursor, "calls": self.calls}, page.more)


class SaysTheHookIsOn(Sound):
    async def hook_is_on(self, hook_url: str, remote: Remote) -> bool:
        return True


class KeepsNoCredentials(Sound):
    async def refresh(self, remote: Remote) -> Refreshed:
        await super().refresh(remote)
        return Refreshed({"key": "another"})


class LeadsEverybodyToOnePlace(Sound):
    def continue_url(self, code: str, settings: Any) -> str:
        return "https://sound.example/cart"


class AddsToWhatIsThere(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        lines = tuple(
            line.model_copy(update={"quantity": line.quantity + 1}) for line in write.lines
        )
        return await super().push(write.model_copy(update={"lines": lines}), remote)


class WritesWholePieces(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        lines = tuple(
            line.model_copy(update={"quantity": Decimal(int(line.quantity))})
            for line in write.lines
        )
        return await super().push(write.model_copy(update={"lines": lines}), remote)


class AnswersWhatWasBefore(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        document = await self.fetch(write.ref, remote)
        before = self.snapshot(self.body(document or {}))
        await super().push(write, remote)
        rows = [row.model_copy(update={"quantity": row.quantity + 1}) for row in before.lines]
        return Written(snapshot=before.model_copy(update={"lines": tuple(rows), "revision": 999}))


class WritesOverEdits(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        return await super().push(write.model_copy(update={"base_revision": None}), remote)

    async def call(self, remote: Remote, method: str, path: str, *more: Any, **named: Any) -> Any:
        if method == "PUT":
            more = ({**more[0], "rev": "any"}, *more[1:])
        return await super().call(remote, method, path, *more, **named)


class ForgetsWhoWrote(Sound):
    def snapshot(self, body: Body) -> Snapshot:
        return super().snapshot(body.model_copy(update={"push": None}))


class WritesEachTimeAnew(Sound):
    calls = 0

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        self.calls += 1
        anew = write.model_copy(update={"push_id": f"{write.push_id}_{self.calls}"})
        return await super().push(anew, remote)


class TakesSilenceForFailure(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        try:
            return await super().push(write, remote)
        except Unknown as error:
            raise Retry(str(error)) from None


class HidesEdits(Sound):
    def snapshot(self, body: Body) -> Snapshot:
        shown = super().snapshot(body)
        return shown.model_copy(update={"lines": shown.lines[1:]}) if body.push else shown


class HidesRefusals(Sound):
    def snapshot(self, body: Body) -> Snapshot:
        return super().snapshot(body).model_copy(update={"refused": ()})


class GuessesRefusals(Sound):
    def snapshot(self, body: Body) -> Snapshot:
        guess = Refusal(key="LAMP", wanted=Decimal(2), accepted=Decimal(1))
        return super().snapshot(body).model_copy(update={"refused": (guess,)})


class MakesCartsAnew(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        try:
            return await super().push(write, remote)
        except Ignore:
            return Written(snapshot=Snapshot(revision=1, last_push=write.push_id))


class NeverThaws(Sound):
    async def thaw(self, ref: TwinRef, remote: Remote) -> None:
        return None


class InsistsOnFreezing(Sound):
    async def freeze(self, ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
        try:
            await super().freeze(ref, until, where, remote)
        except Ignore:
            raise Retry("not there yet") from None


class ThawsBeforeItWrites(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        await self.thaw(write.ref, remote)
        return await super().push(write, remote)


class PlacesHalf(Sound):
    async def place(self, placement: Placement, remote: Remote) -> Placed:
        half = placement.model_copy(update={"lines": placement.lines[:1]})
        return await super().place(half, remote)


class PlacesTwice(Sound):
    calls = 0

    async def place(self, placement: Placement, remote: Remote) -> Placed:
        self.calls += 1
        anew = placement.model_copy(update={"name": f"{placement.name}_{self.calls}"})
        return await super().place(anew, remote)


class WithdrawsNothing(Sound):
    async def withdraw(self, ref: TwinRef, remote: Remote) -> bool:
        return True


class TellsYesterdaysPrices(Sound):
    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        told = await super().prices(items, of, remote)
        return [one.model_copy(update={"unit_price": one.unit_price - 1}) for one in told]


class PricesAnything(Sound):
    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        return [PriceNow(key=one.key, unit_price=1, currency=of.currency) for one in items]


class SpeaksOfEurosOnly(Sound):
    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        return await super().prices(items, PricesOf(currency="EUR"), remote)


class MixesStoresUp(Sound):
    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        told = await super().stock(items, stores, remote)
        return [one.model_copy(update={"store": stores[0]}) for one in told]


class CountsNoneOfWhatItDoesNotKnow(Sound):
    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        told = {(one.key, one.store): one for one in await super().stock(items, stores, remote)}
        places = [(item.key, store) for item in items for store in stores]
        none = Decimal(0)
        return [
            told.get(place) or StockNow(key=place[0], store=place[1], quantity=none)
            for place in places
        ]


class NeverFrees(Sound):
    async def release_stock(self, name: str, remote: Remote) -> None:
        return None


class KeepsTwice(Sound):
    calls = 0

    async def reserve_stock(self, hold: StockHold, remote: Remote) -> Sequence[HeldStock]:
        self.calls += 1
        anew = hold.model_copy(update={"name": f"{hold.name}_{self.calls}"})
        return await super().reserve_stock(anew, remote)


class PromisesWhatIsNotThere(Sound):
    async def reserve_stock(self, hold: StockHold, remote: Remote) -> Sequence[HeldStock]:
        await super().reserve_stock(hold, remote)
        return [HeldStock(key=one.item.key, quantity=one.quantity) for one in hold.lines]


class KeepsForEver(Sound):
    async def reserve_stock(self, hold: StockHold, remote: Remote) -> Sequence[HeldStock]:
        for_ever = datetime(9999, 1, 1, tzinfo=UTC)
        return await super().reserve_stock(hold.model_copy(update={"until": for_ever}), remote)


class ShowsAnyCard(Sound):
    async def loyalty(self, number: str, remote: Remote) -> LoyaltyShown | None:
        shown = await super().loyalty(number, remote)
        return shown or LoyaltyShown(number=number, tier="Or", points=0)


class Says(Sound):
    """Whatever goes wrong, this one says always the same."""

    error: Exception

    async def call(self, *arguments: Any, **named: Any) -> httpx.Response:
        try:
            return await super().call(*arguments, **named)
        except Exception:
            raise self.error from None


class AlwaysRetries(Says):
    error = Retry("later")


class AlwaysRefuses(Says):
    error = Refuse("never")


class AlwaysUnknown(Says):
    error = Unknown("who knows")


class AlwaysAsksForCredentials(Says):
    error = Credentials("renew them")


class BelievesAnyAnswer(Sound):
    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        await super().fetch(ref, remote)
        return {"cart": ref.external_id, "rev": 1, "rows": []}

    async def call(self, *arguments: Any, **named: Any) -> httpx.Response:
        response = await super().call(*arguments, **named)
        try:
            json.loads(response.content)
        except ValueError:
            return httpx.Response(200, json={})
        return response


class RepeatsAnswers(Sound):
    def failure(self, response: httpx.Response) -> Exception:
        return Refuse(response.text)


class LogsAnswers(Sound):
    def failure(self, response: httpx.Response) -> Exception:
        logging.getLogger("sound").warning("answered %s", response.text)
        return super().failure(response)


FAULTS = [
    (FetchesEmptyCarts, "test_fetches_what_the_platform_shows"),
    (BringsBackTheGone, "test_finds_that_a_cart_is_gone"),
    (KnowsNoOrder, "test_stays_at_the_newer_cart"),
    (SkipsWhatChanged, "test_lists_what_changed"),
    (NeverRests, "test_comes_to_rest_when_nothing_changes"),
    (SaysTheHookIsOn, "test_lets_a_stopped_hook_go_on"),
    (KeepsNoCredentials, "test_renews_its_credentials"),
    (LeadsEverybodyToOnePlace, "test_leads_a_shopper_on"),
    (AddsToWhatIsThere, "test_writes_what_is_wanted"),
    (WritesWholePieces, "test_writes_parts_of_a_metre"),
    (AnswersWhatWasBefore, "test_knows_its_own_echo"),
    (WritesOverEdits, "test_writes_nothing_over_an_edit"),
    (ForgetsWhoWrote, "test_carries_push_and_revision"),
    (WritesEachTimeAnew, "test_repeats_answer_the_first_result"),
    (TakesSilenceForFailure, "test_a_lost_answer_proves_nothing"),
    (HidesEdits, "test_tells_an_edit_from_its_echo"),
    (HidesRefusals, "test_names_what_was_refused"),
    (GuessesRefusals, "test_names_what_is_not_taken_at_all"),
    (MakesCartsAnew, "test_does_not_make_carts_anew"),
    (NeverThaws, "test_freezes_and_thaws"),
    (InsistsOnFreezing, "test_freezes_nothing_that_is_gone"),
    (ThawsBeforeItWrites, "test_writes_what_is_frozen"),
    (PlacesHalf, "test_places_what_is_claimed"),
    (PlacesTwice, "test_places_the_same_one_once"),
    (WithdrawsNothing, "test_takes_away_what_it_placed"),
    (WithdrawsNothing, "test_leaves_what_was_sold"),
    (HidesRefusals, "test_names_what_the_till_does_not_take"),
    (TellsYesterdaysPrices, "test_tells_what_costs_how_much_now"),
    (PricesAnything, "test_prices_nothing_it_does_not_sell"),
    (SpeaksOfEurosOnly, "test_prices_nothing_in_another_currency"),
    (MixesStoresUp, "test_tells_what_each_store_has"),
    (CountsNoneOfWhatItDoesNotKnow, "test_counts_nothing_it_does_not_know"),
    (NeverFrees, "test_keeps_goods_until_they_are_freed"),
    (KeepsTwice, "test_keeps_the_same_goods_once"),
    (PromisesWhatIsNotThere, "test_keeps_no_more_than_there_is"),
    (KeepsForEver, "test_frees_by_itself_what_is_over"),
    (ShowsAnyCard, "test_shows_a_loyalty_card"),
    (AlwaysRetries, "test_waits_as_long_as_the_platform_wants"),
    (AlwaysRetries, "test_asks_for_new_credentials"),
    (AlwaysRetries, "test_does_not_insist_on_what_is_gone"),
    (AlwaysRetries, "test_gives_up_what_is_never_taken"),
    (AlwaysRetries, "test_knows_not_what_became_of_what_was_sent"),
    (AlwaysRefuses, "test_reads_again_after_a_fault_there"),
    (AlwaysUnknown, "test_comes_again_when_it_cannot_connect"),
    (AlwaysAsksForCredentials, "test_waits_when_no_time_is_told"),
    (BelievesAnyAnswer, "test_makes_nothing_of_what_it_cannot_read"),
    (RepeatsAnswers, "test_keeps_answers_to_itself"),
    (LogsAnswers, "test_keeps_answers_to_itself"),
]
# Promises about what is claimed, broken in test_suite_levels.py.
CLAIMS = {
    "test_claims_no_more_than_it_can_keep",
    "test_says_what_it_claims",
    "test_leaves_the_promises_as_they_are",
}


@pytest.mark.parametrize(
    ("faulty", "test"), FAULTS, ids=lambda part: getattr(part, "__name__", part)
)
def test_a_fault_is_found(faulty: type[Connector], test: str) -> None:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - a failed promise, or its crash
        getattr(proving(faulty()), test)()
    assert not isinstance(caught.value, pytest.skip.Exception | KeyboardInterrupt)


def test_every_promise_has_a_fault_that_breaks_it() -> None:
    broken = {test for _, test in (*HOOK_FAULTS, *OTHER_FAULTS, *FAULTS)}
    assert broken | CLAIMS == set(Suite.promises())
