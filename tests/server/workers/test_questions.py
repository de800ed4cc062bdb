"""Questions of a worker to the others, with workers that answer late, twice or never."""

from __future__ import annotations

import pytest

from server.workers import questions
from server.workers.exchange import FromParent, Question, Replies, Reply
from server.workers.questions import Questions
from tests.held_store import until


class Asked:
    """A worker that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[FromParent] = []

    def send(self, message: FromParent) -> None:
        self.got.append(message)


@pytest.fixture
def workers() -> dict[int, Asked]:
    return {1: Asked(), 2: Asked(), 3: Asked()}


async def test_one_worker_is_asked_when_the_question_names_it(workers: dict[int, Asked]) -> None:
    asked = Questions(workers)
    asked.ask(1, Question(5, 2, "status", "{}"), {1, 2, 3})
    assert [len(each.got) for each in workers.values()] == [0, 1, 0]
    asked.reply(3, Reply(1, "it was not asked"))
    asked.reply(2, Reply(1, "mine"))
    asked.reply(2, Reply(1, "again"))
    assert workers[1].got == [Replies(5, {2: "mine"})]


async def test_a_worker_that_is_not_ready_is_not_asked(workers: dict[int, Asked]) -> None:
    asked = Questions(workers)
    asked.ask(1, Question(5, 3, "status", "{}"), {1, 2})
    assert workers[1].got == [Replies(5, {})]
    assert workers[3].got == []


async def test_a_worker_that_does_not_answer_is_left_out(
    workers: dict[int, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "WITHIN_SECONDS", 0.0)
    asked = Questions(workers)
    asked.ask(3, Question(5, 0, "metrics", ""), {1, 2, 3})
    asked.reply(2, Reply(1, "quick"))
    await until(lambda: len(workers[3].got) == 2)
    assert workers[3].got[1] == Replies(5, {2: "quick"})
    asked.reply(1, Reply(1, "late"))
    assert len(workers[3].got) == 2
