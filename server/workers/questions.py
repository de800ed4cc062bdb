"""The parent passes the questions of a worker to the others, and their replies back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import Final, Protocol

from server.workers.exchange import FromParent, Question, Replies, Reply

# A worker that is busy or frozen for longer is left out.
WITHIN_SECONDS: Final = 1.0


class Recipient(Protocol):
    """A worker that gets messages of the parent."""

    def send(self, message: FromParent) -> None: ...


class _Open:
    """A question whose replies are not complete."""

    def __init__(self, asker: Recipient, id: int, missing: set[int]) -> None:
        self.asker = asker
        self.id = id
        self.missing = missing
        self.texts: dict[int, str] = {}


class Questions:
    """The questions that wait for replies.

    Invariant: each question is answered once, within `WITHIN_SECONDS`, with the replies until then.
    """

    def __init__(self, workers: Mapping[int, Recipient]) -> None:
        self._workers = workers
        self._open: dict[int, _Open] = {}
        self._ids = count(1)

    def ask(self, asker: int, question: Question, ready: set[int]) -> None:
        """Pass a question on to the workers that it names, if they are ready."""
        asked = {one for one in ready if question.worker in (0, one)}
        id = next(self._ids)
        self._open[id] = _Open(self._workers[asker], question.id, asked)
        for number in asked:
            self._workers[number].send(Question(id, number, question.name, question.argument))
        if asked:
            asyncio.get_running_loop().call_later(WITHIN_SECONDS, self._finish, id)
        else:
            self._finish(id)

    def reply(self, worker: int, reply: Reply) -> None:
        """Note a reply. The last one completes its question."""
        found = self._open.get(reply.id)
        if found is not None and worker in found.missing:
            found.missing.discard(worker)
            found.texts[worker] = reply.text
            if not found.missing:
                self._finish(reply.id)

    def _finish(self, id: int) -> None:
        found = self._open.pop(id, None)
        if found is not None:
            found.asker.send(Replies(found.id, found.texts))
