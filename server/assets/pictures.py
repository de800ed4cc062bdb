"""Reads uploaded pictures: `Pictures.prepare` returns what the server stores and serves.

A child process reads each picture (`server/assets/child.py`). The first picture starts it. So a
server without uploads has no such process, and has not imported the decoders.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from collab.errors import Code, Rejected
from server.assets.exchange import PictureBounds, Prepared, Refused
from server.assets.reading_process import EndedError, NotStartedError, ReadingProcess, TooSlowError

logger = logging.getLogger(__name__)

__all__ = ["PictureBounds", "Pictures", "Prepared"]

PROCESSES: Final = 2
# Uploads that are read or wait for their turn. Each one is a whole file in memory.
MAX_WAITING: Final = 32


class Pictures:
    """Prepares pictures, each in a process that may be killed.

    Invariant: at most `PROCESSES` processes exist. A process that failed is replaced.
    """

    def __init__(self, bounds: PictureBounds, processes: int = PROCESSES) -> None:
        self._bounds = bounds
        self._processes = processes
        self._turns = asyncio.Semaphore(processes)
        self._idle: list[ReadingProcess] = []
        self._busy: set[ReadingProcess] = set()
        self._waiting = 0
        self._is_closed = False

    async def prepare(self, body: bytes) -> Prepared:
        """Return the picture in `body`. Raise `Rejected` when the body is not a usable picture."""
        if self._waiting >= MAX_WAITING or self._is_closed:
            raise _busy()
        self._waiting += 1
        try:
            async with self._turns:
                answer = await self._read(body)
        finally:
            self._waiting -= 1
        if isinstance(answer, Refused):
            raise Rejected(answer.code, answer.message)
        return answer

    async def close(self) -> None:
        """End the processes. Pictures that they read, and pictures that wait, are refused."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        for process in (*idle, *self._busy):
            process.kill()
        for process in idle:
            await process.wait()
        for _ in range(self._processes):
            await self._turns.acquire()
        for _ in range(self._processes):
            self._turns.release()

    async def _read(self, body: bytes) -> Prepared | Refused:
        """Read the picture in an idle process that is still alive, or in a new one."""
        try:
            while self._idle:
                process = self._idle.pop()
                with suppress(NotStartedError):
                    return await self._read_in(process, body)
            return await self._read_in(await self._start(), body)
        except NotStartedError as error:
            logger.error("the process that reads pictures does not start: %s", error)
            raise _busy() from error

    async def _start(self) -> ReadingProcess:
        self._require_open()
        try:
            process = await ReadingProcess.start(self._bounds)
        except TimeoutError as error:
            raise NotStartedError("it takes too long") from error
        try:
            self._require_open()
        except Rejected:
            await self._end(process)
            raise
        return process

    def _require_open(self) -> None:
        if self._is_closed:
            raise _busy()

    async def _read_in(self, process: ReadingProcess, body: bytes) -> Prepared | Refused:
        self._busy.add(process)
        is_sound = False
        try:
            answer = await process.read(body)
            is_sound = True
            return answer
        except TooSlowError:
            return Refused(
                Code.INVALID_ASSET,
                f"the picture takes longer than {self._bounds.seconds:g} s to read",
            )
        except EndedError as error:
            logger.warning("a picture ended the process that read it: %s", error)
            return Refused(Code.INVALID_ASSET, "the picture cannot be read")
        finally:
            self._busy.discard(process)
            await self._put_back(process, is_sound=is_sound)

    async def _put_back(self, process: ReadingProcess, *, is_sound: bool) -> None:
        """Keep a sound process for the next picture. End another one."""
        if is_sound and not self._is_closed:
            self._idle.append(process)
            return
        await self._end(process)

    async def _end(self, process: ReadingProcess) -> None:
        process.kill()
        await process.wait()


def _busy() -> Rejected:
    return Rejected(
        Code.RATE_LIMITED,
        "the server reads too many pictures; send this one again later",
        retry_after_ms=2_000,
    )
