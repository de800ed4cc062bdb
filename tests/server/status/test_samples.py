"""One sample a second: the events since the last one, and the current numbers."""

from __future__ import annotations

from collab.entry import Author, Entry
from collab.errors import Code
from collab.ids import DocKey
from collab.ports.store import Append, Committed
from collab.room.working import RoomBounds
from server.documents.hub import Hub
from server.documents.snapshots import HubBounds
from server.recording.recorder import Recorder
from server.status.loop_watchdog import Watchdog
from server.status.samples import KEEP, Samples
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock

ENTRY = Entry(1, Author("ada"), 0, "edit", [], b"")


def samples() -> tuple[Samples, Recorder, ManualClock]:
    clock, store = ManualClock(), MemoryStore()
    recorder = Recorder(store, clock)
    hub = Hub(store, clock, HubBounds(RoomBounds()), recorder)
    watchdog = Watchdog(clock, recorder.metrics, 0.1)
    return Samples(hub, recorder.metrics, recorder.connections, watchdog, clock), recorder, clock


def test_counters_are_sampled_as_rates() -> None:
    taken, recorder, clock = samples()
    for _ in range(6):
        recorder.metrics.refuse("http", Code.NOT_FOUND)
    clock.advance(2.0)
    assert taken.take_sample().refusals == 3.0
    clock.advance(1.0)
    assert taken.take_sample().refusals == 0.0


def test_without_a_commit_its_time_and_size_are_none() -> None:
    taken, recorder, clock = samples()
    clock.advance(1.0)
    idle = taken.take_sample()
    assert (idle.commit, idle.batch, idle.p99) == (None, None, None)
    for entries in (9, 3):
        append = Append(DocKey("demo", "page"), 1, 0, 0, [ENTRY] * entries)
        recorder.transaction_ended([append], [Committed()], 0.002)
    clock.advance(1.0)
    busy = taken.take_sample()
    assert busy.batch == 6.0
    assert busy.commit is not None
    assert busy.commit <= 2.0


def test_old_samples_are_dropped_and_since_filters_them() -> None:
    taken, _, clock = samples()
    for _ in range(KEEP + 5):
        clock.advance(1.0)
        taken.take_sample()
    assert len(taken.kept) == KEEP
    last = taken.kept[-1].at
    assert [sample.at for sample in taken.since(last - 2000)] == [last - 1000, last]
