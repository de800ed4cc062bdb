"""History: which versions and entries are read, within which limits, and what is missing."""

from __future__ import annotations

import pytest

from collab.entry import Accepted
from collab.errors import Code, Rejected
from collab.ports.store import Corrupt
from collab.room.requests import PatchRequest
from server.loading import history
from server.loading.history import History
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, inside
from tests.held_store import HeldCalls, held

MOST = 2**53


@pytest.fixture
async def store() -> MemoryStore:
    """A document at version 5; `n` is the version."""
    store = MemoryStore()
    async with inside(store) as it:
        await it.make({"n": 1, "text": "x" * 3_000})
        for version in range(2, 6):
            await it.set("/n", version)
    return store


def reading(store: MemoryStore) -> tuple[History, HeldCalls]:
    port, calls = held(store)
    return History(port), calls


async def versions(found: History, after: int, upto: int, most: int, size: int) -> list[int] | None:
    entries = await found.between(PAGE, after, upto, most, size)
    return None if entries is None else [entry.version for entry in entries]


async def test_each_version_is_read_and_version_0_is_empty(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 2)
    found, _ = reading(store)
    assert await found.value_at(PAGE, 0) == {}
    for version in range(1, 6):
        value = await found.value_at(PAGE, version)
        assert isinstance(value, dict)
        assert value["n"] == version
    with pytest.raises(Rejected) as refused:
        await found.value_at(PAGE, 6)
    assert refused.value.refusal.code is Code.UNKNOWN_VERSION


async def test_entries_are_read_up_to_a_count_and_a_size(store: MemoryStore) -> None:
    found, _ = reading(store)
    size = await store.log_bytes(PAGE, 1, 4)
    assert await versions(found, 1, 4, 3, size) == [2, 3, 4]
    assert await versions(found, 1, 4, 2, size) is None
    assert await versions(found, 1, 4, 3, size - 1) is None
    assert await versions(found, 4, 4, 3, size) == []


async def test_entries_with_a_gap_or_a_damaged_row_are_missing(store: MemoryStore) -> None:
    found, calls = reading(store)
    calls.fail_next("entries", error=Corrupt("damaged"))
    assert await versions(found, 1, 4, 9, MOST) is None
    del store._documents[PAGE].entries[3]
    assert await versions(found, 1, 4, 9, MOST) is None
    assert await versions(found, 3, 5, 9, MOST) == [4, 5]


async def test_a_version_before_the_oldest_entry_is_not_kept(store: MemoryStore) -> None:
    found, _ = reading(store)
    del store._documents[PAGE].entries[1]
    with pytest.raises(Rejected) as refused:
        await found.value_at(PAGE, 3)
    assert refused.value.refusal.code is Code.UNKNOWN_VERSION


async def test_a_version_of_an_earlier_document_of_the_name_is_not_kept(
    store: MemoryStore,
) -> None:
    await store.delete(PAGE, 9)
    async with inside(store) as it:
        await it.make({"n": "again"})
    found, _ = reading(store)
    assert await found.value_at(PAGE, 6) == {"n": "again"}
    with pytest.raises(Rejected) as refused:
        await found.value_at(PAGE, 5)
    assert "earlier document" in refused.value.refusal.message


async def test_a_short_answer_is_given_as_it_is_without_a_read(store: MemoryStore) -> None:
    found, calls = reading(store)
    accepted = Accepted("ada", "a", 2, {"ops": []})
    assert await found.answer(PAGE, accepted) is accepted
    assert calls.made == []


async def test_a_long_text_of_the_log_is_read_as_it_was_sent(store: MemoryStore) -> None:
    async with inside(store) as it:
        text = "x" * 3_000 + "y"
        ops = [{"op": "replace", "path": "/text", "value": text}]
        await it.ask(PatchRequest("long", None, ops))
    found, _ = reading(store)
    entries = await found.between(PAGE, 5, 6, 1, MOST)
    assert entries is not None
    assert entries[0].ops == ops
    logged = await store.log_bytes(PAGE, 5, 6)
    assert logged < 3_000
    assert await found.between(PAGE, 5, 6, 1, logged) is None, "it is larger when it is sent"
