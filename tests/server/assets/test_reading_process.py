"""One child process that reads pictures, as the server sees it."""

from __future__ import annotations

import asyncio
import sys

import psutil
import pytest

from server.assets import reading_process
from server.assets.exchange import PictureBounds, Prepared, Refused
from server.assets.reading_process import NotStartedError, ReadingProcess
from tests.patience import PATIENCE
from tests.server.assets.samples import encode, photo, svg

pytestmark = pytest.mark.real


async def test_it_reads_one_picture_after_the_other() -> None:
    process = await ReadingProcess.start(PictureBounds())
    for _ in range(3):
        assert isinstance(await process.read(encode(photo(), "PNG")), Prepared)
        assert isinstance(await process.read(b"text"), Refused)
        assert process.is_alive
    process.kill()
    await process.wait()
    assert not process.is_alive


async def test_it_ends_when_the_server_closes_the_socket() -> None:
    process = await ReadingProcess.start(PictureBounds())
    process._writer.close()
    await asyncio.wait_for(process.wait(), PATIENCE)


async def test_a_process_that_has_ended_says_so() -> None:
    process = await ReadingProcess.start(PictureBounds())
    psutil.Process(process.pid).kill()
    await process.wait()
    with pytest.raises(NotStartedError):
        await process.read(svg())
    process.kill()


@pytest.mark.parametrize("module", ["tests.server.assets.no_such_module", "json.tool"])
async def test_another_program_is_not_started(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setattr(reading_process, "_MODULE", module)
    with pytest.raises(NotStartedError):
        await ReadingProcess.start(PictureBounds())


async def test_a_program_that_is_missing_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(NotStartedError):
        await ReadingProcess.start(PictureBounds())


async def test_a_canceled_start_leaves_no_process() -> None:
    before = psutil.Process().children()  # such as the browser of other tests
    starting = asyncio.create_task(ReadingProcess.start(PictureBounds()))
    async with asyncio.timeout(PATIENCE):
        while not (children := [one for one in psutil.Process().children() if one not in before]):
            await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    for child in children:
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0)
