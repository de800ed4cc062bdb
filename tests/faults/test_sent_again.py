"""An id that was accepted without a version gets its first answer from every instance."""

from __future__ import annotations

from collab.room.requests import Answer, PatchRequest
from storage.memory import MemoryStore
from tests.faults.inside import Inside, inside

TEST = [{"op": "test", "path": "/a", "value": 1}]


async def sent(hall: Inside) -> Answer:
    return await hall.ask(PatchRequest("X", None, TEST))


async def change_what_it_tests(hall: Inside) -> None:
    assert isinstance(await hall.set("/a", 2, id="bo.1"), Answer)


async def test_after_a_crash_an_id_without_a_version_is_a_duplicate() -> None:
    store = MemoryStore()
    async with inside(store) as hall:  # ends without a snapshot, as a crash does
        await hall.make({"a": 1})
        assert (await sent(hall)).version == 1
        await change_what_it_tests(hall)
    async with inside(store) as hall:
        again = await sent(hall)
        assert (again.version, again.ack) == (1, {"duplicate": True})


async def test_an_id_that_another_instance_accepted_without_a_version_is_a_duplicate() -> None:
    store = MemoryStore()
    async with inside(store) as one, inside(store) as two:
        await one.make({"a": 1})
        assert (await sent(two)).version == 1
        await change_what_it_tests(one)
        again = await sent(one)
        assert (again.version, again.ack) == (1, {"duplicate": True})
