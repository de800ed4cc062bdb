"""The session: listeners, the end of a page, and cancellation at each `await`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

import weft
from tests.weft.scripted import OPENED, ScriptedServer, opened
from tests.weft.waiting import until


async def test_every_listener_sees_the_values_in_their_order(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted)
    seen: list[int] = []

    def count(value: int, _: weft.Info) -> None:
        if value < 5:
            page.set("/n", value + 1)

    page.subscribe("/n", count)
    page.subscribe("/n", lambda value, _: seen.append(value))
    assert page.set("/n", 1).state == "sending"
    assert (seen, page.value) == ([1, 2, 3, 4, 5], {"n": 5})
    await page.close(0)


async def test_a_listener_is_called_only_when_its_part_has_changed(
    scripted: ScriptedServer,
) -> None:
    full = {**OPENED, "value": {"n": 0, "list": [{"id": "a"}]}}
    scripted.then(full, close=1001)
    scripted.then({**full, "version": 5, "value": {"n": 1, "list": [{"id": "a"}]}})
    page = await opened(scripted)
    called: list[str] = []
    for pointer in ("/n", "/list"):
        page.subscribe(pointer, lambda value, _, at=pointer: called.append(at))
    page.sync_now()
    await until(lambda: page.version == 5)
    assert called == ["/n"]
    await page.close(0)


async def test_closing_waits_for_edits_that_are_made_meanwhile(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted)
    first = page.set("/n", 1)
    closing = asyncio.create_task(page.close())
    await until(lambda: len(scripted.seen) == 2)
    later = page.set("/n", 2)
    for version in (2, 3):
        message = {"type": "ack", "id": scripted.seen[-1]["id"], "version": version}
        await scripted.sockets[0].send(json.dumps(message))
        await until(lambda: len(scripted.seen) == 3)
    await closing
    assert (first.state, later.state) == ("durable", "durable")


async def test_closing_is_not_undone_by_a_cancellation(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted)
    change = page.set("/n", 1)
    closing = asyncio.create_task(page.close(60))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    with pytest.raises(weft.ClosedError):
        await change.durable
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})


async def test_a_cancelled_wait_cancels_nothing_but_itself(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted)
    change = page.set("/n", 1)
    waiting = [asyncio.create_task(work) for work in (wait(change), page.undo())]
    await until(lambda: len(scripted.seen) == 2)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    ack = {"type": "ack", "id": change.id, "version": 2}
    await scripted.sockets[0].send(json.dumps(ack))
    assert (await change.durable).version == 2
    await until(lambda: scripted.seen[-1]["type"] == "undo")
    await page.close(0)


async def wait(change: weft.Change) -> Any:
    return await change.durable


async def test_a_page_whose_tasks_are_cancelled_is_closed(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted)
    change = page.set("/n", 1)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        if task.get_name() == "weft connection":
            task.cancel()
    with pytest.raises(weft.ClosedError):
        await change.durable
    assert page.link == "closed"


async def test_an_edit_that_is_a_coroutine_function_is_refused(scripted: ScriptedServer) -> None:
    async def edit(draft: Any) -> None:
        draft["n"] = 1

    scripted.then(OPENED)
    page = await opened(scripted)
    with pytest.raises(weft.WeftError, match="plain function"):
        page.change(edit)
    page.change(lambda draft: draft.setdefault("m", 1))
    assert page.value == {"n": 0, "m": 1}
    await page.close(0)
