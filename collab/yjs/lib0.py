"""lib0's binary encoding, with bounds: variable-length integers, byte strings and text."""

from __future__ import annotations

from typing import NoReturn

from collab.errors import Code, Rejected
from collab.ids import MAX_SAFE_INTEGER


def refuse(reason: str) -> NoReturn:
    """Raise `malformed`: the bytes are not valid."""
    raise Rejected(Code.MALFORMED, reason)


def refuse_size(reason: str) -> NoReturn:
    """Raise `too_large`: the bytes are valid, but exceed a limit."""
    raise Rejected(Code.TOO_LARGE, reason)


class Reader:
    """Reads bytes from a position on.

    Invariant: it never reads past the end, and no integer exceeds 2^53 - 1. It accepts a count or a
    length only when the remaining bytes can contain as much. With `checks_values`, the decoded
    values must be values that a client may send.
    """

    __slots__ = ("checks_values", "data", "end", "pos")

    def __init__(self, data: bytes, pos: int = 0, *, checks_values: bool = True) -> None:
        self.data = data
        self.pos = pos
        self.checks_values = checks_values
        self.end = len(data)

    def byte(self) -> int:
        try:
            value = self.data[self.pos]
        except IndexError:
            refuse("the bytes end too early")
        self.pos += 1
        return value

    def uint(self) -> int:
        """Read a varUint. Refuse an overlong form: no client writes it, and decoders disagree."""
        data = self.data
        pos = self.pos
        try:
            byte = data[pos]
            if byte < 0x80:
                self.pos = pos + 1
                return byte
            value = byte & 0x7F
            shift = 7
            while True:
                pos += 1
                byte = data[pos]
                value |= (byte & 0x7F) << shift
                if byte < 0x80:
                    break
                shift += 7
                if shift > 49:
                    refuse("an integer is longer than 53 bits")
        except IndexError:
            refuse("the bytes end inside an integer")
        if value > MAX_SAFE_INTEGER or byte == 0:
            refuse("an integer is longer than 53 bits or overlong")
        self.pos = pos + 1
        return value

    def sint(self) -> int:
        """Read a varInt. Its first byte has a sign and six bits."""
        byte = self.byte()
        negative = byte & 0x40
        value = byte & 0x3F
        shift = 6
        while byte & 0x80:
            if shift > 48:
                refuse("an integer is longer than 53 bits")
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte == 0:
                refuse("an integer is overlong")
        if value > MAX_SAFE_INTEGER:
            refuse("an integer is longer than 53 bits")
        return -value if negative else value

    def count(self, least: int = 1) -> int:
        """Read the number of items that follow, each of at least `least` bytes."""
        pos = self.pos
        # Most counts have one byte. A call of `uint` would take longer than this.
        if pos < self.end and (value := self.data[pos]) < 0x80:
            self.pos = pos + 1
        else:
            value = self.uint()
        if value * least > self.end - self.pos:
            refuse("a count is too large for the bytes that follow")
        return value

    def skip(self, size: int) -> None:
        pos = self.pos + size
        if pos > self.end:
            refuse("the bytes end too early")
        self.pos = pos

    def raw(self) -> bytes:
        """Read a length, and a byte string of that length."""
        start = self.pos + 1
        if start > self.end or (size := self.data[start - 1]) > 0x7F:  # as in `count`
            size = self.uint()
            start = self.pos
        stop = start + size
        if stop > self.end:
            refuse("a length is too large for the bytes that follow")
        self.pos = stop
        return self.data[start:stop]

    def text(self) -> str:
        """Read a length, and UTF-8 text. Python's strict decoder also refuses lone surrogates."""
        raw = self.raw()
        try:
            return raw.decode()
        except UnicodeDecodeError:
            refuse("a text is not UTF-8")

    def finish(self) -> None:
        if self.pos != self.end:
            refuse("there are bytes after the end")


def write_uint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def write_raw(out: bytearray, raw: bytes) -> None:
    write_uint(out, len(raw))
    out += raw
