"""Tasks of documents: a failing task ends its document, and no other task."""

from __future__ import annotations

import asyncio
import gc
from functools import partial

import pytest

from server.commits.document_tasks import DocumentTasks
from server.documents.live_room import LiveRoom
from server.documents.room_state import LiveState
from tests.server.scene import scene


async def fail() -> None:
    raise RuntimeError("a bug")


async def test_a_failing_task_closes_its_document_and_other_tasks_go_on() -> None:
    async with scene() as it:
        tasks, done = DocumentTasks(it.hub), asyncio.Event()
        async with tasks.group:
            tasks.spawn(fail, "fails", it.live)
            tasks.spawn(fail, "fails without a document")
            await asyncio.sleep(0)
            tasks.spawn(partial(_set, done), "goes on", it.live)
        assert done.is_set()
        assert it.live.state is LiveState.CLOSED
        assert it.events() == [(name, "closed", 1011) for name in ("ada", "bo", "cy")]


async def test_a_failure_without_a_document_ends_nothing() -> None:
    async with scene() as it:
        DocumentTasks(it.hub).fail(None)
        assert it.live.state is LiveState.OPEN
        assert it.events() == []


async def test_a_task_that_is_cancelled_before_it_begins_leaves_no_coroutine(
    recwarn: pytest.WarningsRecorder,
) -> None:
    async with scene() as it:
        tasks = DocumentTasks(it.hub)
        with pytest.raises(asyncio.CancelledError):
            await _stop_at_once(tasks, it.live)
        gc.collect()
        assert [str(warning.message) for warning in recwarn] == []
        assert it.live.state is LiveState.OPEN, "it has not failed"


async def _stop_at_once(tasks: DocumentTasks, live: LiveRoom) -> None:
    async with tasks.group:
        tasks.spawn(fail, "never begins", live)
        raise asyncio.CancelledError


async def _set(event: asyncio.Event) -> None:
    event.set()
