"""A worker, as its parent sees it: it starts, talks and ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final, Self

import msgspec

from server.workers.exchange import (
    MOST_BYTES,
    Assignment,
    FromParent,
    FromWorker,
    decode_from_worker,
    encode,
)

logger = logging.getLogger(__name__)

_MODULE: Final = "server.workers.child"


class WorkerProcess:
    """One process. It ends by itself when this parent dies, because their sockets are closed."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self.was_ready = False
        self.is_replaced = False  # whether the parent stops it to start another one
        self._writer = writer  # while it is open, the worker knows that this parent lives

    @classmethod
    async def start(cls, assignment: Assignment, sockets: Sequence[socket.socket]) -> Self:
        """Start a worker that inherits these sockets."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", _MODULE, str(theirs.fileno())),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(), *(each.fileno() for each in sockets)),
                    # Ctrl-C reaches the parent only, which then stops each worker once.
                    process_group=0,
                )
            except OSError:
                ours.close()
                raise
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=MOST_BYTES)
        writer.write(encode(assignment))
        return cls(process, reader, writer)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: FromParent) -> None:
        """Send a message soon. A worker that has ended does not get it."""
        if not self._writer.is_closing():
            self._writer.write(encode(message))

    async def messages(self) -> AsyncIterator[FromWorker]:
        """Yield what the worker says, until it ends."""
        with suppress(ConnectionError):
            while line := await self._line():
                with suppress(msgspec.MsgspecError):
                    yield decode_from_worker(line)

    async def _line(self) -> bytes:
        """Return the next line; nothing at the end."""
        try:
            return await self._reader.readline()
        except ValueError:  # the line is longer than `MOST_BYTES`
            logger.error("process %d sends a line that is too long; it is stopped", self.pid)
            self.stop()
            return b""

    async def until_ended(self) -> int:
        """Return the exit code; for a signal, its negative number."""
        code = await self._process.wait()
        self._writer.close()
        return code

    def stop(self) -> None:
        """Let the worker drain and end.

        A process that has just started may miss the signal. When it is ready, it finds its
        connection closed, and stops too.
        """
        self.send_signal(signal.SIGTERM)
        self._writer.close()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
