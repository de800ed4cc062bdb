"""A child process starts beside the event loop, and does not outlive a canceled start."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from server.runtime.child_process import PIPE, Process, start_process, until_ended

ECHO = (sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read())")
WAITS = (sys.executable, "-c", "import sys; sys.stdin.read()")


async def test_a_process_gets_what_is_written_and_ends_with_its_code() -> None:
    process = await start_process(ECHO, stdin=PIPE, stdout=PIPE)
    answer, _ = await asyncio.to_thread(process.communicate, b"words")
    assert (answer, await until_ended(process)) == (b"words", 0)


async def test_a_program_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        await start_process(("/no/such/program",), stdin=PIPE, stdout=PIPE)


async def test_a_process_whose_start_is_canceled_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Process] = []
    begins = asyncio.Event()
    loop = asyncio.get_running_loop()

    def start(*args: Any, **options: Any) -> Process:
        loop.call_soon_threadsafe(begins.set)
        started.append(popen(*args, **options))
        return started[0]

    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", start)
    starting = asyncio.create_task(start_process(WAITS, stdin=PIPE, stdout=PIPE))
    await begins.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert started[0].poll() == -9
    for pipe in (started[0].stdin, started[0].stdout):
        assert pipe is not None
        assert pipe.closed
