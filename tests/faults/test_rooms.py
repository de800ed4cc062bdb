"""Rooms that open, unload and open again on a slow store are never doubled or stale."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from collab.errors import Code, Rejected
from collab.ids import DocKey, Json
from collab.ports.store import Absent, Append, Clash, Outcome, Snapshot, Stored
from collab.room.requests import Answer, PatchRequest
from server.broadcast.close_reasons import DELETED, IN_TROUBLE
from server.broadcast.news import News
from server.broadcast.subscriber import Answered
from server.documents.changes import LastChange
from server.documents.room_state import Event, LiveState
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Follower, Inside, inside
from tests.faults.serving import FaultyStore
from tests.held_store import until

pytestmark = pytest.mark.thorough

KEYS = [DocKey("demo", name) for name in ("a", "b", "c")]


class SlowStore(MemoryStore):
    """A store whose calls take a random number of turns, and which loses some snapshots."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._rng = random.Random(seed)

    async def load(self, key: DocKey) -> Stored | Absent:
        await self._dawdle()
        found = await super().load(key)
        await self._dawdle()
        return found

    async def commit(self, batch: Sequence[Append]) -> list[Outcome]:
        await self._dawdle()
        outcomes = await super().commit(batch)
        await self._dawdle()
        return outcomes

    async def save_snapshot(self, key: DocKey, epoch: int, snapshot: Snapshot) -> None:
        await self._dawdle()
        if self._rng.random() < 0.7:
            await super().save_snapshot(key, epoch, snapshot)

    async def _dawdle(self) -> None:
        for _ in range(self._rng.randrange(4)):
            await asyncio.sleep(0)


