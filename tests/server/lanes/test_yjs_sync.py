"""The sync of a Yjs client: which questions wait, which are repeated, and when it gives up."""

from __future__ import annotations

from typing import Any

import pytest

from collab.errors import Code, Refusal
from collab.room.requests import Answer, ReadState, ReadStateVector, Request
from server.broadcast.news import News
from server.lanes.yjs_sync import CatchUp, Mark, YjsSync

NEWS = News([], 4, {})
TROUBLE = Answer(4, refusal=Refusal(Code.STORAGE_UNAVAILABLE, "try again"))


class Feed:
    """A feed that keeps what it is told to send."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.diffs: list[tuple[bytes, int]] = []
        self.is_diff_requested = False

    def send(self, message: bytes) -> None:
        self.sent.append(message)

    def send_diff(self, diff: bytes, version: int, news: News) -> None:
        self.diffs.append((diff, version))


class Syncing:
    """A sync with its feed, and the requests that wait for an answer."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.asked: list[Any] = []
        self.sync = YjsSync(self.feed, self._submit)  # type: ignore[arg-type]

    def _submit(self, request: Request) -> None:
        self.asked.append(request)

    def answer(self, state: bytes = b"", *, fails: bool = False) -> Any:
        """Answer the oldest request; return it."""
        request = self.asked.pop(0)
        answer = TROUBLE if fails else Answer(4, state=state)
        self.sync.on_answer(request, answer, NEWS)
        return request


@pytest.fixture
def it() -> Syncing:
    return Syncing()


def vectors(it: Syncing) -> list[bytes]:
    return [one.state_vector for one in it.asked if isinstance(one, ReadState)]


def test_of_the_questions_that_come_meanwhile_only_the_last_is_answered(it: Syncing) -> None:
    for vector in (b"1", b"2", b"3"):
        it.sync.answer_client(vector)
    assert vectors(it) == [b"1"]
    it.answer(b"one")
    assert vectors(it) == [b"3"]
    it.answer(b"three")
    assert it.asked == []
    assert [message[-1:] for message in it.feed.sent] == [b"e", b"e"]
    it.sync.answer_client(b"4")
    assert vectors(it) == [b"4"]


def test_a_question_that_failed_is_asked_again_after_the_trouble_and_only_then(
    it: Syncing,
) -> None:
    it.sync.answer_client(b"1")
    it.answer(fails=True)
    assert it.asked == []
    it.sync.resume()
    assert [type(one) for one in it.asked] == [ReadStateVector, ReadState]
    assert vectors(it) == [b"1"]
    it.asked.clear()
    it.sync.resume()
    assert [type(one) for one in it.asked] == [ReadStateVector]


def test_a_catch_up_begins_at_what_the_client_was_sent_last(it: Syncing) -> None:
    it.sync.answer_client(b"first")
    it.answer(b"state")
    for known, marked in ((b"first", b"mark-1"), (b"mark-1", b"mark-2")):
        it.sync.catch_up()
        assert [type(one) for one in it.asked] == [Mark, CatchUp]
        it.answer(marked)
        assert it.answer(b"diff").state_vector == known
    assert it.feed.diffs == [(b"diff", 4)] * 2


def test_a_catch_up_that_failed_begins_again_at_the_same_place(it: Syncing) -> None:
    it.sync.answer_client(b"first")
    it.answer(b"state")
    it.sync.catch_up()
    it.answer(b"mark")
    it.answer(fails=True)
    assert it.feed.diffs == []
    it.feed.is_diff_requested = True
    it.sync.resume()
    assert [type(one) for one in it.asked] == [ReadStateVector, Mark, CatchUp]
    assert it.asked[-1].state_vector == b"first"


def test_a_state_vector_that_could_not_be_read_is_not_sent(it: Syncing) -> None:
    it.sync.ask_client()
    it.answer(fails=True)
    assert it.feed.sent == []
    it.sync.ask_client()
    it.answer(b"\0")
    assert len(it.feed.sent) == 1


def test_a_client_whose_whole_state_is_not_enough_is_asked_once_more(it: Syncing) -> None:
    asked = [it.sync.ask_for_missing(is_whole) for is_whole in (False, False, True, False, True)]
    assert asked == [True, True, True, True, False]
    it.sync.whole_accepted()
    assert it.sync.ask_for_missing(is_whole=True)
