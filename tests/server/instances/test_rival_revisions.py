"""Two instances change the schema or the publication of a document at the same time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from collab.entry import Author
from collab.ports.publications import Publication, PublicState
from collab.room.requests import Answer
from collab.schema.check import Schema
from server.http.schemas import _set_schema
from server.publishing.publisher import Publisher
from server.runtime.settings import Settings
from tests.faults.inside import Inside
from tests.held_store import until
from tests.server.instances.world import World, write

FIRST, SECOND = b'{"title": "first"}', b'{"title": "second"}'


def services(at: Inside) -> Any:
    return SimpleNamespace(hub=at.hub, store=at.hub.store)


def cut(world: World) -> None:
    """No instance hears of another, as when messages are lost."""
    world.network.cut |= set(world.network._wires)


async def test_a_schema_that_is_second_follows_the_first_without_a_reload(world: World) -> None:
    """A large document takes long to load again."""
    cut(world)
    loads = len(world.calls.of("load"))
    one, two = services(world.one), services(world.two)
    assert await _set_schema(one, world.live_1, FIRST, Schema.compile(FIRST), 0)
    assert not await _set_schema(two, world.live_2, SECOND, Schema.compile(SECOND), 0)
    assert world.live_2.room.control.schema == FIRST
    assert await _set_schema(
        two, world.live_2, SECOND, Schema.compile(SECOND), world.live_2.room.control.revision
    )
    assert world.live_2.room.control.schema == SECOND
    assert len(world.calls.of("load")) == loads


async def test_a_schema_that_is_set_during_a_query_is_followed_without_a_reload(
    world: World,
) -> None:
    loads = len(world.calls.of("load"))
    world.calls.hold("newer")
    world.live_2.remote.doubt()
    world.two.hub.wake(world.live_2)
    [query] = await world.calls.reached("newer")
    setting = asyncio.create_task(
        _set_schema(services(world.two), world.live_2, FIRST, Schema.compile(FIRST), 0)
    )
    await until(lambda: len(world.calls.of("set_schema")) == 1)
    query.release()
    world.calls.release("newer")
    assert await setting
    assert world.live_2.room.control.schema == FIRST
    assert len(world.calls.of("load")) == loads


async def test_a_schema_that_is_set_during_a_commit_costs_one_reload(world: World) -> None:
    """The batch was checked against the schema before. So it clashes, and is applied again."""
    loads = len(world.calls.of("load"))
    world.calls.hold("commit")
    editing = asyncio.create_task(write(world.two, "/n", 1))
    await world.calls.reached("commit")
    setting = asyncio.create_task(
        _set_schema(services(world.two), world.live_2, FIRST, Schema.compile(FIRST), 0)
    )
    await until(lambda: len(world.calls.of("set_schema")) == 1)
    world.calls.release("commit")
    assert await setting
    assert isinstance(await editing, Answer)
    assert world.live_2.room.control.schema == FIRST
    assert len(world.calls.of("load")) == loads + 1


async def test_a_publication_follows_another_instance_without_a_reload(world: World) -> None:
    cut(world)
    assert await world.one.hub.store.publish(world.live_1.key, _publication(1), 0)
    loads = len(world.calls.of("load"))
    publisher = Publisher(world.two.hub, SimpleNamespace(forget=id), Settings())  # type: ignore[arg-type]
    seen: list[PublicState] = []

    async def decide(state: PublicState) -> Publication | None:
        seen.append(state)
        return _publication(0)

    await publisher._move(world.live_2, decide)
    assert [state.revision for state in seen] == [1]
    assert world.live_2.room.control.published == 0
    assert world.live_2.room.control.revision == 2
    assert len(world.calls.of("load")) == loads


def _publication(version: int) -> Publication:
    return Publication(version, Author("pia"), 0)
