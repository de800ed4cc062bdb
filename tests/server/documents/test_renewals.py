"""When the server renews a document: late, once, and without an effect on the patch lane."""

from __future__ import annotations

from collab.patch.bounds import Bounds
from collab.room.requests import Renew
from collab.room.working import RoomBounds
from server.documents.renewals import renew_all, renew_if_due
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


async def test_a_document_with_many_needless_blocks_is_renewed_once() -> None:
    async with inside(MemoryStore(), room=BOUNDS) as made:
        await made.make({"numbers": {"a": 0, "b": 0}})
        async with made.hub.using(PAGE) as live:
            follower = Follower(live)
            await edit(made, 700)
            assert len(await renewals(made)) == 1
            assert follower.value == {"numbers": {"a": 698, "b": 699}}
            assert follower.version == live.room.version


async def test_an_unused_document_is_renewed_earlier_when_only_patches_edited_it() -> None:
    async with inside(MemoryStore(), room=BOUNDS) as made:
        await made.make({"numbers": {"a": 0, "b": 0}})
        async with made.hub.using(PAGE) as live:
            await edit(made, 300)
            renew_all(made.hub)
            assert not live.queue
            live.room.document.leases[7] = "bo"
        renew_all(made.hub)
        assert not live.queue
        del live.room.document.leases[7]
        renew_all(made.hub)
        renew_if_due(made.hub, live)  # it waits already
        assert [type(one.request) for one in live.queue] == [Renew]
        await made.set("/numbers/a", 1)
        assert len(await renewals(made)) == 1


async def test_a_document_with_a_connected_yjs_client_is_renewed_late() -> None:
    async with inside(MemoryStore(), room=BOUNDS) as made:
        await made.make({"numbers": {"a": 0, "b": 0}})
        async with made.hub.using(PAGE) as live:
            yjs = Follower(live)
            yjs.lane = "yjs"
            await edit(made, 700)
            renew_all(made.hub)
            assert not live.queue
            live.audience.leave(yjs)
            renew_all(made.hub)
            assert [type(one.request) for one in live.queue] == [Renew]
            await edit(made, 1)
            Follower(live, "another").lane = "yjs"
            await edit(made, 2_500)
            assert len(await renewals(made)) == 2


async def test_without_a_limit_of_values_no_document_is_renewed() -> None:
    bounds = RoomBounds(patch=Bounds(max_values=0))
    async with inside(MemoryStore(), room=bounds) as made:
        await made.make({"numbers": {"a": 0, "b": 0}})
        await edit(made, 300)
        renew_all(made.hub)
        assert await renewals(made) == []
