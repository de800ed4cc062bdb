"""When another transaction locks a document's row, only that document waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from collab.errors import Rejected
from collab.ids import DocKey
from collab.room.requests import Answer
from server.commits.recovery import WRITABLE
from server.commits.reopening import READ_ONLY
from server.commits.transactions import PATIENCE
from server.documents.live_room import LiveRoom
from server.documents.room_state import LiveState
from storage.store import SqlStore
from tests.faults.inside import Follower, Inside, inside
from tests.patience import PATIENCE as TEST_PATIENCE
from tests.storage.conftest import another
from tests.storage.postgres_server import PostgresServer

HELD = [DocKey("demo", f"held-{n}") for n in range(6)]
FREE = DocKey("demo", "free")
HOLD_ALL = "SELECT 1 FROM docs WHERE doc LIKE 'held-%' FOR UPDATE"


@pytest.fixture
async def hall(postgres_url: str) -> AsyncIterator[Inside]:
    async with inside(SqlStore(postgres_url)) as made:
        for key in (*HELD, FREE):
            await made.make({"n": 0}, key)
        yield made


async def until_state(live: LiveRoom, state: LiveState) -> None:
    async with asyncio.timeout(TEST_PATIENCE):
        while live.state is not state:
            await asyncio.sleep(0)


async def test_an_edit_waits_for_its_held_row_and_others_are_committed_meanwhile(
    hall: Inside, postgres_server: PostgresServer, postgres_url: str
) -> None:
    hub = hall.hub
    async with hub.using(HELD[0]) as held, hub.using(FREE) as free:
        follower, other = Follower(held), Follower(free)
        async with another(postgres_server, postgres_url) as holder:
            await holder.execute(HOLD_ALL)
            waiting = asyncio.create_task(hall.set("/n", 1, HELD[0]))
            for number in range(1, 4):
                assert isinstance(await hall.set("/n", number, FREE), Answer)
            await until_state(held, LiveState.HELD)
            assert not waiting.done()
        assert isinstance(await waiting, Answer)
        assert (follower.value, other.value) == ({"n": 1}, {"n": 3})
        assert (follower.notices, other.notices) == ([], [])


async def test_documents_whose_rows_stay_held_are_read_only_and_no_other_is(
    hall: Inside, postgres_server: PostgresServer, postgres_url: str
) -> None:
    lives = [await hall.hub.open(key) for key in HELD]
    async with hall.hub.using(FREE) as free:
        followers, other = [Follower(live) for live in lives], Follower(free)
        async with another(postgres_server, postgres_url) as holder:
            await holder.execute(HOLD_ALL)
            waiting = [asyncio.create_task(hall.set("/n", 1, key)) for key in HELD]
            for live in lives:
                await until_state(live, LiveState.HELD)
            hall.clock.advance(PATIENCE + 1)
            assert all(isinstance(one, Rejected) for one in await asyncio.gather(*waiting))
            for number in range(1, 4):  # while recovery waits for the locked rows
                assert isinstance(await hall.set("/n", number, FREE), Answer)
            assert all(live.is_read_only for live in lives)
        for live in lives:
            await until_state(live, LiveState.OPEN)
        assert isinstance(await hall.set("/n", 2, HELD[3]), Answer)
        assert [follower.notices for follower in followers] == [[READ_ONLY, WRITABLE]] * 6
        assert other.notices == []


async def test_a_held_document_that_is_deleted_ends_there(
    hall: Inside, postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with hall.hub.using(HELD[0]) as live:
        async with another(postgres_server, postgres_url) as holder:
            await holder.execute(HOLD_ALL)
            waiting = asyncio.create_task(hall.set("/n", 1, HELD[0]))
            await until_state(live, LiveState.HELD)
            deleting = asyncio.create_task(hall.hub.delete(live))
            await asyncio.sleep(0)
        await deleting
        assert isinstance(await waiting, Answer | Rejected)
        assert live.state is LiveState.CLOSED
    async with hall.hub.using(HELD[0]) as again:
        assert not again.room.exists
