"""Lets a random test wait for turns of the event loop only: for no time, and for no thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from server.commits import lock_requests, looking_back, recovery
from server.documents import live_room, long_work
from server.loading import history, opening, room_loader

IN_THREADS = (history, live_room, lock_requests, long_work, looking_back, opening, room_loader)


async def in_turns(turns: int, work: Callable[..., object], *args: object) -> object:
    """Stand for a worker thread: other tasks run before and after the work."""
    for _ in range(turns):
        await asyncio.sleep(0)
    result = work(*args)
    await asyncio.sleep(0)
    return result


def wait_in_turns(monkeypatch: pytest.MonkeyPatch, turns: int = 1) -> None:
    """Recover at once, and start the work of threads after so many turns."""
    monkeypatch.setattr(recovery, "RECOVER_EVERY", 0.0)
    for module in IN_THREADS:
        monkeypatch.setattr(module, "run_in_thread", partial(in_turns, turns))
