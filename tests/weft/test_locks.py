"""Locks of the client: what is asked, renewed and given back, against a scripted server."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

import weft
from tests.weft.scripted import OPENED, ScriptedServer, opened
from tests.weft.waiting import until

ME = {"user": "ada", "client": "agent"}
BO = {"user": "bo", "client": "tab"}


def lock(id: str = "l-1", holder: Any = ME, **more: Any) -> dict[str, Any]:
    fields = {"id": id, "scope": "/n", "holder": holder, "fence": 7, "expires_at": "2030"}
    return {**fields, **more}


def asked(scripted: ScriptedServer, action: str) -> list[dict[str, Any]]:
    return [message for message in scripted.seen if message.get("action") == action]


async def answer(scripted: ScriptedServer, request: dict[str, Any], **fields: Any) -> None:
    await scripted.sockets[-1].send(json.dumps({"id": request["id"], **fields}))


async def acquired(scripted: ScriptedServer, page: weft.Page, state: Any, ttl: float) -> weft.Lock:
    before = len(asked(scripted, "acquire"))
    task = asyncio.create_task(page.lock(state["scope"], ttl=ttl))
    await until(lambda: len(asked(scripted, "acquire")) > before)
    await answer(scripted, asked(scripted, "acquire")[-1], type="ack", version=1, lock=state)
    return await task


async def test_each_lock_is_renewed_in_its_own_time(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted, client="agent")
    await acquired(scripted, page, lock("l-1"), 0.09)
    await acquired(scripted, page, lock("l-2", scope="/m"), 3600)
    await until(lambda: len(asked(scripted, "renew")) == 1)
    assert (asked(scripted, "renew")[0]["lock_id"], asked(scripted, "renew")[0]["ttl"]) == (
        "l-1",
        0.09,
    )
    await page.close(0)


@pytest.mark.parametrize(
    ("code", "lasts"), [("rate_limited", True), ("storage_unavailable", True), ("not_found", False)]
)
async def test_a_renewal_that_is_refused_for_now_loses_no_lock(
    scripted: ScriptedServer, code: str, lasts: bool
) -> None:
    scripted.then(OPENED)
    page = await opened(scripted, client="agent")
    mine = await acquired(scripted, page, lock(), 0.03)
    await until(lambda: len(asked(scripted, "renew")) == 1)
    await answer(scripted, asked(scripted, "renew")[0], type="reject", code=code, message="no")
    await until(lambda: len(asked(scripted, "renew")) == 2 if lasts else not mine.mine)
    assert mine.mine is lasts
    await page.close(0)


async def test_a_cancelled_request_gives_its_lock_back(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted, client="agent")
    task = asyncio.create_task(page.lock("/n"))
    await until(lambda: asked(scripted, "acquire"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await answer(scripted, asked(scripted, "acquire")[0], type="ack", version=1, lock=lock())
    await until(lambda: asked(scripted, "release"))
    assert asked(scripted, "release")[0]["lock_id"] == "l-1"
    await page.close(0)


async def test_a_request_fails_when_the_page_closes(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted, client="agent")
    task = asyncio.create_task(page.lock("/n"))
    await until(lambda: asked(scripted, "acquire"))
    await page.close(0)
    with pytest.raises(weft.ClosedError):
        await task


async def test_a_page_that_closes_gives_its_locks_back(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted, client="agent")
    mine = await acquired(scripted, page, lock(), 60)
    closing = asyncio.create_task(page.close())
    await until(lambda: asked(scripted, "release"))
    release = asked(scripted, "release")[0]
    assert release["lock_id"] == "l-1"
    await answer(scripted, release, type="ack", version=1, lock=lock(holder=None))
    await closing
    assert not mine.mine


async def test_a_claim_that_is_withdrawn_leaves_the_holder(scripted: ScriptedServer) -> None:
    scripted.then({**OPENED, "locks": [lock(holder=BO)]})
    page = await opened(scripted, client="agent")
    task = asyncio.create_task(page.lock("/n"))
    await until(lambda: asked(scripted, "acquire"))
    request = asked(scripted, "acquire")[0]
    refusal = {"code": "locked", "message": "no", "lock": lock(holder=BO)}
    await answer(scripted, request, type="reject", **refusal)
    theirs = await task
    withdrawing = asyncio.create_task(theirs.release())
    await until(lambda: asked(scripted, "release"))
    await answer(scripted, asked(scripted, "release")[0], type="ack", lock=lock(holder=BO))
    await withdrawing
    assert theirs.holder == BO
    await page.close(0)


async def test_a_renewal_ends_quietly_when_the_page_is_refused(
    scripted: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.then(OPENED)
    page = await opened(scripted, client="agent")
    await acquired(scripted, page, lock(), 0.15)
    await scripted.sockets[-1].close(4401, "the token has expired")
    await until(lambda: page.link == "refused")
    await until(lambda: not [t for t in asyncio.all_tasks() if "renewal" in t.get_name()])
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    await page.close(0)


async def test_a_wrong_pointer_is_refused_before_it_is_sent(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    page = await opened(scripted, client="agent")
    for pointer in ("n", "/\ud800"):
        with pytest.raises(weft.WeftError):
            await page.lock(pointer)
    assert asked(scripted, "acquire") == []
    await page.close(0)
