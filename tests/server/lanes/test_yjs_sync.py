"""The sync of a Yjs client: which questions wait, which are repeated, and when it gives up."""

from __future__ import annotations

from typing import Any

import pytest

from collab.errors import Code, Refusal
from collab.room.requests import Answer, ReadState, ReadStateVector, Request
from server.lanes.yjs_sync import CatchUp, YjsSync

TROUBLE = Answer(4, refusal=Refusal(Code.STORAGE_UNAVAILABLE, "try again"))


class Syncing:
    """A sync, and its requests that wait for an answer."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.sync = YjsSync()

    def submit(self, *requests: Request | None) -> None:
        self.asked += [one for one in requests if one is not None]

    def client_asks(self, state_vector: bytes) -> None:
        self.submit(self.sync.answer_client(state_vector))

    def answer(self, state_vector: bytes = b"", *, fails: bool = False) -> Any:
        """Answer the oldest request, with the document at `state_vector`; return the request."""
        request = self.asked.pop(0)
        answer = TROUBLE if fails else Answer(4, state=b"state", state_vector=state_vector)
        if not isinstance(request, CatchUp):
            self.submit(self.sync.on_state(answer))
        elif not fails:
            self.sync.on_caught_up(answer)
        return request


@pytest.fixture
def it() -> Syncing:
    return Syncing()


def vectors(it: Syncing) -> list[bytes]:
    return [one.state_vector for one in it.asked if isinstance(one, ReadState)]


def test_of_the_questions_that_come_meanwhile_only_the_last_is_answered(it: Syncing) -> None:
    for vector in (b"1", b"2", b"3"):
        it.client_asks(vector)
    assert vectors(it) == [b"1"]
    it.answer()
    assert vectors(it) == [b"3"]
    it.answer()
    assert it.asked == []
    it.client_asks(b"4")
    assert vectors(it) == [b"4"]


def test_a_question_that_failed_is_asked_again_after_the_trouble_and_only_then(
    it: Syncing,
) -> None:
    it.client_asks(b"1")
    it.answer(fails=True)
    assert it.asked == []
    it.submit(*it.sync.resume())
    assert [type(one) for one in it.asked] == [ReadStateVector, ReadState]
    assert vectors(it) == [b"1"]
    it.asked.clear()
    it.submit(*it.sync.resume())
    assert [type(one) for one in it.asked] == [ReadStateVector]


def test_a_catch_up_begins_at_the_state_that_the_client_got_last(it: Syncing) -> None:
    it.client_asks(b"first")
    it.answer(b"step 2")
    for known, next_known in ((b"step 2", b"diff 1"), (b"diff 1", b"diff 2")):
        it.submit(it.sync.catch_up())
        assert it.sync.is_diff_requested
        assert it.answer(next_known).state_vector == known
        assert not it.sync.is_diff_requested


def test_a_catch_up_before_the_answer_begins_at_the_clients_own_state(it: Syncing) -> None:
    it.client_asks(b"first")
    it.submit(it.sync.catch_up())
    assert it.asked[-1].state_vector == b"first"


def test_a_catch_up_that_failed_begins_again_at_the_same_place(it: Syncing) -> None:
    it.client_asks(b"first")
    it.answer(b"step 2")
    it.submit(it.sync.catch_up())
    it.answer(fails=True)
    assert it.sync.is_diff_requested
    it.submit(*it.sync.resume())
    assert [type(one) for one in it.asked] == [ReadStateVector, CatchUp]
    assert it.asked[-1].state_vector == b"step 2"


def test_a_client_whose_whole_state_is_not_enough_is_asked_once_more(it: Syncing) -> None:
    for is_whole in (False, False, True, False):
        assert it.sync.ask_for_missing(is_whole) == ReadStateVector()
    assert it.sync.ask_for_missing(is_whole=True) is None
    it.sync.whole_accepted()
    assert it.sync.ask_for_missing(is_whole=True) is not None
