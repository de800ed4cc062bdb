"""lib0's binary encoding, bounded: variable-length integers, byte strings and text."""

from __future__ import annotations

from typing import NoReturn

from collab.errors import Code, Rejected
from collab.ids import MAX_SAFE_INTEGER


def refuse(reason: str) -> NoReturn:
    """What was read is not what it says it is."""
    raise Rejected(Code.MALFORMED, reason)


def refuse_size(reason: str) -> NoReturn:
    """What was read is well formed and beyond a bound."""
    raise Rejected(Code.TOO_LARGE, reason)


class Reader:
    """A cursor over bytes.

    Invariant: nothing is read past the end, no integer exceeds 2^53 - 1, and no count or
    length is believed that the remaining bytes cannot hold. `checks_values` says whether the
    values that the bytes hold are checked too, by the rules for what a client may send.
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
            refuse("it ends too early")
        self.pos += 1
        return value

    def uint(self) -> int:
        """varUint; overlong forms are refused: no client writes them, and readers may differ."""
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
            refuse("it ends inside an integer")
        if value > MAX_SAFE_INTEGER or byte == 0:
            refuse("an integer is longer than 53 bits or overlong")
        self.pos = pos + 1
        return value

    def sint(self) -> int:
        """varInt: the first byte holds a sign and six bits."""
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
        """How many items follow, each of at least `least` bytes."""
        value = self.uint()
        if value * least > self.end - self.pos:
            refuse("a count is larger than what follows")
        return value

    def skip(self, size: int) -> None:
        pos = self.pos + size
        if pos > self.end:
            refuse("it ends too early")
        self.pos = pos

    def raw(self) -> bytes:
        """A byte string behind its length."""
        size = self.uint()
        start = self.pos
        stop = start + size
        if stop > self.end:
            refuse("a length is larger than what follows")
        self.pos = stop
        return self.data[start:stop]

    def text(self) -> str:
        """UTF-8 behind its length; Python's strict decoder also refuses lone surrogates."""
        raw = self.raw()
        try:
            return raw.decode()
        except UnicodeDecodeError:
            refuse("a text is not UTF-8")

    def finish(self) -> None:
        if self.pos != self.end:
            refuse("bytes follow the end")


def write_uint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def write_raw(out: bytearray, raw: bytes) -> None:
    write_uint(out, len(raw))
    out += raw
