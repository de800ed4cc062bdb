"""One sample a second: what happened since the last one, and what stands."""

from __future__ import annotations

from collab.errors import Code
from collab.room.working import RoomBounds
from server.documents.hub import Hub
from server.documents.snapshots import HubBounds
from server.recording.recorder import Witness
from server.status.loop_watchdog import Watchdog
from server.status.samples import KEEP, Samples
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock


def samples() -> tuple[Samples, Witness, ManualClock]:
    clock, store = ManualClock(), MemoryStore()
    witness = Witness(store, clock)
    hub = Hub(store, clock, HubBounds(RoomBounds()), witness)
    watchdog = Watchdog(clock, witness.metrics, 0.1)
    return Samples(hub, witness.metrics, witness.roster, watchdog, clock), witness, clock


def test_what_grows_is_told_by_the_second() -> None:
    taken, witness, clock = samples()
    for _ in range(6):
        witness.metrics.refuse("http", Code.NOT_FOUND)
    clock.advance(2.0)
    assert taken.take().refusals == 3.0
    clock.advance(1.0)
    assert taken.take().refusals == 0.0


def test_where_nothing_was_committed_there_is_neither_a_time_nor_a_size() -> None:
    taken, witness, clock = samples()
    clock.advance(1.0)
    idle = taken.take()
    assert (idle.commit, idle.batch, idle.p99) == (None, None, None)
    witness.metrics.committed(entries=9, seconds=0.002)
    witness.metrics.committed(entries=3, seconds=0.002)
    clock.advance(1.0)
    busy = taken.take()
    assert busy.batch == 6.0
    assert busy.commit is not None
    assert busy.commit <= 2.0


def test_the_oldest_go_and_only_newer_ones_than_asked_for_are_told() -> None:
    taken, _, clock = samples()
    for _ in range(KEEP + 5):
        clock.advance(1.0)
        taken.take()
    assert len(taken.kept) == KEEP
    last = taken.kept[-1].at
    assert [sample.at for sample in taken.since(last - 2000)] == [last - 1000, last]
