"""The cost of monitoring: to count and record a commit, and to read the metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter

from prometheus_client import generate_latest

from collab.entry import Author, Entry
from collab.ids import DocKey
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import Answer, PatchRequest
from server.broadcast.subscriber import Answered, Submission
from server.recording.metrics import Metrics
from server.recording.recorder import Recorder
from server.runtime.clock import SystemClock
from storage.memory.store import MemoryStore

Row = dict[str, str | float]

HOME = DocKey("demo", "home")
ROUNDS = 9


def rows() -> Iterable[Row]:
    """Return µs of CPU in the event loop. Another thread writes the audit rows."""
    yield _row("count and record a commit of 1 edit", _commit(1), 1)
    yield _row("count and record a commit of 64 edits of one session", _commit(64), 64)
    yield _row("count and record a commit of 64 edits of 64 sessions", _commit(64, 64), 64)
    yield _row("make audit rows of 64 edits of 64 sessions", _gather(64), 64)
    yield _row("a scrape of /metrics", _per_call(_scrape(), 50), 1)


def _row(name: str, each: float, edits: int) -> Row:
    return {"name": name, "µs": round(each, 2), "µs an edit": round(each / edits, 2)}


def _batch(edits: int, sessions: int = 1) -> list[Answered]:
    rights = Rights(Role.EDITOR, expires_at=2**60)
    members = [
        Member(Author("ada", session=f"s-{n}"), rights, "patch", origin="192.0.2.1:5")
        for n in range(sessions)
    ]
    return [
        (
            Submission(members[n % sessions], PatchRequest(f"p.{n}", 1, []), 0.0),
            Answer(n + 2, entry=Entry(n + 2, Author("ada"), 0, "edit", [], b"")),
        )
        for n in range(edits)
    ]


def _commit(edits: int, sessions: int = 1) -> float:
    clock = SystemClock()
    recorder = Recorder(MemoryStore(), clock)
    batch = _batch(edits, sessions)

    def commit() -> None:
        recorder.on_broadcast(HOME, batch, clock.monotonic())
        recorder.trail._versions = 0  # as if they were written, so that the limit is not reached
        if edits == sessions:
            recorder.trail._writings.clear()

    return _per_call(commit, 2000 // edits)


def _gather(sessions: int) -> float:
    recorder = Recorder(MemoryStore(), SystemClock())
    batch = _batch(sessions, sessions)
    figures = []
    for _ in range(ROUNDS):
        recorder.on_broadcast(HOME, batch, 0.0)
        began = perf_counter()
        recorder.trail._gather()
        figures.append((perf_counter() - began) * 1e6)
        recorder.trail._rows.clear()
    return median(figures)


def _scrape() -> Callable[[], object]:
    metrics = Metrics()
    return lambda: generate_latest(metrics.registry)


def _per_call(call: Callable[[], object], times: int) -> float:
    figures = []
    for _ in range(ROUNDS):
        began = perf_counter()
        for _ in range(times):
            call()
        figures.append((perf_counter() - began) / times * 1e6)
    return median(figures)
