"""The connection of a worker to its parent: questions, and the end of the parent."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from itertools import count
from typing import Final, cast

from server.workers.exchange import (
    Question,
    Ready,
    Replies,
    Reply,
    decode_from_parent,
    encode,
)

logger = logging.getLogger(__name__)

# The parent answers within a second. This limit is for a frozen parent.
_WITHIN_SECONDS: Final = 3.0


class ParentLink(asyncio.Protocol):
    """Asks the other workers, answers them, and stops this process when the parent dies."""

    def __init__(self, parent: socket.socket, number: int, workers: int) -> None:
        self.number = number
        self.count = workers
        self._socket = parent
        self._transport: asyncio.Transport | None = None
        self._answer: Callable[[str, str], str] | None = None
        self._rest = b""
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[dict[int, str]]] = {}

    async def be_ready(self, message: str, answer: Callable[[str, str], str]) -> None:
        """Say that this worker is ready. From now on, `answer` gets the questions."""
        self._answer = answer
        loop = asyncio.get_running_loop()
        self._socket.setblocking(False)
        await loop.create_unix_connection(lambda: self, sock=self._socket)
        self._send(encode(Ready(message)))

    async def ask(self, name: str, argument: str, worker: int = 0) -> dict[int, str]:
        """Return the answer of each worker, or of one. Those without an answer are left out.

        While the parent is frozen, only this worker answers.
        """
        id = next(self._ids)
        replies: asyncio.Future[dict[int, str]] = asyncio.get_running_loop().create_future()
        self._waiting[id] = replies
        self._send(encode(Question(id, worker, name, argument)))
        try:
            await asyncio.wait([replies], timeout=_WITHIN_SECONDS)
        finally:
            del self._waiting[id]
        if replies.done():
            return replies.result()
        own = self._answered(name, argument) if worker in (0, self.number) else None
        return {} if own is None else {self.number: own}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            match decode_from_parent(line):
                case Question() as question:
                    text = self._answered(question.name, question.argument)
                    if text is not None:
                        self._send(encode(Reply(question.id, text)))
                case Replies() as replies:
                    waiting = self._waiting.get(replies.id)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(replies.texts)

    def _answered(self, name: str, argument: str) -> str | None:
        """Return the answer of this worker; None when it cannot answer."""
        assert self._answer is not None
        try:
            return self._answer(name, argument)
        except Exception:  # a bug in an answer must not end the connection, and so this process
            logger.exception("this worker cannot answer the question %r", name)
            return None

    def connection_lost(self, error: Exception | None) -> None:
        """Stop this process: the parent has died."""
        self._transport = None
        signal.raise_signal(signal.SIGTERM)

    def _send(self, line: bytes) -> None:
        if self._transport is not None:
            self._transport.write(line)
