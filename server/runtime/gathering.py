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

    Invariant: one question is under way at most, and a key is in one of them at most, however
    many callers ask for it. What is asked for meanwhile is in the next question. So a crowd of
    strangers takes one connection.
    """

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._under_way: dict[K, asyncio.Future[V | None]] = {}
        self._turn = asyncio.Lock()

    async def get(self, key: K) -> V | None:
        """What the database says of this key; None for nothing."""
        while True:
            answer = self._under_way.get(key) or self._waiting.get(key)
            if answer is None:
                answer = self._waiting[key] = asyncio.get_running_loop().create_future()
            async with self._turn:
                await asyncio.sleep(0)  # callers of the same moment are in the same question
                while not answer.done():
                    await self._ask_next()
            if not answer.cancelled():  # else the caller who asked for us has gone
                return answer.result()

    def outdate(self, key: K) -> None:
        """The key has changed: the answer that is under way is no answer for later callers."""
        self._under_way.pop(key, None)

    async def _ask_next(self) -> None:
        asked = dict(list(self._waiting.items())[:MOST])
        for key in asked:
            del self._waiting[key]
        self._under_way = dict(asked)
        try:
            found = await self._ask(list(asked))
        except Exception as error:
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # a caller may have gone
        except BaseException:  # the process ends, and callers must not wait for ever
            for answer in asked.values():
                answer.cancel()
            raise
        else:
            for key, answer in asked.items():
                answer.set_result(found.get(key))
        finally:
            self._under_way = {}
