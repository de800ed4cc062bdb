"""What the maintenance of a process does besides saving and unloading."""

from __future__ import annotations

import gc

from server.maintenance import untrack_values
from tests.server.lanes.lane_clients import lanes
from tests.server.runtime.test_untracking import page, tracked


async def test_the_values_of_open_documents_are_untracked_before_a_collection() -> None:
    async with lanes(page()) as it:
        assert tracked(it.live.room.value) > 0
        await untrack_values(it.services)
        assert tracked(it.live.room.value) == 0
        await it.set("/n", 2)
        assert it.live.room.value == {**page(), "n": 2}


async def test_the_newest_entries_and_the_values_before_them_are_untracked_too() -> None:
    async with lanes({"list": [{"id": number, "on": [number]} for number in range(20)]}) as it:
        for number in range(3):
            await it.set("/list/0", {"id": number, "on": [0, [number]]})
        kept = it.live.room.tail.kept()
        await untrack_values(it.services)
        for one in kept:
            [op] = one.entry.ops
            assert not any(map(gc.is_tracked, (one.entry.ops, op, op["value"])))
            before = one.change.before
            assert not any(map(gc.is_tracked, (before, before.get("list"))))
