"""When the server renews a document: once, and only if no client uses it."""

from __future__ import annotations

from collab.patch.bounds import Bounds
from collab.presence.shared import SharedSession
from collab.room.working import RoomBounds
from server.documents.renewals import renew_all
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Follower, Inside, inside

BOUNDS = RoomBounds(patch=Bounds(max_values=400))


async def edit(made: Inside, edits: int) -> None:
    """Replace two values in turn, so that each leaves a block."""
    for number in range(edits):
        await made.set(f"/numbers/{'ab'[number % 2]}", number)


async def renewals(made: Inside) -> list[int]:
    entries = await made.hub.store.entries(PAGE, 0, 2**53, 10_000)
    return [entry.version for entry in entries if entry.lane == "server"]


async def renewed(made: Inside) -> list[int]:
    """Look once, as the server does each second, and wait for what was asked."""
    renew_all(made.hub)
    await made.set("/later", True)
    return await renewals(made)


async def test_an_unused_document_with_many_needless_blocks_is_renewed_once() -> None:
    async with inside(MemoryStore(), room=BOUNDS) as made:
        await made.make({"numbers": {"a": 0, "b": 0}})
        await edit(made, 150)
        assert await renewed(made) == []
        await edit(made, 150)
        renew_all(made.hub)
        renew_all(made.hub)  # it waits already
        assert len(await renewed(made)) == 1
        assert len(await renewed(made)) == 1
        async with made.hub.using(PAGE) as live:
            assert live.room.value == {"numbers": {"a": 148, "b": 149}, "later": True}


async def test_a_document_in_use_is_not_renewed() -> None:
    async with inside(MemoryStore(), room=BOUNDS) as made:
        await made.make({"numbers": {"a": 0, "b": 0}})
        await edit(made, 300)
        async with made.hub.using(PAGE) as live:
            renew_all(made.hub)
            assert not live.queue
        follower = Follower(live)
        renew_all(made.hub)
        assert not live.queue
        live.audience.leave(follower)
        assert len(await renewed(made)) == 1


async def test_a_document_that_a_client_of_another_instance_uses_is_not_renewed() -> None:
    """A renewal would refuse the next edit of a Yjs client there."""
    async with inside(MemoryStore(), room=BOUNDS) as made:
        await made.make({"numbers": {"a": 0, "b": 0}})
        await edit(made, 300)
        async with made.hub.using(PAGE) as live:
            remote = live.presence.book.remote
        session = SharedSession("s", "bo", "Bo", "tab", "editor", "yjs", 7, 1, 1, None)
        remote.show("i-two", session, 0, 0.0)
        assert await renewed(made) == []
        remote.hide("i-two", "s")
        assert len(await renewed(made)) == 1


async def test_a_document_that_a_yjs_client_has_edited_is_not_renewed() -> None:
    async with inside(MemoryStore(), room=BOUNDS) as made:
        await made.make({"numbers": {"a": 0, "b": 0}})
        await edit(made, 300)
        async with made.hub.using(PAGE) as live:
            live.room.document.leases[7] = "bo"
        assert await renewed(made) == []


async def test_without_a_limit_of_values_no_document_is_renewed() -> None:
    bounds = RoomBounds(patch=Bounds(max_values=0))
    async with inside(MemoryStore(), room=bounds) as made:
        await made.make({"numbers": {"a": 0, "b": 0}})
        await edit(made, 300)
        assert await renewed(made) == []
