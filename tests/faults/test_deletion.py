"""A deleted document is deleted for every client, whatever request runs at the time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from collab.errors import Close, Code, Rejected
from collab.ids import DocKey
from collab.messages import Open, Since
from collab.ports.store import StorageUnavailable
from collab.room.requests import PatchRequest
from server.app import build
from server.lanes.admission import admit_to_patch_lane
from server.recording.connections import ConnectionInfo
from server.runtime.settings import Settings
from server.services import Services
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Follower, Inside, inside
from tests.manual_clock import ManualClock
from tests.server.heavy import token_of


class UnheardStore(MemoryStore):
    """A store that deletes, and then reports that the database does not answer."""

    async def delete(self, key: DocKey, at: int) -> bool:
        await super().delete(key, at)
        raise StorageUnavailable("gone away")


class WaitingStore(MemoryStore):
    """A store whose reads of the log wait until the test lets them go on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.lets_go = asyncio.Event()

    async def log_bytes(self, key: DocKey, after: int, upto: int) -> int:
        self.asked.set()
        await self.lets_go.wait()
        return await super().log_bytes(key, after, upto)


async def test_a_deletion_with_an_unknown_outcome_is_found_out() -> None:
    async with inside(UnheardStore()) as hall:
        await hall.make({"secret": "old"})
        async with hall.hub.using(PAGE) as live:
            follower = Follower(live)
            with pytest.raises(Rejected):
                await hall.hub.delete(live)
            await hall.hub.reopen(live)
            assert follower.closed == [Close.NOT_FOUND]
        assert PAGE not in hall.hub.lives
        await hall.make({"fresh": True})
        assert (await hall.read())[1] == {"fresh": True}


async def test_a_client_of_a_document_that_was_deleted_elsewhere_is_refused() -> None:
    store = MemoryStore()
    async with inside(store) as hall:
        await hall.make({"n": 1})
        async with hall.hub.using(PAGE) as live:
            follower = Follower(live)
            await store.delete(PAGE, 0)
            with pytest.raises(Rejected) as refused:
                await hall.ask(PatchRequest("r", None, [{"op": "remove", "path": "/n"}]))
            assert refused.value.refusal.code is Code.NOT_FOUND
            assert follower.closed == [Close.NOT_FOUND]


async def test_clients_of_a_document_recreated_elsewhere_reconnect_to_it() -> None:
    store = MemoryStore()
    async with inside(store) as elsewhere, inside(store) as hall:
        await hall.make({"n": 1})
        async with hall.hub.using(PAGE) as live:
            follower = Follower(live)
            async with elsewhere.hub.using(PAGE) as theirs:
                await elsewhere.hub.delete(theirs)
            await elsewhere.make({"fresh": True})
            with pytest.raises(Rejected):
                await hall.ask(PatchRequest("r", None, [{"op": "remove", "path": "/n"}]))
            assert follower.closed == [Close.OVERLOADED]
            assert follower.value == {"n": 1}, "nothing of the other document was told"
        assert (await hall.read())[1] == {"fresh": True}


async def test_a_client_that_joins_an_ended_room_is_refused() -> None:
    async with inside(MemoryStore()) as hall:
        await hall.make({"n": 1})
        async with hall.hub.using(PAGE) as live:
            await hall.hub.delete(live)
            late = Follower(live)
            assert late.closed == [Close.NOT_FOUND]
            assert late not in live.audience.subscribers


async def test_a_client_that_resumes_during_the_deletion_is_refused() -> None:
    store = WaitingStore()
    app = build(Settings(), store)
    async with app.router.lifespan_context(app):
        services: Services = app.state.services
        token = await token_of(app)
        first = Inside(services.hub, ManualClock())
        await first.make({"n": 1})
        await first.set("/n", 2)
        await services.hub.unload(services.hub.lives[PAGE])
        live = await services.hub.open(PAGE)
        socket: Any = SimpleNamespace(peer="")
        info, since = ConnectionInfo("patch", socket, 0.0), Since(live.room.epoch, 1)
        coming = asyncio.create_task(
            admit_to_patch_lane(services, PAGE.doc, token, Open(since=since), info)
        )
        await store.asked.wait()
        await services.hub.delete(live)
        store.lets_go.set()
        with pytest.raises(Rejected) as refused:
            await coming
        assert refused.value.refusal.code is Code.NOT_FOUND
        services.hub.release(live)
        assert not live.users
