"""The audience: who is sent what, in which order, and what a failing subscriber changes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from collab.errors import Code, Refusal
from collab.ids import DocKey
from collab.messages import LockChange
from collab.room.member import Member
from collab.room.requests import Answer, PatchRequest
from server.broadcast.close_reasons import DELETED
from server.broadcast.news import News
from server.broadcast.subscriber import Answered, Submission
from tests.server.listener import Listener
from tests.server.scene import Scene, scene

NOW = 7.5
NO = Refusal(Code.CONFLICT, "no")


def answered(by: Listener, id: str, answer: Answer) -> Answered:
    return Submission(by.member, PatchRequest(id, None, []), 0.0, subscriber=by), answer


def nothing(it: Scene) -> News:
    return News([], it.live.room.version, it.live.room.value)


async def test_answers_without_a_new_version_go_to_their_authors_only() -> None:
    async with scene() as it:
        answers = [
            answered(it.bo, "b", Answer(1, refusal=NO)),
            answered(it.ada, "a", Answer(1)),
            answered(it.bo, "c", Answer(1)),
        ]
        it.live.audience.broadcast(nothing(it), answers, NOW)
        assert it.events() == [("bo", "b", "conflict"), ("bo", "c", 1), ("ada", "a", 1)]


async def test_an_http_client_gets_its_answer_before_any_connection() -> None:
    async with scene() as it:
        delivered: list[object] = []

        def deliver(answer: object) -> None:
            delivered.append(answer)
            it.journal.append(("http",))

        http = Submission(it.ada.member, PatchRequest("h", None, []), 0.0, deliver=deliver)
        answer = Answer(1)
        answers = [answered(it.ada, "a", Answer(1)), (http, answer)]
        it.live.audience.broadcast(nothing(it), answers, NOW)
        assert it.events() == [("http",), ("ada", "a", 1)]
        assert delivered == [answer]


async def test_a_subscriber_that_fails_is_closed_and_the_others_get_their_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scene() as it:

        def fail(*_: object) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(it.ada, "on_commit", fail)
        monkeypatch.setattr(it.bo, "notice", fail)
        it.cy.set(it.hub, "c", "/c", 1)
        await it.settled()
        assert it.events() == [
            ("cy", "news", 2),
            ("cy", "c", 2),
            ("ada", "closed", 1011),
            ("bo", "news", 2),
        ]
        it.live.audience.notice(b'{"code": "x"}')
        assert it.events() == [("bo", "closed", 1011), ("cy", "notice", "x")]


async def test_a_notice_to_sessions_goes_to_no_other_session() -> None:
    async with scene() as it:
        it.live.audience.notice_to({"bo", "cy"}, b'{"code": "x"}')
        assert it.events() == [("bo", "notice", "x"), ("cy", "notice", "x")]


async def test_a_paused_author_gets_the_answers_to_its_requests() -> None:
    async with scene() as it:
        it.live.audience.pause(it.ada, "patch")
        it.bo.set(it.hub, "b", "/b", 1)
        await it.settled()
        assert it.of("ada") == []
        it.ada.set(it.hub, "a", "/a", 1)
        await it.settled()
        assert it.of("ada") == [("news", 3), ("a", 3)]


async def test_the_end_closes_each_subscriber_once_with_the_reason() -> None:
    async with scene() as it:
        it.live.audience.end(DELETED)
        assert it.events() == [(name, "closed", 4404) for name in ("ada", "bo", "cy")]
        assert len(it.live.audience) == 0
        await asyncio.sleep(0)


class Observer:
    """Keeps the answers of each broadcast, and when they became durable."""

    def __init__(self) -> None:
        self.seen: list[tuple[list[int], float]] = []

    def on_broadcast(self, key: DocKey, answered: Sequence[Answered], durable_at: float) -> None:
        self.seen.append(([answer.version for _, answer in answered], durable_at))

    def on_locks_changed(
        self, key: DocKey, events: Sequence[LockChange], by: Member | None, asked: str
    ) -> None: ...


async def test_the_observer_gets_the_answers_with_the_time_of_the_commit() -> None:
    async with scene() as it:
        it.live.audience.observer = observer = Observer()
        it.live.audience.broadcast(nothing(it), [], NOW)
        it.live.audience.broadcast(nothing(it), [answered(it.ada, "a", Answer(4))], NOW)
        assert observer.seen == [([4], NOW)]
