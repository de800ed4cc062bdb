"""A `Socket` on asyncio's transport, without a queue, task or copy between peer and handler."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from server.websocket import frames
from server.websocket.frame_reader import POLICY, TOO_BIG, FrameReader, Violation, close_code
from server.websocket.keep_alive import ControlBudget, FragmentDeadline, KeepAlive
from server.websocket.loop_turn import LARGE, turn_of
from server.websocket.socket import (
    NULL_HANDLER,
    Handler,
    OpenHandler,
    SocketBounds,
    State,
    bound_kernel,
)

logger = logging.getLogger(__name__)

VANISHED, RESTARTING, OUR_FAULT = 1006, 1012, 1011
# The most bytes that the socket reads and drops after a failure. If it closed with unread bytes,
# the kernel would send a reset, which can arrive before the close frame.
_MAX_DISCARD = 16 << 20


class TransportSocket(asyncio.Protocol):
    """The asyncio protocol of a transport after the handshake, and the `Socket` of its handler.

    Invariant: the handler gets no event after `on_close`. Whatever the peer does, the transport
    ends within `close_within` seconds of the first close. When the server stops, the transport ends
    within `restart_within` seconds.
    """

    __slots__ = (
        "_bounds",
        "_close_code",
        "_close_reported",
        "_connections",
        "_control",
        "_deadline",
        "_discarded",
        "_fragments",
        "_handler",
        "_keep_alive",
        "_loop",
        "_on_large",
        "_paused",
        "_reader",
        "_state",
        "_transport",
        "_turn",
        "buffered",
        "peer",
        "received",
        "sent",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        bounds: SocketBounds,
        connections: set[asyncio.BaseProtocol],
        peer: str,
    ) -> None:
        self.peer = peer
        self.sent = self.received = 0
        self._transport = transport
        self.buffered: Callable[[], int] = transport.get_write_buffer_size  # for each frame
        self._handler = NULL_HANDLER
        self._bounds = bounds
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._turn = turn_of(self._loop)
        self._reader = FrameReader(bounds.max_message, bounds.max_fragments)
        self._control = ControlBudget(bounds, self._loop.time())
        self._keep_alive = KeepAlive(self, self._loop, bounds.ping_every)
        self._state = State.OPEN
        self._close_code = VANISHED
        self._close_reported = False
        self._on_large: Callable[[], None] | None = None  # called before a large message
        self._paused = False
        self._discarded = 0
        self._fragments: FragmentDeadline | None = None  # while a message has begun
        self._deadline: asyncio.TimerHandle | None = None

    def start(self, open_handler: OpenHandler, early: bytes, *, lost: bool) -> None:
        """Take the transport, make the handler, and then dispatch the bytes that arrived `early`.

        When the transport is already `lost`, the handler gets only `on_close`.
        """
        self._reader.feed(early)
        if lost:
            self._handler = open_handler(self)
            self._loop.call_soon(self.connection_lost, None)
            return
        self._connections.add(self)
        self._transport.set_write_buffer_limits(self._bounds.high_water, self._bounds.low_water)
        bound_kernel(self._transport.get_extra_info("socket"), self._bounds)
        self._transport.set_protocol(self)
        if self._transport.is_closing():
            self._state = State.DONE
        self._keep_alive.start()
        self._handler = open_handler(self)
        # Dispatch later: the caller must have its socket before the first message.
        self._loop.call_soon(self._resume)

    # Calls by the handler

    def hand_over(self, handler: Handler) -> None:
        self._handler = handler

    def write(self, data: bytes) -> None:
        if self._state is State.OPEN:
            self.sent += len(data)
            try:
                self._transport.write(data)
            except RuntimeError:
                # uvloop raises when the transport has failed since the last read. asyncio does not.
                self._move_to(State.DONE)

    def limit(self, max_message: int, code: int = TOO_BIG) -> None:
        self._reader.max_message, self._reader.too_big = max_message, code

    def pause_before_large(self, size: int, on_large: Callable[[], None] | None) -> None:
        self._reader.large, self._on_large = size, on_large

    def ping(self, payload: bytes = b"") -> None:
        self._control.expect_pong()
        self.write(frames.control(frames.PING, payload))

    @property
    def paused(self) -> bool:
        return self._paused

    def pause_reading(self) -> None:
        if self._state is State.OPEN and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            # Resume later: the handler may call this inside its own `on_text`.
            self._loop.call_soon(self._resume)

    def close(self, code: int, reason: str = "") -> None:
        if self._state is State.OPEN:
            self.write(frames.close(code, reason))
            self._close_code = code
            self._move_to(State.CLOSING)
            self.resume_reading()  # to read the peer's close frame
        if self._state is not State.LOST:
            self._end_within(self._bounds.answered_within(code))

    def abort(self) -> None:
        if self._state is not State.LOST:
            self._move_to(State.DONE)
            self._transport.abort()

    def shutdown(self) -> None:
        """Close the connection because the server stops. Uvicorn calls this."""
        self.close(RESTARTING)

    # Callbacks of the transport

    def data_received(self, data: bytes) -> None:
        self._keep_alive.has_received = True
        self.received += len(data)
        if self._state is State.DONE:
            self._discard(len(data))
            return
        self._reader.feed(data)
        if not self._paused:
            self._dispatch()

    def eof_received(self) -> None:
        """Note that the peer has left. It may never take the buffered bytes: set a deadline."""
        self._move_to(State.DONE)

    def resume_writing(self) -> None:
        if self._state is State.OPEN:
            self._handler.on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        self._move_to(State.LOST)
        self.buffered = int  # which returns 0
        if self._deadline is not None:
            self._deadline.cancel()
        self._connections.discard(self)
        self._report_close()

    # From callbacks to the handler

    def _resume(self) -> None:
        """Dispatch the messages in the reader, and then read from the transport again."""
        if not self._paused and self._state < State.DONE:
            self._dispatch()
        if not self._paused and not self._transport.is_closing():
            self._transport.resume_reading()

    def _dispatch(self) -> None:
        """Give the handler every whole message, until it pauses or closes the socket.

        After too much time for large messages, the rest waits for the next turn of the loop.
        """
        reader, turn = self._reader, self._turn
        try:
            while reader.has_unread and not self._paused and self._state < State.DONE:
                if turn.is_full:
                    self._loop.call_soon(self._resume)
                    return
                message = reader.next()
                if message is None:
                    if reader.is_large_next:
                        self._pause_before_large()
                    break
                opcode, payload = message
                if opcode > frames.BINARY:
                    self._on_control(opcode, payload)
                elif self._state is State.OPEN:
                    if self._fragments is not None:
                        self._stop_fragments()
                    handler = self._handler
                    handle = handler.on_text if opcode == frames.TEXT else handler.on_binary
                    if len(payload) > LARGE:
                        turn.handle(handle, payload, self._loop)
                    else:
                        handle(payload)
        except Violation as violation:
            self._fail(violation.code, violation.reason)
        except Exception:  # a bug ends this connection only
            logger.exception("connection failed", extra={"peer": self.peer})
            self._fail(OUR_FAULT, "internal error")
        if reader.unfinished and self._fragments is None and self._state < State.DONE:
            within, late = self._bounds.fragmented_within, self._on_late_fragments
            self._fragments = FragmentDeadline(self, self._loop, within, late)

    def _pause_before_large(self) -> None:
        """Before a large message, pause reading and call `on_large` once.

        The handler calls `resume_reading` later.
        """
        on_large = self._on_large
        if on_large is not None and self._state is State.OPEN:
            self.pause_before_large(0, None)
            self.pause_reading()
            on_large()

    def _on_control(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.CLOSE:
            self._on_close_frame(close_code(payload), payload[:2])
        elif not self._control.spend(opcode, self._loop.time()):
            raise Violation(POLICY, "too many control frames")
        elif opcode == frames.PING:
            self.write(frames.control(frames.PONG, payload))
        elif self._state is State.OPEN:
            self._handler.on_pong(payload)

    def _on_close_frame(self, code: int, echo: bytes) -> None:
        if self._state is State.OPEN:
            self.write(frames.control(frames.CLOSE, echo))
            self._close_code = code
        self._move_to(State.DONE)
        self._transport.close()
        self._report_close()

    def _stop_fragments(self) -> None:
        if self._fragments is not None:
            self._fragments.stop()
            self._fragments = None

    def _on_late_fragments(self) -> None:
        self._fail(POLICY, "the fragments of the message took too long")

    def _fail(self, code: int, reason: str) -> None:
        """Fail the connection (RFC 6455, 7.1.7): send the reason, and ignore further bytes."""
        if self._state is State.OPEN:
            self.write(frames.close(code, reason))
            self._close_code = code
        if self._state >= State.DONE:
            return
        self._move_to(State.DONE)
        self._report_close()
        if self._transport.is_closing() or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._transport.write_eof()
        self._transport.resume_reading()

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > _MAX_DISCARD:
            self._transport.abort()

    def _move_to(self, state: State) -> None:
        """Move forward to `state`. The transport ends within `close_within` seconds from now."""
        self._state = max(self._state, state)
        self._keep_alive.stop()
        self._stop_fragments()
        if state is not State.LOST:
            self._end_within(self._bounds.close_within)

    def _end_within(self, within: float) -> None:
        """Abort after `within` seconds, or at an earlier deadline."""
        if self._deadline is not None:
            if self._deadline.when() <= self._loop.time() + within:
                return
            self._deadline.cancel()
        self._deadline = self._loop.call_later(within, self._transport.abort)

    def _report_close(self) -> None:
        if not self._close_reported:
            self._close_reported = True
            handler, self._handler = self._handler, NULL_HANDLER  # breaks the reference cycle
            handler.on_close(self._close_code)
