"""How much memory a read of the log takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Awaitable

import msgspec

from collab.ports.store import PAGE_BYTES, Append, Committed
from storage.store import SqlStore
from tests.storage.contract import HOME, entry

VERSIONS = 60
TEXT = "x" * 1_000_000


async def peak_of(read: Awaitable[object]) -> int:
    tracemalloc.start()
    try:
        await read
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_a_document_with_long_texts_is_opened_and_listed_in_little_memory(
    sqlite_store: SqlStore,
) -> None:
    entries = [
        msgspec.structs.replace(
            entry(version), ops=[{"op": "replace", "path": "/t", "value": f"{version} {TEXT}"}]
        )
        for version in range(1, VERSIONS + 1)
    ]
    assert await sqlite_store.commit([Append(HOME, 1, 0, 0, entries, create=True)]) == [Committed()]
    assert VERSIONS * len(TEXT) > 10 * PAGE_BYTES
    assert await peak_of(sqlite_store.load(HOME)) < 4 * PAGE_BYTES
    assert await peak_of(sqlite_store.entries(HOME, 0, VERSIONS, 1000)) < 4 * PAGE_BYTES
    assert await peak_of(sqlite_store.summaries(HOME, 0, VERSIONS, 1000)) < PAGE_BYTES
    assert await peak_of(sqlite_store.weigh(HOME, 0, VERSIONS)) < PAGE_BYTES
