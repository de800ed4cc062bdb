"""An HTTP connection: one request at a time, with limits on the size and time of each part.

| reading | the arriving bytes            | next state                                           |
|---------|-------------------------------|------------------------------------------------------|
| HEAD    | go to the parser              | head complete: BODY, ANSWER, or a WebSocket          |
| BODY    | go to the request's handler   | body complete: ANSWER; HEAD if the answer is sent    |
| ANSWER  | wait, and reading is paused   | answer sent: HEAD                                    |
| LINGER  | are dropped                   | the connection ends within seconds                   |

A client may send its next request before it has the answer. Then the connection waits for its turn
in `server.http1.pipeline_queue`. It also waits until the client has read the previous answers.
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
from server.http1.cycle import Cycle, HttpConnection, scope_of
from server.http1.framing import BadRequest, Body, Headers
from server.http1.head import Head, HeadReader
from server.http1.pipeline_queue import PipelineQueue
from server.http1.response_writer import PIECE, ResponseWriter, bad_request
from server.http1.timeouts import Deadline
from server.http1.unread_responses import UnreadResponses
from server.runtime.request_ids import HEADER
from server.websocket.socket import SocketBounds

logger = logging.getLogger(__name__)

# Takes the target and the headers of a GET. Returns the head and the body of a response that can be
# sent without a task, or None.
ImmediateResponse = Callable[[bytes, Headers], tuple[bytes, bytes] | None]

# Bytes that are read and dropped after the last answer. Closing a socket with unread bytes makes
# the kernel send a reset, which can arrive before the answer.
MAX_DISCARD = 16 << 20
# Bytes of a body that may wait for the handler. Above this, reading is paused.
MAX_UNASKED = 64 * 1024


class Reading(Enum):
    """What the next bytes belong to."""

    HEAD = "head"
    BODY = "body"
    ANSWER = "answer"
    LINGER = "linger"


class WeftHttpProtocol(HttpConnection):
    """One HTTP connection.

    Invariant:

    - The connection reads or answers one request at a time. The bytes of at most one read wait.
    - A head, and the trailers, have at most `max_request_head` bytes. They are complete within
      `request_head_within` seconds of their first byte. For the first head, the time starts with
      the connection.
    - Requests are never logged.
    """

    bounds: ClassVar[SocketBounds] = SocketBounds()
    unread: ClassVar[UnreadResponses] = UnreadResponses(0)
    pipeline_queue: ClassVar[PipelineQueue] = PipelineQueue()

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
        self._data, self._at = b"", 0  # the last bytes from the socket; the parser is at this index
        self._is_queued = False  # in the pipeline queue, or waiting for the client to read
        self._is_write_blocked = False  # waiting for the client to read
        self._head_reader = HeadReader(self.bounds.max_request_head, self.bounds.max_headers)
        self._body: Body | None = None
        self._discarded = 0
        self._deadline = Deadline(self.loop)

    @staticmethod
    def immediate_response(target: bytes, headers: Headers) -> tuple[bytes, bytes] | None:
        """Return None. A subclass overrides this."""
        return None

    @staticmethod
    def on_refused(code: Code) -> str:
        """Count a refusal; return the request id of its response. A subclass overrides this."""
        return ""

    # Callbacks of the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.writer = ResponseWriter(transport, self.unread, self.bounds)
        self._start_deadline(self.bounds.request_head_within)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.stop()
        self._unset_keepalive_if_required()
        self.writer.detach()
        self._reading, self._data, self._at = Reading.LINGER, b"", 0
        self._head_reader.close()
        super().connection_lost(exc)
        # Break the reference cycle. Otherwise the last request stays in memory until a full
        # garbage collection.
        self.cycle = None  # type: ignore[assignment]  # uvicorn's own value before the first request

    def pause_writing(self) -> None:
        super().pause_writing()
        self.writer.pause_writing()

    def resume_writing(self) -> None:
        self.writer.resume_writing()
        super().resume_writing()
        if self._is_write_blocked:
            self._is_write_blocked = False
            self.pipeline_queue.add(self._resume)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._reading is Reading.LINGER:
            self._discarded += len(data)
            if self._discarded > MAX_DISCARD:
                self.transport.abort()
        elif self._is_queued or self._reading is Reading.ANSWER:
            self._data, self._at = self._data[self._at :] + data, 0
            self.flow.pause_reading()
        else:
            self._data, self._at = data, 0
            if self.flow.write_paused and self._reading is Reading.HEAD:
                self._enqueue()
            else:
                self._advance()

    # Calls of a cycle

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def close(self) -> None:
        """End the connection after the answer is sent and the rest of the request has arrived."""
        if self._reading is Reading.BODY:
            self._linger()
        elif not self.is_closing():
            self.writer.close()

    def is_closing(self) -> bool:
        return self._reading is Reading.LINGER or self.transport.is_closing()

    def want_body(self) -> None:
        if self._is_queued or self.is_closing() or self._reading is Reading.ANSWER:
            return
        if self._reading is Reading.HEAD or len(self.cycle.body) <= MAX_UNASKED:
            self.flow.resume_reading()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if not self.is_closing():
            self._begin_next()

    def timeout_keep_alive_handler(self) -> None:
        self.close()

    # Reading

    def _advance(self) -> None:
        """Read the rest of a head, and as much of the body as one call may read."""
        try:
            if self._reading is Reading.HEAD:
                self._read_head()
            if self._reading is Reading.BODY:
                self._read_body()
        except BadRequest as bad:
            self._refuse(bad.sentence)
        if self._at == len(self._data):
            self._data, self._at = b"", 0
        elif self._reading is Reading.ANSWER:
            self.flow.pause_reading()
        elif self._reading is not Reading.LINGER:
            self._enqueue()

    def _begin_next(self) -> None:
        """Read the next request, because the previous request has its answer."""
        self._unset_keepalive_if_required()
        self._reading = Reading.HEAD
        self._head_reader.begin()
        if self._at < len(self._data):
            self._enqueue()
            return
        self.flow.resume_reading()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _enqueue(self) -> None:
        """Wait for a turn in the pipeline queue, and until the client has read its answers."""
        if self._is_queued:
            return
        self._is_queued = True
        self.flow.pause_reading()
        self.pipeline_queue.add(self._resume)

    def _resume(self) -> None:
        if self.flow.write_paused and not self.is_closing():
            self._is_write_blocked = True
            return
        self._is_queued = False
        if self.is_closing():
            return
        self._advance()
        self.want_body()

    # A head

    def _read_head(self) -> None:
        self._start_deadline(self.bounds.request_head_within)
        head, self._at = self._head_reader.feed(self._data, self._at)
        if head is None:
            return
        self._deadline.stop()
        if head.upgrade == b"websocket":
            self._switch_to_websocket(head)
        elif self._respond_immediately(head):
            self.server_state.total_requests += 1
            self._begin_next()
        else:
            self._start_cycle(head)

    def _respond_immediately(self, head: Head) -> bool:
        """Write a short response that needs no task; return whether there was one."""
        if head.method != "GET" or head.body is not None or not head.keeps_alive or head.upgrade:
            return False
        made = self.immediate_response(head.target, head.headers)
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

    def _read_body(self) -> None:
        body, cycle = self._body, cast(Cycle, self.cycle)
        assert body is not None
        content, self._at = body.feed(self._data, self._at)
        if content and cycle.add_body(content) > MAX_UNASKED:
            self.flow.pause_reading()
        if body.is_whole:
            self._deadline.stop()
            self._reading = Reading.ANSWER
            cycle.end_message()
        elif body.in_trailers:
            self._start_deadline(self.bounds.request_head_within)

    # The end

    def _switch_to_websocket(self, head: Head) -> None:
        """Give the transport to the WebSocket protocol, with the bytes after the head."""
        if head.body is not None:
            raise BadRequest("the handshake of a WebSocket must not have a body")
        behind = self._data[self._at :]
        self._reading, self._data, self._at = Reading.LINGER, b"", 0
        self.flow.resume_reading()
        self.writer.detach()
        self.url, self.scope = head.target, scope_of(head, self)
        self.handle_websocket_upgrade()
        if behind:
            cast(asyncio.Protocol, self.transport.get_protocol()).data_received(behind)

    def _refuse(self, sentence: str) -> None:
        """Send a 400 with the sentence, unless a response has begun, and end the connection."""
        name = self.on_refused(Code.MALFORMED).encode()
        has_begun = self._reading is Reading.BODY and cast(Cycle, self.cycle).disconnect()
        if not has_begun:
            self.write(bad_request(sentence, [*self.server_state.default_headers, (HEADER, name)]))
        self._linger()

    def _linger(self) -> None:
        """Drop incoming bytes for a moment, so that a reset does not overtake the last answer."""
        self._deadline.stop()
        self._reading, self._data, self._at = Reading.LINGER, b"", 0
        if self.transport.is_closing():
            return
        self.writer.write_eof()
        self.flow.resume_reading()
        self._start_deadline(self.bounds.close_within)

    def _start_deadline(self, within: float) -> None:
        """End the connection after `within` seconds, unless the deadline is stopped before."""
        self._deadline.start(within, self.writer.close)
