"""One question to the database for many keys, and one question at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# So many keys are in one question; with more the next one follows.
MOST = 128


class Gathering(Generic[K, V]):
    """Answers callers who ask for one key each.

    Invariant: one question is under way at most, whoever asks and however often. What is asked for
    meanwhile is in the next question, a key once. So a crowd of strangers takes one connection.
    """

    def __init__(
        self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], group: asyncio.TaskGroup
    ) -> None:
        self._ask = ask
        self._group = group
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._runs = False
        self.questions = 0

    async def get(self, key: K) -> V | None:
        """What the database says of this key; None for nothing."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        if not self._runs:
            self._runs = True
            self._group.create_task(self._run(), name="gathered questions")
        return await asyncio.shield(answer)

    async def _run(self) -> None:
        try:
            while self._waiting:
                asked = dict(list(self._waiting.items())[:MOST])
                for key in asked:
                    del self._waiting[key]
                await self._answer(asked)
        finally:
            self._runs = False

    async def _answer(self, asked: Mapping[K, asyncio.Future[V | None]]) -> None:
        self.questions += 1
        try:
            found = await self._ask(list(asked))
        except BaseException as error:
            for answer in asked.values():
                if isinstance(error, Exception):
                    answer.set_exception(error)
                    answer.exception()  # who asked may have gone
                else:
                    answer.cancel()
            if not isinstance(error, Exception):
                raise
            return
        for key, answer in asked.items():
            answer.set_result(found.get(key))
