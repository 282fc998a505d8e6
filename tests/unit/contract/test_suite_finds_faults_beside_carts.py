"""The conformance suite itself: faults that only wish lists, quotes or enquiries show are found."""

import html
import sys
from typing import Any

import pytest

from cartbridge.sdk.contract import (
    Capability,
    Connector,
    Moved,
    Named,
    Raw,
    Remote,
    ThreadMessage,
    Write,
    WriteLine,
    Written,
)
from cartbridge.sdk.documents import Snapshot, TwinRef, Writes
from cartbridge.sdk.errors import Ignore, Refuse, Retry
from cartbridge.sdk.observations import CartSeen, QuoteSeen, WishlistSeen
from tests.unit.contract.sound import Body, Sound
from tests.unit.contract.sound_platform import proving


class TakesWishListsForCarts(Sound):
    def seen(self, body: Body) -> CartSeen | WishlistSeen | QuoteSeen:
        kind = "cart" if body.kind == "wishlist" else body.kind
        return super().seen(body.model_copy(update={"kind": kind}))


class NamesNoRevisionOfQuotes(Sound):
    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        (named,) = super().identify(hook, settings)
        revision = 0 if named.kind == "quote" else named.revision
        return [Named(named.external_id, named.kind, revision=revision, dedup=named.dedup)]


class ReadsQuotesOtherwise(Sound):
    def snapshot(self, body: Body) -> Snapshot:
        return super().snapshot(self.other(body) if body.kind == "quote" else body)

    def other(self, body: Body) -> Body:
        raise NotImplementedError


class DropsACentOfQuotes(ReadsQuotesOtherwise):
    def other(self, body: Body) -> Body:
        rows = tuple(row.model_copy(update={"total": row.total - 1}) for row in body.rows)
        return body.model_copy(update={"rows": rows})


class ReadsQuotesWithoutTax(ReadsQuotesOtherwise):
    def other(self, body: Body) -> Body:
        rows = tuple(row.model_copy(update={"tax": 0}) for row in body.rows)
        return body.model_copy(update={"rows": rows})


class KnowsNoOrderOfQuotes(ReadsQuotesOtherwise):
    def other(self, body: Body) -> Body:
        return body.model_copy(update={"rev": 7})


class HidesRefusalsOfQuotes(ReadsQuotesOtherwise):
    def other(self, body: Body) -> Body:
        return body.model_copy(update={"refused": ()})


class WritesOverEditsOfQuotes(Sound):
    async def call(self, remote: Remote, method: str, path: str, *more: Any, **named: Any) -> Any:
        if method == "PUT" and "totals" in more[0]:
            more = ({**more[0], "rev": "any"}, *more[1:])
        return await super().call(remote, method, path, *more, **named)


class WritesWishListsEachTimeAnew(Sound):
    calls = 0

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        self.calls += 1
        anew = f"{write.push_id}_{self.calls}" if write.ref.kind == "wishlist" else write.push_id
        return await super().push(write.model_copy(update={"push_id": anew}), remote)


