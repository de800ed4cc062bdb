"""When a table is missing for a while, clients stay connected and the server recovers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.room.requests import Answer
from server.commits.recovery import WRITABLE
from server.commits.reopening import READ_ONLY
from server.status.readiness import Readiness
from storage.store import SqlStore
from tests.faults.inside import PAGE, Follower, Inside, inside
from tests.patience import PATIENCE
from tests.storage.conftest import execute
from tests.storage.postgres_server import PostgresServer

OTHER, CLOSED = DocKey("demo", "other"), DocKey("demo", "closed")


@pytest.fixture
async def hall(postgres_url: str) -> AsyncIterator[Inside]:
    async with inside(SqlStore(postgres_url)) as made:
        for key in (PAGE, OTHER, CLOSED):
            await made.make({"n": 0}, key)
        made.clock.advance(3600)
        await made.hub.unload_idle()
        yield made


@pytest.mark.parametrize("table", ["entries", "docs"])
async def test_while_a_table_is_missing_documents_are_read_only_and_clients_stay(
    hall: Inside, postgres_server: PostgresServer, postgres_url: str, table: str
) -> None:
    name = postgres_url.partition("@/")[2].partition("?")[0]
    async with hall.hub.using(PAGE) as live, hall.hub.using(OTHER) as other:
        followers = Follower(live), Follower(other)
        await execute(postgres_server, f"ALTER TABLE {table} RENAME TO gone", name)
        together = hall.set("/n", 1), hall.set("/n", 1, OTHER)
        for refused in await asyncio.gather(*together):
            assert isinstance(refused, Rejected)
            assert refused.refusal.code is Code.STORAGE_UNAVAILABLE
        opened = await hall.set("/n", 1, CLOSED)
        assert isinstance(opened, Rejected), "it cannot be opened, and is in no quarantine"
        assert opened.refusal.message == "the database does not answer; try again"
        async with asyncio.TaskGroup() as group:
            assert await Readiness(hall.hub.store, group).database() == "down"
        await execute(postgres_server, f"ALTER TABLE gone RENAME TO {table}", name)
        async with asyncio.timeout(PATIENCE):
            while [follower.notices for follower in followers] != [[READ_ONLY, WRITABLE]] * 2:
                await asyncio.sleep(0)
        assert [follower.closed for follower in followers] == [[], []]
        for key in (PAGE, OTHER, CLOSED):
            assert isinstance(await hall.set("/n", 2, key), Answer)
