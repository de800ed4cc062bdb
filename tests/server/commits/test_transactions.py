"""A document whose row another transaction locks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from collab.errors import Rejected
from collab.ids import DocKey
from collab.ports.store import Append, Held, Outcome, StorageUnavailable
from collab.room.requests import Answer
from server.broadcast.close_reasons import DELETED
from server.commits import recovery, transactions
from server.commits.recovery import WRITABLE
from server.commits.reopening import READ_ONLY
from server.documents.live_room import LiveRoom
from server.documents.room_state import LiveState
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Follower, Inside, inside
from tests.held_store import held, until
from tests.patience import PATIENCE

OTHER = DocKey("demo", "other")


class HoldingStore(MemoryStore):
    """A store that holds the rows of some documents, or refuses all writes."""

    def __init__(self) -> None:
        super().__init__()
        self.held: set[DocKey] = set()
        self.down = self.fails = False
        self.retries = 0

    async def commit(self, batch: Sequence[Append]) -> list[Outcome]:
        self._fail_if_down()
        held = [append.key in self.held for append in batch]
        self.retries += all(held)
        if self.fails and any(held):
            raise RuntimeError("a bug")
        outcomes: list[Outcome] = []
        for append in batch:
            free = append.key not in self.held
            outcomes += await super().commit([append]) if free else [Held()]
        return outcomes

    async def find_commit(self, key: DocKey, commit: str) -> int | None:
        if key in self.held:
            raise StorageUnavailable("its row is held")
        return await super().find_commit(key, commit)

    async def ping(self) -> None:
        self._fail_if_down()

    def _fail_if_down(self) -> None:
        if self.down:
            raise StorageUnavailable("the database does not answer")


@pytest.fixture
def _recover_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0)


async def until_state(live: LiveRoom, state: LiveState) -> None:
    async with asyncio.timeout(PATIENCE):
        while live.state is not state:
            await asyncio.sleep(0)


async def held_edit(
    hall: Inside, store: HoldingStore, live: LiveRoom
) -> asyncio.Task[Answer | Rejected]:
    """Hold the document's row, and return a waiting edit."""
    store.held.add(PAGE)
    waiting = asyncio.create_task(hall.set("/n", 1))
    await until_state(live, LiveState.HELD)
    return waiting


async def test_waiting_edits_are_committed_once_when_the_row_is_free() -> None:
    store = HoldingStore()
    async with inside(store) as hall:
        await hall.make({"n": 0})
        async with hall.hub.using(PAGE) as live:
            follower = Follower(live)
            first = await held_edit(hall, store, live)
            second = asyncio.create_task(hall.set("/m", 2))
            while store.retries < 4:
                await asyncio.sleep(0)
            store.held.clear()
            answers = await asyncio.gather(first, second)
            assert [answer.version for answer in answers if isinstance(answer, Answer)] == [2, 3]
            assert (follower.value, follower.notices) == ({"n": 1, "m": 2}, [])


async def test_a_document_with_a_held_row_can_end_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its batch is not tried again, and no empty transaction is sent in its place."""
    monkeypatch.setattr(transactions, "FIRST", 0.0)
    monkeypatch.setattr(transactions, "LONGEST", 0.0)
    store = HoldingStore()
    async with inside(store) as hall:
        await hall.make({"n": 0})
        async with hall.hub.using(PAGE) as live:
            waiting = await held_edit(hall, store, live)
            retries = store.retries
            hall.hub.end_room(live, DELETED)
            assert isinstance(await waiting, Rejected)
            store.held.clear()
            await until(lambda: not hall.commits._retries)
            await hall.make({"n": 0}, OTHER)
            assert (live.state, store.retries - retries) == (LiveState.CLOSED, 0)
            assert len(await store.entries(PAGE, 0, 9, 9)) == 1, "its batch is not written later"


@pytest.mark.usefixtures("_recover_at_once")
@pytest.mark.parametrize("trouble", ["down", "fails"])
async def test_a_failure_while_a_row_is_held_makes_it_read_only(trouble: str) -> None:
    store = HoldingStore()
    async with inside(store) as hall:
        await hall.make({"n": 0})
        async with hall.hub.using(PAGE) as live:
            follower = Follower(live)
            waiting = await held_edit(hall, store, live)
            setattr(store, trouble, True)
            assert isinstance(await waiting, Rejected)
            await until(lambda: live.is_read_only)
            setattr(store, trouble, False)
            store.held.clear()
            await until_state(live, LiveState.OPEN)
            assert isinstance(await hall.set("/n", 2), Answer)
            assert (follower.value, follower.notices) == ({"n": 2}, [READ_ONLY, WRITABLE])


@pytest.mark.usefixtures("_recover_at_once")
async def test_a_row_that_is_held_after_its_document_stopped_is_a_clash() -> None:
    inner = HoldingStore()
    store, calls = held(inner)
    async with inside(store) as hall:
        await hall.make({"n": 0})
        async with hall.hub.using(PAGE) as live:
            calls.hold("commit")
            inner.held.add(PAGE)
            waiting = asyncio.create_task(hall.set("/n", 1))
            await calls.reached("commit")
            hall.commits._reopening.stop(live)
            calls.release("commit")
            assert isinstance(await waiting, Rejected)
            inner.held.clear()
            hall.commits._reopening.trouble.set()
            await until_state(live, LiveState.OPEN)
            assert isinstance(await hall.set("/n", 2), Answer)
            assert live.room.document.value == {"n": 2}


async def test_a_failing_document_does_not_stop_other_documents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transactions, "LONGEST", 0)
    store = HoldingStore()
    async with inside(store) as hall:
        for key in (PAGE, OTHER):
            await hall.make({"n": 0}, key)
        async with hall.hub.using(PAGE) as live, hall.hub.using(OTHER) as other:
            followers = Follower(live), Follower(other)
            waiting = await held_edit(hall, store, live)
            hall.clock.advance(transactions.PATIENCE)
            retries = store.retries
            await until(lambda: store.retries > retries + 1)
            assert live.state is LiveState.HELD
            hall.clock.advance(0.01)
            assert isinstance(await waiting, Rejected)
            assert isinstance(await hall.set("/n", 1, OTHER), Answer)
            assert [follower.notices for follower in followers] == [[READ_ONLY], []]


@pytest.mark.usefixtures("_recover_at_once")
async def test_all_documents_stop_when_the_database_takes_no_writes() -> None:
    store = HoldingStore()
    async with inside(store) as hall:
        for key in (PAGE, OTHER):
            await hall.make({"n": 0}, key)
        async with hall.hub.using(PAGE) as live, hall.hub.using(OTHER) as other:
            followers = Follower(live), Follower(other)
            store.down = True
            assert isinstance(await hall.set("/n", 1), Rejected)
            await until(lambda: other.is_read_only)
            store.down = False
            await until_state(live, LiveState.OPEN)
            await until_state(other, LiveState.OPEN)
            assert [follower.notices for follower in followers] == [[READ_ONLY, WRITABLE]] * 2
