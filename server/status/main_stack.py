"""Reads the stack of the main thread, for another thread that finds the main thread busy.

The main thread notes its own stack. In Python 3.11 the process may crash when one thread reads the
frames of another thread that runs. So the other thread sends a signal. Python calls the signal's
handler in the main thread, after the present step of Python code.
"""

from __future__ import annotations

import queue
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

FRAMES: Final = 32
# Without a handler, the system ignores this signal. Windows does not have it.
SIGNAL: Final = getattr(signal, "SIGURG", None)


class MainStack:
    """The stack of the main thread. Another thread reads it."""

    def __init__(self) -> None:
        self._is_readable = False
        # A handler may interrupt itself. Only this queue allows that.
        self._noted: queue.SimpleQueue[tuple[int, list[str]]] = queue.SimpleQueue()
        self._call = 0  # the number of the newest call of `read`

    @contextmanager
    def readable(self) -> Iterator[None]:
        """Let other threads call `read`. The main thread calls this; for others it does nothing."""
        if SIGNAL is None or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(SIGNAL, self._note)
        self._is_readable = True
        try:
            yield
        finally:
            self._is_readable = False
            signal.signal(SIGNAL, before)

    def read(self, seconds: float) -> list[str]:
        """Return the stack, innermost frame last: file, line and function, no variables.

        It is empty when the main thread runs no Python code within some seconds.
        """
        if SIGNAL is None or not self._is_readable:
            return []
        self._call += 1
        signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
        try:
            while True:
                call, stack = self._noted.get(timeout=seconds)
                if call == self._call:  # else the answer to an earlier call came too late
                    return stack
        except queue.Empty:
            return []

    def _note(self, _signal: int, frame: FrameType | None) -> None:
        call, found = self._call, traceback.extract_stack(frame, FRAMES)
        self._noted.put((call, [f"{each.filename}:{each.lineno} {each.name}" for each in found]))
