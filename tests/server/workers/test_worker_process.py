"""A worker, as its parent sees it, with a real process that says what the test wants."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import pytest

from server.workers.exchange import Ready, encode
from server.workers.worker_process import WorkerProcess

LIMIT = 1024


@pytest.fixture
async def worker() -> AsyncIterator[tuple[WorkerProcess, socket.socket]]:
    """Yield a worker that waits for a signal, and the end of its connection."""
    ours, theirs = socket.socketpair()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=-1)
    reader, writer = await asyncio.open_unix_connection(sock=ours, limit=LIMIT)
    with theirs:
        yield WorkerProcess(process, reader, writer), theirs
    if process.returncode is None:
        process.kill()
        await process.wait()
    writer.close()


async def test_a_line_that_is_too_long_ends_this_worker_only(
    worker: tuple[WorkerProcess, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    process, said = worker
    assert (process.was_ready, process.is_replaced) == (False, False)
    said.sendall(b"no JSON\n" + encode(Ready("hello")) + bytes(3 * LIMIT) + b"\n")
    assert [message async for message in process.messages()] == [Ready("hello")]
    assert await process.until_ended() != 0
    assert "sends a line that is too long" in caplog.text
