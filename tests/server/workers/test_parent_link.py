"""The connection of a worker to its parent, with a socket that the test holds as the parent."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator

import pytest

from server.workers import parent_link
from server.workers.exchange import (
    FromWorker,
    Question,
    Ready,
    Replies,
    Reply,
    decode_from_worker,
    encode,
)
from server.workers.parent_link import ParentLink


class Parent:
    """The other end of the connection."""

    def __init__(
        self, link: ParentLink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.link = link
        self.reader = reader
        self.writer = writer

    async def next(self) -> FromWorker:
        return decode_from_worker(await self.reader.readline())


@pytest.fixture
async def parent(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Parent]:
    ours, theirs = socket.socketpair()
    link = ParentLink(theirs, 2, 3)
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    await link.be_ready("hello", lambda name, argument: f"{name} {argument}")
    yield Parent(link, reader, writer)
    monkeypatch.setattr(signal, "raise_signal", lambda number: None)
    writer.close()
    await writer.wait_closed()
    assert link._transport is not None
    link._transport.close()
    theirs.close()


async def test_a_ready_worker_answers_questions(parent: Parent) -> None:
    assert await parent.next() == Ready("hello")
    line = encode(Question(9, 2, "metrics", "text/plain"))
    parent.writer.write(line[:5])
    await asyncio.sleep(0)
    parent.writer.write(line[5:] + encode(Question(10, 2, "status", "{}")))
    assert await parent.next() == Reply(9, "metrics text/plain")
    assert await parent.next() == Reply(10, "status {}")


async def test_a_question_that_cannot_be_answered_gets_no_reply_and_stops_no_worker(
    parent: Parent, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(name: str, argument: str) -> str:
        if name == "wrong":
            raise ValueError("a bug of ours")
        return "right"

    monkeypatch.setattr(parent.link, "_answer", answer)
    await parent.next()
    parent.writer.write(encode(Question(9, 2, "wrong", "")) + encode(Question(10, 2, "is", "")))
    assert await parent.next() == Reply(10, "right")
    assert "cannot answer the question 'wrong'" in caplog.text


async def test_a_worker_gets_the_replies_to_its_own_questions(parent: Parent) -> None:
    await parent.next()
    first = asyncio.create_task(parent.link.ask("metrics", ""))
    second = asyncio.create_task(parent.link.ask("status", "{}", 3))
    asked = [await parent.next(), await parent.next()]
    assert asked == [Question(1, 0, "metrics", ""), Question(2, 3, "status", "{}")]
    parent.writer.write(encode(Replies(2, {3: "b"})) + encode(Replies(1, {1: "a"})))
    assert await second == {3: "b"}
    assert await first == {1: "a"}


async def test_while_the_parent_is_frozen_a_worker_answers_itself(
    parent: Parent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent_link, "_WITHIN_SECONDS", 0.0)
    await parent.next()
    assert await parent.link.ask("metrics", "text") == {2: "metrics text"}
    assert await parent.link.ask("status", "{}", 3) == {}
    parent.writer.write(encode(Replies(1, {1: "late"})) + encode(Question(4, 2, "is", "alive")))
    assert await parent.next() == Question(1, 0, "metrics", "text")
    assert await parent.next() == Question(2, 3, "status", "{}")
    assert await parent.next() == Reply(4, "is alive")


@pytest.mark.thorough
async def test_the_process_stops_when_the_parent_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(signal, "raise_signal", raised.set_result)
    ours, theirs = socket.socketpair()
    link = ParentLink(theirs, 1, 2)
    await link.be_ready("hello", lambda name, argument: "")
    ours.close()
    assert await raised == signal.SIGTERM
    assert await link.ask("metrics", "") == {1: ""}
    theirs.close()
