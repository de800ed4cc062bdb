"""Instances on one store: what one commits, the others show, and each answers as the database."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from collab.entry import Author
from collab.errors import Code, Rejected
from collab.ports.store import Stored
from collab.room.requests import Answer, LockRequest, PatchRequest, UndoRequest
from server.documents.catching_up import take_schema
from server.documents.live_room import LiveRoom
from server.instances import messages
from server.loading.opening import schema_of
from tests.faults.inside import PAGE, Follower, Inside
from tests.held_store import until
from tests.server.instances.network import instances, poll
from tests.server.instances.world import World, put, value_at, write


async def test_a_commit_is_followed_without_the_database(world: World) -> None:
    follower = Follower(world.live_2)
    asked = len(world.calls.of("newer")) + len(world.calls.of("load"))
    for number in range(5):
        await world.one.ask(PatchRequest("", None, [put("/n", number + 1)]))
    await until(world.is_level)
    assert len(world.calls.of("newer")) + len(world.calls.of("load")) == asked
    assert follower.version == 6
    assert follower.value == world.live_1.room.value
    assert world.live_2.last_change == world.live_1.last_change


async def test_both_directions_and_undo_at_the_other_instance(world: World) -> None:
    assert isinstance(await write(world.one, "/n", 1), Answer)
    assert isinstance(await write(world.two, "/n", 2), Answer)
    assert isinstance(await write(world.one, "/m", 3), Answer)
    await world.two.ask(UndoRequest("u1"))
    await world.one.ask(UndoRequest("u2"))
    assert (await value_at(world.two))["n"] == 1
    assert "m" not in await value_at(world.one)
    await until(world.is_level)


async def test_a_read_at_one_instance_shows_what_the_other_has_acknowledged(world: World) -> None:
    world.network.cut |= set(world.network._wires)
    for number in range(1, 20):
        writer, reader = (world.one, world.two) if number % 2 else (world.two, world.one)
        assert isinstance(await write(writer, "/n", number), Answer)
        assert (await value_at(reader))["n"] == number


async def test_a_lost_message_is_found_by_the_next_one(world: World) -> None:
    world.network.loses = 1.0
    await world.one.ask(PatchRequest("", None, [put("/n", 1)]))
    world.network.loses = 0.0
    await world.one.ask(PatchRequest("", None, [put("/n", 2)]))
    await until(world.is_level)
    assert (await value_at(world.two))["n"] == 2


async def test_the_last_message_may_be_lost_because_positions_are_compared(world: World) -> None:
    world.network.cut |= set(world.network._wires)
    await world.one.ask(PatchRequest("", None, [put("/n", 1)]))
    assert not world.is_level()
    await poll([world.one, world.two])
    await until(world.is_level)


async def test_a_stale_instance_reapplies_its_batch(world: World) -> None:
    """Its commit clashes. Nothing is lost, and both clients get all versions."""
    world.network.cut |= set(world.network._wires)
    first, second = Follower(world.live_1), Follower(world.live_2)
    world.calls.hold("commit")
    writing = asyncio.gather(write(world.one, "/a", 1), write(world.two, "/b", 2))
    await until(lambda: len(world.calls.held("commit")) == 2)
    world.calls.release("commit")
    answers = await writing
    assert all(isinstance(one, Answer) for one in answers)
    await poll([world.one, world.two])
    await until(world.is_level)
    value: Any = world.live_1.room.value
    assert (value["a"], value["b"]) == (1, 2)
    assert first.version == second.version == 3
    assert first.value == second.value == world.live_1.room.value


async def test_locks_of_one_instance_hold_at_the_other(world: World) -> None:
    await world.one.ask(LockRequest("l1", "acquire", "/sections/0"), user="ada")
    await until(lambda: bool(world.live_2.room.locks().held))
    refused = await _refusal(world.two, put("/sections/0/text", "bo"), "bo")
    assert refused.refusal.code is Code.LOCKED
    await world.one.ask(LockRequest("l2", "release", "/sections/0"), user="ada")
    await until(lambda: not world.live_2.room.locks().held)
    await world.two.ask(PatchRequest("", None, [put("/sections/0/text", "bo")]), user="bo")
    await until(world.is_level)


async def test_a_lock_that_an_edit_moves_is_moved_at_the_other_instance(world: World) -> None:
    await world.one.ask(LockRequest("l1", "acquire", "/sections/0"), user="ada")
    await world.two.ask(PatchRequest("", None, [_add("/sections/0", {"id": "b"})]), user="bo")
    await until(world.is_level)
    scopes = [[lock.scope for lock in live.room.locks().held] for live in _lives(world)]
    assert scopes[0] == scopes[1]
    assert world.live_1.room.control.revision == world.live_2.room.control.revision


async def test_a_new_schema_is_checked_at_both_instances_without_a_reload(world: World) -> None:
    store, loads = world.one.hub.store, len(world.calls.of("load"))
    revision = world.live_1.room.control.revision
    raw = b'{"properties": {"n": {"type": "integer"}}}'
    assert await store.set_schema(PAGE, raw, revision)
    assert take_schema(world.live_1, raw, await schema_of(PAGE, raw), revision)
    world.one.hub.others.controlled(world.live_1)
    await until(lambda: world.live_2.room.schema is not None)
    for at in (world.one, world.two):
        refused = await _refusal(at, put("/n", "text"), "bo")
        assert refused.refusal.code is Code.INVALID_DOCUMENT
        assert isinstance(await write(at, "/n", 5 + len(world.calls.made)), Answer)
    await until(world.is_level)
    revision = world.live_1.room.control.revision
    assert await store.set_schema(PAGE, b"", revision)
    await poll([world.one, world.two])
    await until(lambda: world.live_1.room.schema is None and world.live_2.room.schema is None)
    assert isinstance(await write(world.two, "/n", "text"), Answer)
    assert len(world.calls.of("load")) == loads


async def test_a_schema_waits_for_the_batch_that_is_being_committed(world: World) -> None:
    revision = world.live_1.room.control.revision
    world.calls.hold("commit")
    writing = asyncio.create_task(write(world.one, "/n", "text"))
    await world.calls.reached("commit")
    raw = b'{"properties": {"n": {"type": "integer"}}}'
    assert await world.one.hub.store.set_schema(PAGE, raw, revision)
    assert not take_schema(world.live_1, raw, await schema_of(PAGE, raw), revision)
    world.calls.release("commit")
    answer = await writing
    assert isinstance(answer, Rejected)
    assert answer.refusal.code is Code.INVALID_DOCUMENT


async def test_a_deleted_document_is_closed_at_the_other_instance(world: World) -> None:
    follower = Follower(world.live_2)
    await world.one.hub.delete(world.live_1)
    await until(lambda: bool(follower.closed))
    assert follower.closed == [4404]
    await world.one.make({"again": True})
    assert (await world.two.read())[1] == {"again": True}


async def test_a_deletion_is_found_without_its_message(world: World) -> None:
    follower = Follower(world.live_2)
    world.network.cut |= set(world.network._wires)
    await world.one.hub.delete(world.live_1)
    await poll([world.two])
    await until(lambda: bool(follower.closed))


async def test_a_request_is_not_accepted_twice_at_two_instances(world: World) -> None:
    request = PatchRequest("same", None, [_add("/sections/-", {"id": "b"})])
    first = await world.one.ask(request)
    again = await world.two.ask(request)
    assert again.version == first.version
    assert again.ack["duplicate"] is True
    assert len((await value_at(world.two))["sections"]) == 2


async def test_a_reader_waits_until_the_document_is_level(world: World) -> None:
    world.network.cut |= set(world.network._wires)
    await world.one.ask(PatchRequest("", None, [put("/n", 7)]))
    world.calls.hold("newer")
    reading = asyncio.create_task(value_at(world.two))
    await world.calls.reached("newer")
    assert not reading.done()
    world.calls.release("newer")
    assert (await reading)["n"] == 7


async def test_a_reader_is_refused_when_the_database_does_not_answer(world: World) -> None:
    world.calls.fail_next("positions")
    with pytest.raises(Rejected) as caught:
        await world.two.read()
    assert caught.value.refusal.code is Code.STORAGE_UNAVAILABLE
    users = world.live_2.users
    assert (await world.two.read())[0] == 1
    assert world.live_2.users == users


async def test_a_reader_that_waits_for_a_commit_of_its_own_instance_goes_on(world: World) -> None:
    """The database has the commit, and this instance does not know it yet."""
    world.calls.hold("commit", after=True)
    writing = asyncio.create_task(write(world.one, "/n", 7))
    await world.calls.reached("commit")
    reading = asyncio.create_task(value_at(world.one))
    await until(lambda: world.live_1.remote.is_awaited)
    world.calls.release("commit")
    assert isinstance(await writing, Answer)
    await until(reading.done)
    assert (await reading)["n"] == 7


async def test_an_instance_without_the_document_hears_and_reads_nothing(world: World) -> None:
    stored = await world.one.hub.store.load(PAGE)
    assert isinstance(stored, Stored)
    async with instances(world.one.hub.store, world.network, 1) as (third,):
        asked = {name: len(world.calls.of(name)) for name in ("newer", "load", "positions")}
        for number in range(5):
            await world.one.ask(PatchRequest("", None, [put("/n", number)]))
        await poll([third])
        assert not third.hub.lives
        found = {name: len(world.calls.of(name)) for name in ("newer", "load")}
        assert found == {name: asked[name] for name in found}


async def test_messages_of_an_unknown_format_make_the_instance_ask(world: World) -> None:
    await world.one.ask(PatchRequest("", None, [put("/n", 1)]))
    await until(world.is_level)
    asked = len(world.calls.of("newer"))
    for strange in (b"\x02future", b"\x01garbage", b"\x01", b"\x00"):
        for wire in world.network._wires:
            wire.deliver(messages.channel_of(PAGE), strange)
        await until(lambda: not world.live_2.remote.is_due(world.live_2.position))
    assert len(world.calls.of("newer")) > asked
    assert world.is_level()


async def test_a_followed_edit_keeps_who_made_it(world: World) -> None:
    await world.one.ask(PatchRequest("", None, [put("/n", 1)]), user="bo")
    await until(world.is_level)
    change = world.live_2.last_change
    assert change is not None
    assert change.by == Author("bo")


def _lives(world: World) -> tuple[LiveRoom, LiveRoom]:
    return world.live_1, world.live_2


async def _refusal(at: Inside, op: dict[str, Any], user: str) -> Rejected:
    with pytest.raises(Rejected) as caught:
        await at.ask(PatchRequest("r", None, [op]), user=user)
    return caught.value


def _add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}
