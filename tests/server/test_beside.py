"""Work beside the event loop: in few threads, in its caller's context."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest

from server.beside import THREADS, beside
from tests.patience import PATIENCE

WHO = ContextVar("WHO", default="nobody")


async def test_no_more_than_its_threads_are_at_work_at_once() -> None:
    most, at_work = 0, 0
    lock = threading.Lock()
    met = threading.Barrier(THREADS)

    def work() -> None:
        nonlocal most, at_work
        with lock:
            at_work += 1
            most = max(most, at_work)
        met.wait(PATIENCE)
        with lock:
            at_work -= 1

    await asyncio.gather(*(beside(work) for _ in range(THREADS * 4)))
    assert most == THREADS


async def test_it_returns_raises_and_sees_what_its_caller_would() -> None:
    def fail() -> None:
        raise ValueError("no")

    WHO.set("ada")
    assert await beside(WHO.get) == "ada"
    assert await beside(divmod, 7, 2) == (3, 1)
    with pytest.raises(ValueError, match="no"):
        await beside(fail)
