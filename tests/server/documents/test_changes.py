"""The author of a version: from its entry, or from the document's row if that is damaged."""

from __future__ import annotations

from collab.entry import Author, Summary
from collab.ids import DocKey
from collab.ports.store import PAGE_BYTES, Corrupt
from server.documents.changes import LastChange, find_change
from storage.memory.store import MemoryStore
from tests.storage.contract import HOME, entry, made

ADA = Author("ada", "Ada", "tab-1", "s-1")


class Damaged(MemoryStore):
    """A store in which all entries are damaged."""

    async def summaries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Summary]:
        raise Corrupt("an entry is damaged")


async def test_an_entry_names_the_author_of_its_version() -> None:
    store = MemoryStore()
    await store.commit([made(HOME, 3)])
    assert await find_change(store, HOME, 2) == LastChange(2, entry(2).at, ADA, "edit")
    assert await find_change(store, HOME, 4) is None


async def test_the_row_names_the_heads_author_when_the_entry_is_damaged() -> None:
    store = Damaged()
    await store.commit([made(HOME, 3)])
    found = await find_change(store, HOME, 3)
    assert found == LastChange(3, entry(3).at, Author("ada"), "edit")
    assert await find_change(store, HOME, 2) is None
