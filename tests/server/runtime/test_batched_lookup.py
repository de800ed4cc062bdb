"""Many callers share few queries, and each gets its own result."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from server.runtime.batched_lookup import MOST, BatchedLookup


class Asked:
    """Returns the length of each key, once `answering` is set."""

    def __init__(self) -> None:
        self.questions: list[list[str]] = []
        self.answering = asyncio.Event()
        self.lookup: BatchedLookup[str, int] = BatchedLookup(self._ask)

    async def _ask(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.questions.append(list(keys))
        await self.answering.wait()
        if "bad" in keys:
            raise LookupError("bad")
        return {key: len(key) for key in keys if key != "none"}

    def begin(self, *keys: str) -> list[asyncio.Task[int | None]]:
        return [asyncio.create_task(self.lookup.get(key)) for key in keys]


async def spin() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_keys_that_arrive_during_a_query_are_in_the_next() -> None:
    asked = Asked()
    first = asked.begin("a")
    await spin()
    others = asked.begin("bb", "none", "bb", "a")
    await spin()
    assert asked.questions == [["a"]]
    asked.answering.set()
    assert await asyncio.gather(*first, *others) == [1, 2, None, 2, 1]
    assert asked.questions == [["a"], ["bb", "none"]]


async def test_an_invalidated_key_is_queried_again() -> None:
    asked = Asked()
    before = asked.begin("a")
    await spin()
    asked.lookup.invalidate("a")
    after = asked.begin("a")
    await spin()
    asked.answering.set()
    assert await asyncio.gather(*before, *after) == [1, 1]
    assert asked.questions == [["a"], ["a"]]


async def test_many_keys_are_split_into_several_queries() -> None:
    asked = Asked()
    asked.answering.set()
    keys = [f"k{number}" for number in range(3 * MOST)]
    assert await asyncio.gather(*asked.begin(*keys)) == [len(key) for key in keys]
    assert max(map(len, asked.questions)) == MOST
    assert len(asked.questions) <= 4


async def test_an_error_reaches_every_caller_of_the_failed_query() -> None:
    asked = Asked()
    asked.answering.set()
    failed = await asyncio.gather(*asked.begin("bad", "a"), return_exceptions=True)
    assert [type(one) for one in failed] == [LookupError, LookupError]
    assert await asked.lookup.get("a") == 1


async def test_a_cancelled_caller_hands_its_query_to_another() -> None:
    asked = Asked()
    leader, other = asked.begin("a", "bb")
    await spin()
    leader.cancel()
    await spin()
    asked.answering.set()
    assert await other == 2
    with pytest.raises(asyncio.CancelledError):
        await leader
