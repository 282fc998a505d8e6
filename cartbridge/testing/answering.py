"""Promises about enquiries: what is answered is shown there, once."""

from datetime import UTC, datetime
from typing import Final

import pytest

from cartbridge.domain.twin import TwinRef
from cartbridge.sdk.contract import ThreadMessage
from cartbridge.sdk.errors import Ignore, Retry, Unknown
from cartbridge.testing.suite import Suite
from cartbridge.testing.there import There, on_platform

SUBJECT: Final = "answering enquiries"
TEXT: Final = "Elle est visible à Lyon, <b>samedi</b> & dimanche."


class Answering(Suite):
    """She reads our answer where she asked, and reads it once."""

    @on_platform("silver", SUBJECT, "answer_enquiries")
    async def test_shows_what_was_answered(self, there: There) -> None:
        """An answer stands in the thread of its enquiry, as it was written, and in no other."""
        platform = there.platform
        enquiry, other = platform.new_enquiry(), platform.new_enquiry()
        before = list(platform.thread(other))
        await self.connector.answer_enquiry(asked_in(enquiry), message("m_1"), there.remote)
        assert list(platform.thread(enquiry))[-1:] == [TEXT]
        assert not platform.is_closed(enquiry)
        assert list(platform.thread(other)) == before

    @on_platform("silver", SUBJECT, "answer_enquiries")
    async def test_shows_an_answer_once(self, there: There) -> None:
        """The same name again shows nothing more, also when no answer was heard; another does."""
        enquiry = there.platform.new_enquiry()
        there.platform.lose_answer()
        await self._until_answered(enquiry, message("m_1"), there)
        for _ in range(2):
            await self.connector.answer_enquiry(asked_in(enquiry), message("m_1"), there.remote)
        assert list(there.platform.thread(enquiry)).count(TEXT) == 1
        await self.connector.answer_enquiry(asked_in(enquiry), message("m_2"), there.remote)
        assert list(there.platform.thread(enquiry)).count(TEXT) == 2

    @on_platform("silver", SUBJECT, "answer_enquiries")
    async def test_closes_with_its_answer(self, there: There) -> None:
        """The answer that closes an enquiry closes it there, and no other one."""
        platform = there.platform
        enquiry, other = platform.new_enquiry(), platform.new_enquiry()
        closing = message("m_1").model_copy(update={"closes": True})
        await self.connector.answer_enquiry(asked_in(enquiry), closing, there.remote)
        assert platform.is_closed(enquiry)
        assert not platform.is_closed(other)

    @on_platform("silver", SUBJECT, "answer_enquiries")
    async def test_answers_nothing_that_is_gone(self, there: There) -> None:
        """Where the enquiry is gone there is nobody to answer: it is passed over."""
        enquiry = there.platform.new_enquiry()
        there.platform.remove(enquiry)
        with pytest.raises(Ignore):
            await self.connector.answer_enquiry(asked_in(enquiry), message("m_1"), there.remote)

    async def _until_answered(self, enquiry: str, answer: ThreadMessage, there: There) -> None:
        for _ in range(3):
            try:
                await self.connector.answer_enquiry(asked_in(enquiry), answer, there.remote)
            except (Unknown, Retry):
                continue
            return
        raise AssertionError("after a lost answer it is not answered any more")


def asked_in(enquiry: str) -> TwinRef:
    """The twin of an enquiry."""
    return TwinRef(connection="con_1", kind="enquiry", external_id=enquiry)


def message(name: str) -> ThreadMessage:
    """An associate's answer under that name."""
    at = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    return ThreadMessage(name=name, at=at, channel="tablet", author="staff", staff="V12", text=TEXT)
