"""Measures how long a piece of work holds the interpreter lock, in processor time."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

# Seconds after which a waiting thread asks for the lock.
TURN = 0.0005


def longest_hold(work: Callable[[], Any]) -> float:
    """Return the longest time in ms that `work` ran without giving the lock to another thread.

    The work runs in a thread. This thread asks for the lock again and again. Each time it gets the
    lock, it reads how much processor time the worker has used since its last turn. So waiting for
    the processor counts as nothing.
    """
    failed: list[BaseException] = []
    starts, is_done = threading.Event(), threading.Event()

    def run() -> None:
        starts.wait()
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            is_done.set()
            ends.wait()

    ends = threading.Event()
    before, longest = sys.getswitchinterval(), 0.0
    sys.setswitchinterval(TURN)
    worker = threading.Thread(target=run)
    worker.start()
    try:
        assert worker.ident is not None
        clock = time.pthread_getcpuclockid(worker.ident)
        used = time.clock_gettime(clock)
        starts.set()
        while True:
            last = is_done.is_set()
            time.sleep(0)
            now = time.clock_gettime(clock)
            longest, used = max(longest, now - used), now
            if last:
                break
    finally:
        ends.set()
        worker.join()
        sys.setswitchinterval(before)
    if failed:
        raise failed[0]
    return longest * 1000