class MakesWishListsAnew(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        try:
            return await super().push(write, remote)
        except Ignore:
            if write.ref.kind != "wishlist":
                raise
            return Written(snapshot=Snapshot(revision=1, last_push=write.push_id))


class WritesQuotesAndNoCarts(Sound):
    def writes(self, settings: Any) -> Writes:
        return "none"

    def capabilities(self, settings: Any) -> frozenset[Capability]:
        return self.manifest.capabilities - {"push"}


class CallsEachListTheSame(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        return await super().push(write.model_copy(update={"name": "My list"}), remote)


class LeavesListsOpen(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        return await super().push(write.model_copy(update={"archived": False}), remote)


class ClosesEachList(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        return await super().push(write.model_copy(update={"archived": True}), remote)


class TakesOnePieceInSilence(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        one = (row.model_copy(update={"quantity": min(row.quantity, 1)}) for row in write.lines)
        return await super().push(write.model_copy(update={"lines": tuple(one)}), remote)


class SaysThatItsListsDoNotCount(Sound):
    def snapshot(self, body: Body) -> Snapshot:
        wishes = body.kind == "wishlist" or None
        return super().snapshot(body).model_copy(update={"uncounted": wishes})


class AsksItsOwnPrices(Sound):
    def held(self, line: WriteLine) -> int:
        return int(line.quantity * 1200)


class LeavesQuotesRequested(Sound):
    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        terms = write.terms and write.terms.model_copy(update={"state": "requested"})
        return await super().push(write.model_copy(update={"terms": terms}), remote)


class AnswersNobody(Sound):
    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        return None


class EscapesItsAnswers(Sound):
    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        escaped = message.model_copy(update={"text": html.escape(message.text)})
        await super().answer_enquiry(ref, escaped, remote)


class AnswersEachTimeAnew(Sound):
    calls = 0

    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        self.calls += 1
        anew = message.model_copy(update={"name": f"{message.name}_{self.calls}"})
        await super().answer_enquiry(ref, anew, remote)


class AnswersOnlyOnce(Sound):
    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        await super().answer_enquiry(ref, message.model_copy(update={"name": "ours"}), remote)


class NeverCloses(Sound):
    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        await super().answer_enquiry(ref, message.model_copy(update={"closes": False}), remote)


class InsistsOnAnswering(Sound):
    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        try:
            await super().answer_enquiry(ref, message, remote)
        except Ignore:
            raise Retry("not there yet") from None


class GivesUpAnswering(Sound):
    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        try:
            await super().answer_enquiry(ref, message, remote)
        except Retry:
            raise Refuse("busy") from None


class LogsWhatItAnswers(Sound):
    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        sys.stderr.write(f"answered {message.text}\n")
        await super().answer_enquiry(ref, message, remote)


FAULTS = [
    (TakesWishListsForCarts, "test_fetches_what_the_platform_shows"),
    (WritesQuotesAndNoCarts, "test_declares_only_what_it_can"),
    (NamesNoRevisionOfQuotes, "test_names_what_it_reads"),
    (DropsACentOfQuotes, "test_adds_up_to_the_total_of_the_platform"),
    (ReadsQuotesWithoutTax, "test_takes_taxes_as_the_platform_does"),
    (KnowsNoOrderOfQuotes, "test_stays_at_the_newer_cart"),
    (HidesRefusalsOfQuotes, "test_names_what_was_refused"),
    (WritesOverEditsOfQuotes, "test_writes_nothing_over_an_edit"),
    (WritesWishListsEachTimeAnew, "test_repeats_answer_the_first_result"),
    (MakesWishListsAnew, "test_does_not_make_carts_anew"),
    (CallsEachListTheSame, "test_calls_a_wish_list_by_its_name"),
    (ClosesEachList, "test_calls_a_wish_list_by_its_name"),
    (LeavesListsOpen, "test_closes_a_wish_list"),
    (TakesOnePieceInSilence, "test_says_how_many_a_wish_list_takes"),
    (SaysThatItsListsDoNotCount, "test_says_how_many_a_wish_list_takes"),
    (AsksItsOwnPrices, "test_holds_the_prices_of_a_quote"),
    (LeavesQuotesRequested, "test_says_how_a_quote_stands"),
    (AnswersNobody, "test_shows_what_was_answered"),
    (EscapesItsAnswers, "test_shows_what_was_answered"),
    (AnswersEachTimeAnew, "test_shows_an_answer_once"),
    (AnswersOnlyOnce, "test_shows_an_answer_once"),
    (NeverCloses, "test_closes_with_its_answer"),
    (InsistsOnAnswering, "test_answers_nothing_that_is_gone"),
    (GivesUpAnswering, "test_waits_as_long_as_the_platform_wants"),
    (LogsWhatItAnswers, "test_keeps_answers_to_itself"),
]


@pytest.mark.parametrize(
    ("faulty", "test"), FAULTS, ids=lambda part: getattr(part, "__name__", part)
)
def test_a_fault_is_found(faulty: type[Connector], test: str) -> None:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - a failed promise, or its crash
        getattr(proving(faulty()), test)()
    assert not isinstance(caught.value, pytest.skip.Exception | KeyboardInterrupt)