class HeldStore(MemoryStore):
    """A store that commits at once, and answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.committed, self.lets_go = asyncio.Event(), asyncio.Event()
        self.lets_go.set()
        self.answers: list[Outcome] = []

    async def commit(self, batch: Sequence[Append]) -> list[Outcome]:
        outcomes = self.answers or await super().commit(batch)
        if not self.lets_go.is_set():
            self.committed.set()
        await self.lets_go.wait()
        return outcomes


async def test_a_document_is_opened_once_for_all_its_clients(tmp_path: Path) -> None:
    store = FaultyStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")
    async with inside(store) as hall:
        await hall.make({"n": 1})
        hall.clock.advance(3600)
        await hall.hub.unload_idle()
        assert not hall.hub.lives
        store.open_gate.clear()
        before = store.loads
        waiting = [asyncio.create_task(hall.read()) for _ in range(50)]
        while store.loads == before:
            await asyncio.sleep(0)
        waiting[0].cancel()  # the first client leaves: the others are served
        store.open_gate.set()
        values = await asyncio.gather(*waiting, return_exceptions=True)
        assert values[1:] == [(1, {"n": 1})] * 49
        assert store.loads - before <= 2


async def test_all_waiting_clients_of_a_document_that_cannot_open_are_refused(
    tmp_path: Path,
) -> None:
    store = FaultyStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")
    async with inside(store) as hall:
        store.open_gate.clear()
        store.down = True
        waiting = [asyncio.create_task(hall.read()) for _ in range(5)]
        await asyncio.sleep(0)
        store.open_gate.set()
        for refused in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(refused, Rejected)
            assert refused.refusal.code is Code.STORAGE_UNAVAILABLE
        store.down = False
        assert (await hall.make({"n": 1})).version == 1


@pytest.mark.parametrize("ends", [LiveState.CLOSED, LiveState.READ_ONLY])
async def test_an_ended_room_serves_no_locks_when_its_commit_returns(
    ends: LiveState,
) -> None:
    store = HeldStore()
    async with inside(store) as hall:
        await hall.make({"n": 1})
        async with hall.hub.using(PAGE) as live:
            store.lets_go.clear()
            editing = asyncio.create_task(hall.set("/n", 2))
            await store.committed.wait()
            live.lock_announcer.is_due = True
            if ends is LiveState.CLOSED:
                hall.hub.end_room(live, DELETED)
            else:
                live.move(Event.TROUBLE)  # as a fault in another document does
            store.lets_go.set()
            await editing
            while live.room.version < 2:
                await asyncio.sleep(0)
            assert live.state is ends


async def test_a_room_that_is_stopped_while_its_commit_clashes_stays_stopped() -> None:
    store = HeldStore()
    async with inside(store) as hall:
        await hall.make({"n": 1})
        async with hall.hub.using(PAGE) as live:
            store.lets_go.clear()
            store.answers = [Clash()]
            editing = asyncio.create_task(hall.set("/n", 2))
            await store.committed.wait()
            live.move(Event.TROUBLE)  # as a fault in another document does
            store.lets_go.set()
            refused = await editing
            assert isinstance(refused, Rejected)
            assert refused.refusal.code is Code.STORAGE_UNAVAILABLE
            assert live.state is LiveState.BROKEN, "so it is opened anew before it is written to"


async def test_a_room_that_has_ended_is_not_waited_for_to_be_opened_again() -> None:
    async with inside(MemoryStore()) as hall:
        await hall.make({"n": 1})
        async with hall.hub.using(PAGE) as live:
            hall.hub.end_room(live, DELETED)
            reopening = asyncio.create_task(hall.hub.reopen(live))
            for _ in range(10):
                await asyncio.sleep(0)
            assert reopening.done(), "whoever opens it next reads it from the log"
            await reopening


async def test_a_request_refused_before_its_history_is_read_leaves_the_document_open() -> None:
    async with inside(MemoryStore()) as hall:
        await hall.make({"n": 1})
        await hall.set("/n", 2)
        hall.clock.advance(3600)
        await hall.hub.unload_idle()
        async with hall.hub.using(PAGE) as live:
            assert live.room.tail.base == 2, "opened from a snapshot, it knows no older version"
            stale = PatchRequest("r", 1, [{"op": "add", "path": "/m", "value": 1}])
            asking = asyncio.create_task(hall.ask(stale))
            while live.state is not LiveState.FETCHING:
                await asyncio.sleep(0)
            live.move(Event.TROUBLE)  # as a fault in another document does
            live.refuse_waiting(IN_TROUBLE)
            with pytest.raises(Rejected):
                await asking
            await until(lambda: live.state is LiveState.READ_ONLY)


class Bulky(MemoryStore):
    """A store whose entries are too large for a room to read its missed entries one by one."""

    async def log_bytes(self, key: DocKey, after: int, upto: int) -> int:
        return 2**53


class Noting(Follower):
    """Records the author of the newest version after missed entries."""

    made: LastChange | None = None

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None:
        super().on_commit(news, answers, now)
        if news.is_incomplete:
            self.made = self.live.last_change


async def test_the_author_of_the_newest_missed_version_is_known() -> None:
    store = Bulky()
    async with inside(store) as one, inside(store) as two:
        await one.make({"n": 0})
        async with two.hub.using(PAGE) as live:
            follower = Noting(live)
            for n in range(1, 4):
                await one.set("/n", n)
            # This commit clashes: the document is reloaded, and the news lack entries.
            await two.set("/n", 9, id="two")
            [newest] = await store.entries(PAGE, 3, 4, 1)
            assert follower.made == LastChange(4, newest.at, newest.author, "edit")
            follower.leave()


async def test_a_client_that_joins_during_the_unload_keeps_the_document_open(
    tmp_path: Path,
) -> None:
    store = FaultyStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")
    async with inside(store) as hall:
        await hall.make({"n": 0})
        hall.clock.advance(3600)
        unloading = asyncio.create_task(hall.hub.unload_idle())
        await asyncio.sleep(0)
        async with hall.hub.using(PAGE) as live:  # while the snapshot is written
            await unloading
            assert hall.hub.lives[PAGE] is live
            assert isinstance(await hall.set("/n", 1), Answer)
        assert await hall.read() == (2, {"n": 1})


@pytest.mark.parametrize("seed", range(30))
async def test_the_acknowledged_value_is_read_after_any_disturbance(seed: int) -> None:
    """Seven users edit three documents, which are unloaded and snapshotted at random."""
    store = SlowStore(seed)
    rng = random.Random(seed)
    async with inside(store, snapshot_entries=3) as hall:
        for key in KEYS:
            await hall.make({}, key)
        expected: dict[DocKey, dict[str, Json]] = {key: {} for key in KEYS}
        done = asyncio.Event()
        disturbing = asyncio.create_task(_disturb(hall, rng, done))
        people = [_work(hall, rng, f"p{number}", expected) for number in range(7)]
        async with asyncio.timeout(20):
            await asyncio.gather(*people)
        done.set()
        await disturbing
        for key in KEYS:
            version, value = await hall.read(key)
            assert value == expected[key]
            entries = await store.entries(key, 0, 2**53, 10_000)
            assert [entry.version for entry in entries] == list(range(1, version + 1))


async def _work(
    hall: Inside, rng: random.Random, name: str, expected: dict[DocKey, dict[str, Json]]
) -> None:
    for number in range(25):
        key = rng.choice(KEYS)
        if rng.random() < 0.3:
            _, value = await hall.read(key)
            mine = {k: v for k, v in expected[key].items() if k.startswith(name)}
            assert isinstance(value, dict)
            assert mine.items() <= value.items(), "stale: my own answered edit is not there"
            continue
        path = f"{name}-{number % 5}"
        async with hall.hub.using(key) as live:
            follower = Follower(live, name)
            answer = await hall.set(f"/{path}", number, key)
            assert isinstance(answer, Answer)
            expected[key][path] = number
            assert follower.version >= answer.version
            follower.leave()
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)


async def _disturb(hall: Inside, rng: random.Random, done: asyncio.Event) -> None:
    """Unload and snapshot each room that allows it, and let another writer commit first."""
    while not done.is_set():
        await asyncio.sleep(0)
        hall.clock.advance(rng.choice((0, 1, 120)))
        if rng.random() < 0.5:
            await hall.hub.unload_idle()
        for live in list(hall.hub.lives.values()):
            if rng.random() < 0.2:
                await hall.hub.snapshots.save(live)
