"""Many callers, one question at a time, and an answer for each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from server.runtime.batched_lookup import MOST, BatchedLookup


class Asked:
    """Answers each key with its length, when it is let."""

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


async def test_what_is_asked_meanwhile_is_in_the_next_question_once() -> None:
    asked = Asked()
    first = asked.begin("a")
    await spin()
    others = asked.begin("bb", "none", "bb", "a")
    await spin()
    assert asked.questions == [["a"]]
    asked.answering.set()
    assert await asyncio.gather(*first, *others) == [1, 2, None, 2, 1]
    assert asked.questions == [["a"], ["bb", "none"]]


async def test_a_key_that_has_changed_is_asked_for_again() -> None:
    asked = Asked()
    before = asked.begin("a")
    await spin()
    asked.lookup.invalidate("a")
    after = asked.begin("a")
    await spin()
    asked.answering.set()
    assert await asyncio.gather(*before, *after) == [1, 1]
    assert asked.questions == [["a"], ["a"]]


async def test_a_crowd_is_asked_for_in_parts() -> None:
    asked = Asked()
    asked.answering.set()
    keys = [f"k{number}" for number in range(3 * MOST)]
    assert await asyncio.gather(*asked.begin(*keys)) == [len(key) for key in keys]
    assert max(map(len, asked.questions)) == MOST
    assert len(asked.questions) <= 4


async def test_a_failure_is_told_to_those_it_was_asked_for() -> None:
    asked = Asked()
    asked.answering.set()
    failed = await asyncio.gather(*asked.begin("bad", "a"), return_exceptions=True)
    assert [type(one) for one in failed] == [LookupError, LookupError]
    assert await asked.lookup.get("a") == 1


async def test_when_the_caller_who_asks_leaves_another_asks() -> None:
    asked = Asked()
    leader, other = asked.begin("a", "bb")
    await spin()
    leader.cancel()
    await spin()
    asked.answering.set()
    assert await other == 2
    with pytest.raises(asyncio.CancelledError):
        await leader
