"""One child process that reads pictures, as the server sees it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from server.assets.exchange import (
    BEGUN,
    LENGTH,
    MAX_HEADER,
    READY,
    TOO_SLOW,
    Answer,
    PictureBounds,
    Prepared,
    Refused,
    decode_header,
)
from server.runtime.child_process import Process, start_process, until_ended

_MODULE: Final = "server.assets.child"
# Seconds until a new process has imported its modules.
START_SECONDS: Final = 20.0
# The event loop copies a large file in pieces, and serves others between them.
_PIECE: Final = 256 * 1024


class NotStartedError(Exception):
    """The process does not start, or it ended before it began to read the picture."""


class EndedError(Exception):
    """The process ended while it read the picture, or answered nonsense."""


class TooSlowError(Exception):
    """The picture took more than its seconds."""


@dataclass(slots=True, eq=False)
class ReadingProcess:
    """A child process and the socket to it. It reads one picture at a time."""

    bounds: PictureBounds
    _process: Process
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    @classmethod
    async def start(cls, bounds: PictureBounds) -> ReadingProcess:
        """Start a process and wait until it can read. Raise `NotStartedError` when it cannot."""
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await _connect(ours)
            try:
                started = cls(bounds, await _spawn(bounds, theirs.fileno()), reader, writer)
            except BaseException as error:  # no socket stays open, also after a cancellation
                writer.close()
                if isinstance(error, OSError):
                    raise NotStartedError(str(error)) from error
                raise
        try:
            async with asyncio.timeout(START_SECONDS):
                await started._expect(READY)
        except BaseException:  # no process stays, also when the caller is canceled
            started.kill()
            await started.wait()
            raise
        return started

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None and not self._reader.at_eof()

    async def read(self, body: bytes) -> Prepared | Refused:
        """Return the prepared picture, or the reason why the picture is refused.

        Raise `TooSlowError` after the seconds of the bounds, and `EndedError` after a crash.
        """
        try:
            async with asyncio.timeout(self.bounds.patience):
                self._writer.write(len(body).to_bytes(LENGTH))
                await self._expect(BEGUN)
                return await self._exchange(body)
        except TimeoutError as error:
            raise TooSlowError from error
        except (OSError, asyncio.IncompleteReadError, msgspec.MsgspecError) as error:
            self.kill()
            if await until_ended(self._process) == TOO_SLOW:
                raise TooSlowError from error
            raise EndedError(str(error)) from error

    def kill(self) -> None:
        """End the process, and the process of the picture that it reads."""
        self._writer.close()
        if self._process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def wait(self) -> None:
        """Wait until the killed process has ended."""
        await until_ended(self._process)

    async def _expect(self, byte: bytes) -> None:
        try:
            if await self._reader.readexactly(1) == byte:
                return
        except (OSError, asyncio.IncompleteReadError) as error:
            raise NotStartedError("the process has ended") from error
        raise NotStartedError("the process sent something else")

    async def _exchange(self, body: bytes) -> Prepared | Refused:
        view = memoryview(body)
        for start in range(0, len(body), _PIECE):
            self._writer.write(view[start : start + _PIECE])
            await self._writer.drain()
        length = int.from_bytes(await self._reader.readexactly(LENGTH))
        if length > MAX_HEADER:
            raise EndedError("the header is too long")
        header = decode_header(await self._reader.readexactly(length))
        return header if isinstance(header, Refused) else await self._contents(header, body)

    async def _contents(self, header: Answer, body: bytes) -> Prepared:
        if not header.is_possible:
            raise EndedError("the answer is impossible")
        content = body if header.size is None else await self._take(header.size)
        widths = {width: await self._take(size) for width, size in header.widths.items()}
        return Prepared(header.type, header.width, header.height, content, widths)

    async def _take(self, size: int) -> bytes:
        parts = list[bytes]()
        while size:
            part = await self._reader.readexactly(min(size, _PIECE))
            parts.append(part)
            size -= len(part)
            await asyncio.sleep(0)
        return b"".join(parts)


async def _connect(ours: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_connection(sock=ours, limit=_PIECE)
    except BaseException:  # no socket stays open, also when the caller is canceled
        ours.close()
        raise


async def _spawn(bounds: PictureBounds, theirs: int) -> Process:
    """Start the process with nothing of the server: no settings, no open files, no terminal."""
    return await start_process(
        (
            *(sys.executable, "-P", "-m", _MODULE),
            *(str(bounds.pixels), str(bounds.memory), str(bounds.seconds)),
        ),
        stdin=theirs,
        stdout=theirs,
        env={"PYTHONPATH": _import_path(), "MALLOC_ARENA_MAX": "1"},
        cwd=Path("/"),
        has_own_session=True,
    )


def _import_path() -> str:
    """Return the places of this process's modules: the child imports the same ones."""
    return os.pathsep.join(os.path.abspath(each) for each in sys.path)
