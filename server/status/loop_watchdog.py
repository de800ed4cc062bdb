"""The watchdog: logs when the event loop stalls, and the stack at which it does."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.recording.metrics import Metrics
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

BEAT_EVERY = 0.05
FRAMES = 32
# A loop that is always late is one finding, not a thousand lines.
LOG_EVERY = 5.0


class Watchdog:
    """The loop beats, and a thread looks whether it still does.

    Invariant: a stall is counted once, when it is over, by the loop itself; the thread adds the
    stack where it can. Native code that holds the interpreter's lock stops the thread as well:
    then only the length is known.
    """

    def __init__(self, clock: Clock, metrics: Metrics, patience: float) -> None:
        self._clock = clock
        self._metrics = metrics
        self._patience = patience
        self._beat_at = clock.monotonic()
        self._logged_at = float("-inf")
        self._logged_beat = float("-inf")  # the beat before the stall whose stack was logged
        self._stop = threading.Event()
        self._worst = 0.0

    def take_worst(self) -> float:
        """The longest lag since this was last asked."""
        worst, self._worst = self._worst, 0.0
        return worst

    async def beat(self) -> None:
        """For ever."""
        while True:
            due_at = self._clock.monotonic() + BEAT_EVERY
            await asyncio.sleep(BEAT_EVERY)
            self.on_beat(max(0.0, self._clock.monotonic() - due_at))

    def on_beat(self, lag: float) -> None:
        """The loop came this late to its beat."""
        last_beat, self._beat_at = self._beat_at, self._clock.monotonic()
        self._metrics.loop_lag.observe(lag)
        self._worst = max(self._worst, lag)
        if self._patience and lag >= self._patience:
            self._metrics.loop_stalls.inc()
            if self._logged_beat == last_beat or self._may_log():
                logger.warning("the event loop stood still for %d ms", lag * 1000)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The thread, over the loop that runs in this one."""
        if not self._patience:
            yield
            return
        watched = threading.get_ident()
        thread = threading.Thread(target=self._watch, args=(watched,), name="watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _watch(self, watched: int) -> None:
        while not self._stop.wait(self._patience / 2):
            self.look(watched)

    def look(self, watched: int) -> None:
        """Log the stack of that thread, once a stall; the loop logs how long the stall took."""
        beat_at = self._beat_at
        late = self._clock.monotonic() - beat_at - BEAT_EVERY
        if late >= self._patience and beat_at != self._logged_beat and self._may_log():
            self._logged_beat = beat_at
            logger.warning(
                "the event loop has stood still for %d ms",
                late * 1000,
                extra={"stack": stack_of(watched)},
            )

    def _may_log(self) -> bool:
        now = self._clock.monotonic()
        if now - self._logged_at < LOG_EVERY:
            return False
        self._logged_at = now
        return True


def stack_of(thread: int) -> list[str]:
    """Where a thread is, innermost last: files, lines and functions, no variables."""
    frame = sys._current_frames().get(thread)
    found = traceback.extract_stack(frame, FRAMES) if frame is not None else []
    return [f"{each.filename}:{each.lineno} {each.name}" for each in found]
