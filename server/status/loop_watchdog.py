"""The watchdog: logs stalls of the event loop, with the stack of the code that blocked it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from server.status.main_stack import MainStack

if TYPE_CHECKING:
    from server.recording.metrics import Metrics
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

BEAT_EVERY = 0.05
# Seconds between two logged stalls. An event loop that is always late must not fill the log.
LOG_EVERY = 5.0


class Watchdog:
    """Detects stalls: a task of the event loop notes the time regularly, and a thread checks it.

    Such a note is a beat. A beat that is at least `patience` seconds late shows a stall. When
    `patience` is 0, the detection is off.

    Invariant: a stall is counted once. The task counts it, after the stall. The thread logs the
    stack during the stall, at most every `LOG_EVERY` seconds. Native code that holds the
    interpreter's lock stops the thread too; then the log has only the length of the stall. The
    stack is empty when the loop waits in native code, or does not run in the main thread.
    """

    def __init__(self, clock: Clock, metrics: Metrics, patience: float) -> None:
        self._clock = clock
        self._metrics = metrics
        self._patience = patience
        self._beat_at = clock.monotonic()
        self._logged_at = float("-inf")
        self._logged_beat = float("-inf")  # the beat before the stall whose stack was logged
        self._stop = threading.Event()
        self._stack = MainStack()
        self._worst = 0.0

    def take_worst(self) -> float:
        """Return the longest delay of a beat since the last call."""
        worst, self._worst = self._worst, 0.0
        return worst

    async def beat(self) -> None:
        """Beat every `BEAT_EVERY` seconds, until cancelled."""
        while True:
            due_at = self._clock.monotonic() + BEAT_EVERY
            await asyncio.sleep(BEAT_EVERY)
            self.on_beat(max(0.0, self._clock.monotonic() - due_at))

    def on_beat(self, lag: float) -> None:
        """Record a beat that came `lag` seconds late."""
        last_beat, self._beat_at = self._beat_at, self._clock.monotonic()
        self._metrics.loop_lag.observe(lag)
        self._worst = max(self._worst, lag)
        if self._patience and lag >= self._patience:
            self._metrics.loop_stalls.inc()
            if self._logged_beat == last_beat or self._may_log():
                logger.warning("the event loop was blocked for %d ms", lag * 1000)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Run the watchdog thread, which watches the event loop of the calling thread."""
        if not self._patience:
            yield
            return
        thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        with self._stack.readable():
            thread.start()
            try:
                yield
            finally:
                self._stop.set()
                thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._patience / 2):
            self.look()

    def look(self) -> None:
        """Log the stack of the event loop's thread, at most once for each stall.

        The event loop logs how long the stall was, after the stall.
        """
        beat_at = self._beat_at
        late = self._clock.monotonic() - beat_at - BEAT_EVERY
        if late >= self._patience and beat_at != self._logged_beat and self._may_log():
            self._logged_beat = beat_at
            logger.warning(
                "the event loop has been blocked for %d ms so far",
                late * 1000,
                extra={"stack": self._stack.read(self._patience)},
            )

    def _may_log(self) -> bool:
        now = self._clock.monotonic()
        if now - self._logged_at < LOG_EVERY:
            return False
        self._logged_at = now
        return True
