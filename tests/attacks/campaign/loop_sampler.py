"""Runs `weft` with a timer that records which code holds the event loop.

`python loop_sampler.py NOTES WEFT serve …`: every hold is a line of JSON in the file NOTES.

A hold is one callback of the loop that runs from one look to the next. Its wall time includes
delays of the machine. Its processor time and its garbage collection do not. A pause is a time
in which only another thread of the process ran.

The timer's signal interrupts the main thread, which looks at its own stack. Another thread must not
read the frames of a running thread: Python 3.11 can crash then.
"""

from __future__ import annotations

import gc
import heapq  # noqa: F401 - `most_common` needs it, perhaps while the server imports it
import json
import runpy
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

LOOK_EVERY = 0.002
WORTH_A_LINE = 0.015
# The loop's own frame; the frame inside it belongs to a callback.
RUNNERS = ("asyncio/runners.py", "uvicorn/_compat.py", "asyncio/base_events.py")
INNERMOST = 5


@dataclass
class Hold:
    """One callback that is still running."""

    frame: FrameType
    began: float
    cpu: float
    process: float
    collected: float
    places: Counter[str] = field(default_factory=Counter)


class Sampler:
    """Looks at the loop's thread again and again.

    Invariant: `_hold` is the callback that ran at the last look, or None.
    """

    def __init__(self, notes: TextIO) -> None:
        self._notes = notes
        self._hold: Hold | None = None
        self._is_looking = False
        self._collected = 0.0
        self._collection_began = 0.0
        self._looked_at = self._process_cpu = self._loop_cpu = 0.0
        self._others: dict[str, float] = {}  # processor seconds of each other thread

    def watch(self) -> None:
        """Watch the main thread, which calls this, until the process ends."""
        gc.callbacks.append(self._on_collection)
        signal.signal(signal.SIGALRM, self._on_signal)
        signal.siginterrupt(signal.SIGALRM, False)
        signal.setitimer(signal.ITIMER_REAL, LOOK_EVERY, LOOK_EVERY)

    def _on_signal(self, _signal: int, frame: FrameType | None) -> None:
        if self._is_looking:
            return
        self._is_looking = True
        try:
            self._look(frame, time.monotonic())
        finally:
            self._is_looking = False

    def _look(self, frame: FrameType | None, now: float) -> None:
        cpu = time.thread_time()
        callback = callback_of(frame)
        # It was not there at the last look, so it began later; native code may have hidden it.
        since = (self._looked_at or now, self._loop_cpu or cpu, self._process_cpu)
        if self._hold is None and callback is None:
            self._note_unseen(now, cpu)
        self._note_pause(now, cpu)
        if self._hold is not None and callback is not self._hold.frame:
            self._end(self._hold, now, cpu)
            self._hold = None
        if callback is None or frame is None:
            return
        if self._hold is None:
            self._hold = Hold(callback, *since, self._collected)
        self._hold.places[place_of(frame)] += 1

    def _end(self, hold: Hold, now: float, cpu: float) -> None:
        if now - hold.began >= WORTH_A_LINE:
            self._write(
                kind="hold",
                began=hold.began,
                wall_ms=1000 * (now - hold.began),
                cpu_ms=1000 * (cpu - hold.cpu),
                process_ms=1000 * (time.process_time() - hold.process),
                gc_ms=1000 * (self._collected - hold.collected),
                places=[f"{count} {place}" for place, count in hold.places.most_common(3)],
            )

    def _note_unseen(self, now: float, cpu: float) -> None:
        """Record a callback that ran between two looks: native code held the interpreter."""
        if self._looked_at and cpu - self._loop_cpu >= WORTH_A_LINE:
            self._write(
                kind="hold",
                began=self._looked_at,
                wall_ms=1000 * (now - self._looked_at),
                cpu_ms=1000 * (cpu - self._loop_cpu),
                process_ms=1000 * (time.process_time() - self._process_cpu),
                gc_ms=0.0,
                places=["native code, from one look to the next"],
            )

    def _note_pause(self, now: float, cpu: float) -> None:
        """Record that other threads held the interpreter while the loop waited for it.

        Several threads may work at the same time, for example when one compresses a snapshot. Only
        one holds the interpreter, so the busiest of them counts.
        """
        process = time.process_time()
        others = (process - self._process_cpu) - (cpu - self._loop_cpu)
        seconds = _seconds_of_others()
        if self._looked_at and now - self._looked_at >= WORTH_A_LINE and others >= WORTH_A_LINE:
            took = Counter({name: at - self._others.get(name, 0) for name, at in seconds.items()})
            self._write(
                kind="pause",
                began=self._looked_at,
                wall_ms=1000 * (now - self._looked_at),
                cpu_ms=1000 * max(took.values(), default=0.0),
                process_ms=1000 * (process - self._process_cpu),
                gc_ms=0.0,
                places=[f"{name}: {1000 * each:.0f} ms" for name, each in took.most_common(3)],
            )
        self._process_cpu, self._looked_at, self._loop_cpu = process, now, cpu
        self._others = seconds

    def _write(self, **fields: Any) -> None:
        self._notes.write(json.dumps(fields) + "\n")
        self._notes.flush()

    def _on_collection(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._collection_began = time.monotonic()
        elif threading.current_thread() is threading.main_thread():
            self._collected += time.monotonic() - self._collection_began


def _seconds_of_others() -> dict[str, float]:
    """Return the processor seconds of each other thread, by its name."""
    found: dict[str, float] = {}
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and thread.native_id is not None:
            with suppress(OSError):  # the thread has ended meanwhile
                found[thread.name] = time.clock_gettime(~thread.native_id << 3 | 6)
    return found


def callback_of(frame: FrameType | None) -> FrameType | None:
    """Return the outermost frame inside the loop; None when the loop waits."""
    above: FrameType | None = None
    while frame is not None:
        if frame.f_code.co_filename.endswith(RUNNERS):
            return above
        above, frame = frame, frame.f_back
    return None


def place_of(frame: FrameType | None) -> str:
    """Return the innermost functions, innermost first."""
    names: list[str] = []
    while frame is not None and len(names) < INNERMOST:
        code = frame.f_code
        name = f"{Path(code.co_filename).stem}.{code.co_qualname}:{frame.f_lineno}"
        names.append("the collector" if "_on_collection" in name else name)
        frame = frame.f_back
    return " < ".join(names)


def main() -> None:
    notes, script = sys.argv[1:3]
    sys.argv = sys.argv[2:]
    with Path(notes).open("a") as written:
        Sampler(written).watch()
        try:
            runpy.run_path(script, run_name="__main__")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main()
