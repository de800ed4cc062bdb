"""What the maintenance of a process does besides saving and unloading."""

from __future__ import annotations

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
