"""The numbers of the open documents are sums over all of them."""

from __future__ import annotations

from collab.ids import DocKey
from server.documents.room_state import Event
from server.status.open_documents import OpenDocuments
from tests.server.scene import OTHER, scene


async def test_the_numbers_are_sums_over_all_documents() -> None:
    async with scene() as it:
        await it.here.make({"n": 0}, OTHER)
        await it.here.make({"n": 0}, DocKey("demo", "third"))
        async with it.hub.using(OTHER) as other:
            await it.hold_a_commit()
            it.bo.set(it.hub, "waits", "/n", 1)
            other.move(Event.TROUBLE)
            found = OpenDocuments.of(it.hub)
            assert (found.documents, found.read_only, found.waiting) == (3, 1, 1)
            assert (found.tail_entries, found.locks, found.present) == (3, 0, 0)
            it.calls.release("commit")
            other.move(Event.WRITABLE)
            await it.settled()
