"""Reads the WebSocket frames of a client: bytes in, whole messages out, within limits."""

from __future__ import annotations

from websockets.exceptions import ProtocolError
from websockets.frames import Close

from server.websocket.frames import BINARY, CLOSE, CONTINUATION, MAX_CONTROL, PING, PONG, TEXT

try:
    from websockets.speedups import apply_mask
except ImportError:  # websockets was installed without its C extension
    from websockets.utils import apply_mask

PROTOCOL_ERROR, INVALID_DATA, POLICY, TOO_BIG = 1002, 1007, 1008, 1009

_FIN, _RESERVED, _CONTROL = 0x80, 0x70, 0x08
_WHOLE_TEXT, _WHOLE_BINARY = _FIN | TEXT, _FIN | BINARY
_OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})


class Violation(Exception):  # the RFC's word, for an error of the peer
    """The peer broke the protocol or exceeded a limit. The socket ignores its further bytes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class FrameReader:
    """Takes bytes as they arrive, and returns one message at a time.

    Invariant: it holds at most one message, within the size limit, and the bytes of one read. It
    checks a frame by its head, before it reads the payload.

    The parser of the package `websockets` is not safe here. It parses all frames of a read at once
    and answers each ping. One read can contain 40,000 pings, all answered before we count them.
    """

    __slots__ = (
        "_at",
        "_data",
        "_fragments",
        "_held",
        "_need",
        "_size",
        "has_unread",
        "is_large_next",
        "large",
        "max_fragments",
        "max_message",
        "too_big",
        "unfinished",
    )

    def __init__(self, max_message: int, max_fragments: int) -> None:
        self.max_message = max_message  # 0: no limit
        self.too_big = TOO_BIG  # the close code for a longer message
        self.max_fragments = max_fragments
        self.large = 0  # `next` holds back a message of more bytes; 0: no message
        self.is_large_next = False
        self.has_unread = False  # whether `next` may return a message
        # The unread bytes are in `_data` from the index `_at`. When they are too few for a frame,
        # they are in `_held` until it has `_need` bytes. So a message that arrives byte by byte is
        # copied once, not at every byte.
        self._data = b""
        self._at = 0
        self._held: bytearray | None = None
        self._need = 0
        # The opcode of a message that has begun and whose last fragment has not arrived; else 0.
        self.unfinished = 0
        self._fragments: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Add the bytes of one read."""
        if self._held is None and self._at == len(self._data):
            self._data, self._at, self.has_unread = data, 0, bool(data)
            return
        if self._held is None:
            self._hold(0)
        assert self._held is not None
        self._held += data

    def next(self) -> tuple[int, bytes] | None:
        """Return the next whole message or control frame, unmasked.

        None when bytes are missing, or when the next message is large (`is_large_next`).
        """
        while self._at < len(self._data) or self._held is not None:
            frame = self._frame()
            if frame is None:
                return None
            first, payload = frame
            if first == _WHOLE_BINARY:
                return BINARY, payload
            if first == _WHOLE_TEXT:
                return TEXT, payload if payload.isascii() else _checked_text(payload)
            if first & _CONTROL:
                return first & 0x0F, payload
            self._collect(first, payload)
            if first & _FIN:
                return self._whole()
        return None

    def _frame(self) -> tuple[int, bytes] | None:
        """Return the next frame: its first byte and its unmasked payload (RFC 6455, 5.2).

        None when bytes are missing, or when the frame makes its message large.
        """
        if self._held is not None and not self._release():
            return None
        data, at = self._data, self._at
        have = len(data) - at
        if have < 2:
            self._hold(2)
            return None
        first, size, body = data[at], data[at + 1] & 0x7F, at + 6
        if size > MAX_CONTROL:
            width = 2 if size == 126 else 8
            if have < 2 + width:
                self._hold(2 + width)
                return None
            size = int.from_bytes(data[at + 2 : at + 2 + width], "big")
            body += width
        self._check_head(first, data[at + 1], size)
        self.is_large_next = 0 < self.large < size + self._size
        if self.is_large_next:
            self._hold(2)
            return None
        end = body + size
        if end > len(data):
            self._hold(end - at)
            return None
        payload = apply_mask(data[body:end], data[body - 4 : body])
        if end < len(data):
            self._at = end
        else:  # an idle connection keeps no bytes
            self._data, self._at, self.has_unread = b"", 0, False
        return first, payload

    def _check_head(self, first: int, second: int, size: int) -> None:
        """Check a frame's head. `size` is the length of its payload."""
        if second < 0x80:
            # RFC 6455, 5.1: a server closes the connection at an unmasked frame.
            raise Violation(PROTOCOL_ERROR, "the frame is not masked")
        if first != _WHOLE_BINARY and first != _WHOLE_TEXT:
            self._check_rare_head(first, second & 0x7F)
        elif self.unfinished:
            raise Violation(PROTOCOL_ERROR, "a new message began before the last one ended")
        if 0 < self.max_message < size + self._size or size >> 63:
            raise Violation(self.too_big, f"the message has more than {self.max_message} bytes")

    def _check_rare_head(self, first: int, short_size: int) -> None:
        opcode = first & 0x0F
        if first & _RESERVED:
            raise Violation(PROTOCOL_ERROR, "a reserved bit is set")  # no extension was agreed
        if opcode not in _OPCODES:
            raise Violation(PROTOCOL_ERROR, "the opcode is reserved")
        if opcode & _CONTROL:
            if not first & _FIN or short_size > MAX_CONTROL:  # 5.5
                raise Violation(PROTOCOL_ERROR, "a control frame is fragmented or too long")
        elif (opcode == CONTINUATION) != bool(self.unfinished):  # 5.4
            raise Violation(PROTOCOL_ERROR, "the fragments are out of order")
        elif len(self._fragments) >= self.max_fragments:
            raise Violation(POLICY, f"the message has more than {self.max_fragments} fragments")

    def _collect(self, first: int, payload: bytes) -> None:
        self.unfinished = self.unfinished or first & 0x0F
        self._fragments.append(payload)
        self._size += len(payload)

    def _whole(self) -> tuple[int, bytes]:
        opcode, payload = self.unfinished, b"".join(self._fragments)
        self.unfinished, self._fragments, self._size = 0, [], 0
        return opcode, _checked_text(payload) if opcode == TEXT else payload

    def _hold(self, need: int) -> None:
        """Keep the unread bytes until they have grown to `need` bytes."""
        if self._at < len(self._data):
            self._held = bytearray(memoryview(self._data)[self._at :])
            self._need = need
        self._data, self._at = b"", 0

    def _release(self) -> bool:
        assert self._held is not None
        if len(self._held) < self._need:
            return False
        self._data, self._at, self._held = bytes(self._held), 0, None
        return True


def _checked_text(payload: bytes) -> bytes:
    """Return the text; raise `Violation` when it is not UTF-8 (RFC 6455, 8.1)."""
    try:
        payload.decode()
    except UnicodeDecodeError as exc:
        raise Violation(INVALID_DATA, "the text is not UTF-8") from exc
    return payload


def close_code(payload: bytes) -> int:
    """Return the code in a close frame's payload; 1005 when it has none (RFC 6455, 7.1.5)."""
    try:
        close = Close.parse(payload)
    except ProtocolError as exc:
        raise Violation(PROTOCOL_ERROR, str(exc)) from exc
    except UnicodeDecodeError as exc:
        raise Violation(INVALID_DATA, "the close reason is not UTF-8") from exc
    return int(close.code)
