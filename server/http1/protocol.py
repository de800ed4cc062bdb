"""HTTP on a connection: one request at a time, each part of it bounded in size and time.

| reading | its bytes                    | then                                             |
|---------|------------------------------|--------------------------------------------------|
| HEAD    | go to the parser             | whole: BODY, ANSWER, or a WebSocket takes over   |
| BODY    | go to the request's handler  | whole: ANSWER, or HEAD where the answer is sent  |
| ANSWER  | wait; reading is paused      | sent: HEAD                                       |
| LINGER  | are thrown away              | the connection ends within seconds               |

Bytes of a further request wait for a turn (`server.http1.turns`), and until the client has read the
answers before it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from collab.errors import Code
from server.http1.cycle import Connection, Cycle, scope_of
from server.http1.framing import BadRequest, Body
from server.http1.head import Head, HeadReader
from server.http1.outbox import Outbox
from server.http1.outlet import PIECE, Outlet, refusal
from server.http1.timeouts import Deadline
from server.http1.turns import Turns
from server.runtime.request_ids import HEADER
from server.websocket.socket import SocketBounds

logger = logging.getLogger(__name__)

# Asked for a GET's target and headers: its head and body, where they are at hand.
AtOnce = Callable[[bytes, list[tuple[bytes, bytes]]], tuple[bytes, bytes] | None]

# What a client may still send after its last answer: closing over unread bytes makes the kernel
# send a reset, which can overtake the answer.
MAX_DISCARD = 16 << 20
# A body's bytes that its handler has not asked for.
MAX_UNASKED = 64 * 1024


class Reading(Enum):
    """What the next bytes are."""

    HEAD = "head"
    BODY = "body"
    ANSWER = "answer"
    LINGER = "linger"


class WeftHttpProtocol(Connection):
    """One HTTP connection.

    Invariant: one request is being read or answered. Its head, and its trailers, are whole within
    `request_head_within` of their first byte (the first head: of the connection) and have at most
    `max_request_head` bytes each. At most one read waits behind it. Requests are never logged.
    """

    bounds: ClassVar[SocketBounds] = SocketBounds()
    outbox: ClassVar[Outbox] = Outbox(0)
    turns: ClassVar[Turns] = Turns()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.access_log = False
        self._reading = Reading.HEAD
        self._data, self._at = b"", 0  # what was read, and how much of it was taken
        self._waits = False  # for a turn, or for the client to read
        self._is_blocked = False  # it waits for the client to read
        self._heads = HeadReader(self.bounds.max_request_head, self.bounds.max_headers)
        self._body: Body | None = None
        self._discarded = 0
        self._deadline = Deadline(self.loop)

    @staticmethod
    def at_once(target: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes] | None:
        """Nothing is at hand, unless `bounded` was told who knows better."""
        return None

    @staticmethod
    def refused(code: Code) -> str:
        """Count a refusal, where `bounded` was told who does; the id that its answer tells."""
        return ""

    # What the transport says

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.outlet = Outlet(transport, self.outbox, self.bounds)
        self._expect(self.bounds.request_head_within)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.stop()
        self._unset_keepalive_if_required()
        self.outlet.leave()
        self._reading, self._data, self._at = Reading.LINGER, b"", 0
        self._heads.close()
        super().connection_lost(exc)
        # They know each other: what the last request held would stay until a full collection.
        self.cycle = None  # type: ignore[assignment]  # as uvicorn has it before the first request

    def pause_writing(self) -> None:
        super().pause_writing()
        self.outlet.fill()

    def resume_writing(self) -> None:
        self.outlet.drain()
        super().resume_writing()
        if self._is_blocked:
            self._is_blocked = False
            self.turns.wait(self._go_on)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._reading is Reading.LINGER:
            self._discarded += len(data)
            if self._discarded > MAX_DISCARD:
                self.transport.abort()
        elif self._waits or self._reading is Reading.ANSWER:
            self._data, self._at = self._data[self._at :] + data, 0
            self.flow.pause_reading()
        else:
            self._data, self._at = data, 0
            if self.flow.write_paused and self._reading is Reading.HEAD:
                self._wait()
            else:
                self._advance()

    # What a cycle asks of its connection

    def write(self, data: bytes) -> None:
        self.outlet.write(data)

    def close(self) -> None:
        """End the connection when the client has its answer and has sent its request."""
        if self._reading is Reading.BODY:
            self._linger()
        elif not self.is_closing():
            self.outlet.close()

    def is_closing(self) -> bool:
        return self._reading is Reading.LINGER or self.transport.is_closing()

    def read_on(self) -> None:
        if self._waits or self.is_closing() or self._reading is Reading.ANSWER:
            return
        if self._reading is Reading.HEAD or len(self.cycle.body) <= MAX_UNASKED:
            self.flow.resume_reading()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if not self.is_closing():
            self._begin_next()

    def timeout_keep_alive_handler(self) -> None:
        self.close()

    # A turn

    def _advance(self) -> None:
        """Take the rest of a head, and of its body as much as a turn may."""
        try:
            if self._reading is Reading.HEAD:
                self._take_head()
            if self._reading is Reading.BODY:
                self._take_body()
        except BadRequest as bad:
            self._refuse(bad.sentence)
        if self._at == len(self._data):
            self._data, self._at = b"", 0
        elif self._reading is Reading.ANSWER:
            self.flow.pause_reading()
        elif self._reading is not Reading.LINGER:
            self._wait()

    def _begin_next(self) -> None:
        """The request before was answered."""
        self._unset_keepalive_if_required()
        self._reading = Reading.HEAD
        self._heads.begin()
        if self._at < len(self._data):
            self._wait()
            return
        self.flow.resume_reading()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _wait(self) -> None:
        """Let other connections go on first, and the client read its answers."""
        if self._waits:
            return
        self._waits = True
        self.flow.pause_reading()
        self.turns.wait(self._go_on)

    def _go_on(self) -> None:
        if self.flow.write_paused and not self.is_closing():
            self._is_blocked = True
            return
        self._waits = False
        if self.is_closing():
            return
        self._advance()
        self.read_on()

    # A head

    def _take_head(self) -> None:
        self._expect(self.bounds.request_head_within)
        head, self._at = self._heads.take(self._data, self._at)
        if head is None:
            return
        self._deadline.stop()
        if head.upgrade == b"websocket":
            self._hand_over(head)
        elif self._answer_at_once(head):
            self.server_state.total_requests += 1
            self._begin_next()
        else:
            self._start_cycle(head)

    def _answer_at_once(self, head: Head) -> bool:
        """Write an answer that is at hand and short, without a task."""
        if head.method != "GET" or head.body is not None or not head.keeps_alive or head.upgrade:
            return False
        made = self.at_once(head.target, head.headers)
        if made is None or len(made[1]) > PIECE:
            return False
        start, body = made
        added = [b"%s: %s\r\n" % header for header in self.server_state.default_headers]
        self.write(b"".join((start, *added, b"\r\n", body)))
        return True

    def _start_cycle(self, head: Head) -> None:
        cycle = Cycle.of(self, head)
        self._body = head.body
        self._reading = Reading.ANSWER if head.body is None else Reading.BODY
        self.cycle = cycle
        if head.body is None:
            cycle.end_message()
        self._start_asgi_task(cycle, self.app)

    # A body

    def _take_body(self) -> None:
        body, cycle = self._body, cast(Cycle, self.cycle)
        assert body is not None
        content, self._at = body.take(self._data, self._at)
        if content and cycle.hear(content) > MAX_UNASKED:
            self.flow.pause_reading()
        if body.is_whole:
            self._deadline.stop()
            self._reading = Reading.ANSWER
            cycle.end_message()
        elif body.in_trailers:
            self._expect(self.bounds.request_head_within)

    # The end

    def _hand_over(self, head: Head) -> None:
        """To the WebSocket protocol, with what the client sent right behind its handshake."""
        if head.body is not None:
            raise BadRequest("the handshake of a WebSocket has no body")
        behind = self._data[self._at :]
        self._reading, self._data, self._at = Reading.LINGER, b"", 0
        self.flow.resume_reading()
        self.outlet.leave()
        self.url, self.scope = head.target, scope_of(head, self)
        self.handle_websocket_upgrade()
        if behind:
            cast(asyncio.Protocol, self.transport.get_protocol()).data_received(behind)

    def _refuse(self, sentence: str) -> None:
        """Say why, unless an answer has begun, and end."""
        name = self.refused(Code.MALFORMED).encode()
        has_begun = self._reading is Reading.BODY and cast(Cycle, self.cycle).disconnect()
        if not has_begun:
            self.write(refusal(sentence, [*self.server_state.default_headers, (HEADER, name)]))
        self._linger()

    def _linger(self) -> None:
        """Read on for a moment, so that the client can read why it was refused."""
        self._deadline.stop()
        self._reading, self._data, self._at = Reading.LINGER, b"", 0
        if self.transport.is_closing():
            return
        self.outlet.end()
        self.flow.resume_reading()
        self._expect(self.bounds.close_within)

    def _expect(self, within: float) -> None:
        """What is awaited comes in time, or the connection ends; the first call counts."""
        self._deadline.start(within, self.outlet.close)
