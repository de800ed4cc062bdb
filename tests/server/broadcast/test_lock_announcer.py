"""The lock announcer: who is sent lock events, and when the next lock is due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from collab.entry import Author
from collab.ids import DocKey
from collab.locks.state import Locks, LockStep
from collab.messages import LockChange
from collab.room.member import Member
from server.broadcast.audience import Audience
from server.broadcast.lock_announcer import LATER, REMIND_AFTER, LockAnnouncer
from server.broadcast.subscriber import Answered
from server.runtime.database_clock import DatabaseClock
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE
from tests.manual_clock import ManualClock


class Observer:
    """Keeps the lock events that the audience reports."""

    def __init__(self) -> None:
        self.moved: list[tuple[object, ...]] = []

    def on_broadcast(
        self, key: DocKey, answered: Sequence[Answered], durable_at: float
    ) -> None: ...

    def on_locks_changed(
        self, key: DocKey, events: Sequence[LockChange], by: Member | None, asked: str
    ) -> None:
        self.moved.append((events, by, asked))


class Timers:
    """Keeps the timers that were asked of the event loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits: list[float] = []
        self.handles: list[asyncio.TimerHandle] = []
        loop = asyncio.get_running_loop()
        call_later = loop.call_later

        def note(seconds: float, callback: object, *args: object) -> asyncio.TimerHandle:
            handle = call_later(3_600, callback, *args)  # type: ignore[arg-type]
            self.waits.append(seconds)
            self.handles.append(handle)
            return handle

        monkeypatch.setattr(loop, "call_later", note)

    def active(self) -> int:
        return sum(not handle.cancelled() for handle in self.handles)


def locked(clock: ManualClock, ttl: float = 30.0) -> LockStep:
    step = Locks().acquire(
        Author("ada", client="tab"), "/a", {"a": 1}, now=clock.now_ms(), secret=b"s", ttl=ttl
    )
    assert isinstance(step, LockStep)
    return step


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def announcer(
    clock: ManualClock, due: list[str], audience: Audience | None = None
) -> LockAnnouncer:
    time = DatabaseClock(MemoryStore(clock.now_ms), clock)
    listening = Audience(PAGE, clock) if audience is None else audience
    return LockAnnouncer(listening, time, lambda: due.append("due"))


async def test_a_timer_fires_a_moment_after_the_first_lock_is_due(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers, due = Timers(monkeypatch), list[str]()
    board = announcer(clock, due)
    locks = locked(clock).locks
    due_at = locks.due_at()
    assert due_at is not None
    board.watch(locks)
    expected = (due_at - board.time.now()) / 1000 + LATER
    assert timers.waits == [pytest.approx(expected)]
    board.watch(Locks())
    assert timers.active() == 0
    board.close()


async def test_a_lock_that_is_overdue_is_due_at_once(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers = Timers(monkeypatch)
    board = announcer(clock, [])
    locks = locked(clock).locks
    clock.advance(3_600)
    board.watch(locks)
    assert timers.waits == [LATER]
    board.close()


async def test_a_due_lock_wakes_the_document_and_is_remembered_until_it_is_handled(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers, due = Timers(monkeypatch), list[str]()
    board = announcer(clock, due)
    board._due()
    assert (due, board.is_due, timers.waits) == (["due"], True, [REMIND_AFTER])
    board.close()
    assert timers.active() == 0


async def test_a_closed_announcer_starts_no_timer_and_wakes_nothing(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers, due = Timers(monkeypatch), list[str]()
    board = announcer(clock, due)
    board.close()
    board.watch(locked(clock).locks)
    assert timers.waits == []
    board._due()
    assert due == []
    board.close()


async def test_lock_events_are_reported_with_their_author_and_action(clock: ManualClock) -> None:
    audience, observer = Audience(PAGE, ManualClock()), Observer()
    audience.observer = observer
    board = announcer(clock, [], audience)
    events = locked(clock).events
    board.announce([])
    board.announce(events, None, "acquire")
    assert observer.moved == [(events, None, "acquire")]
