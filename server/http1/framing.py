"""Finds where the head, the body and the trailers of an HTTP request end (RFC 9112, 2 to 7)."""

from __future__ import annotations

import re
from enum import Enum
from typing import Protocol

Headers = list[tuple[bytes, bytes]]

# Bytes of the line before a chunk: its size and its extensions, which the server ignores.
MAX_CHUNK_LINE = 256
# Chunks that one call reads. Chunks of one byte cost the most: 512 take less than a millisecond.
CHUNKS_PER_CALL = 512

_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")


class BadRequest(Exception):  # named as in HTTP
    """A client's bytes are not a request, or exceed a limit. `sentence` is sent to the client."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


_HEAD_END = b"\r\n\r\n"


class HeadEnd:
    """Finds the empty line that ends a head, which may arrive in many reads.

    Invariant: `feed` returns bytes of one head only, and together at most `most` bytes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._tail = b""  # the last 3 bytes so far: the empty line may begin in them
        self.is_found = False

    @property
    def has_begun(self) -> bool:
        """Whether a byte other than a line break has arrived."""
        return bool(self._tail)

    def feed(self, data: bytes, at: int) -> tuple[bytes, int]:
        """Read `data` from index `at`. Return the bytes of this head, and the index after them."""
        start = at if self.has_begun else self._behind_line_breaks(data, at)
        end = self._end(data, start)
        self.is_found = end >= 0
        upto = end if self.is_found else len(data)
        self._size += upto - at
        if self._size > self._most:
            raise BadRequest(f"the request line and the headers have more than {self._most} bytes")
        part = data[start:upto]
        self._tail = (self._tail + part)[-3:]
        return part, upto

    def _behind_line_breaks(self, data: bytes, at: int) -> int:
        """Skip line breaks before a head (RFC 9112, 2.2). They count as bytes of the head."""
        upto = min(len(data), at + self._most + 1)
        return upto - len(data[at:upto].lstrip(b"\r\n"))

    def _end(self, data: bytes, start: int) -> int:
        """Return the index after the empty line; -1 when it has not arrived yet."""
        over_reads = (self._tail + data[start : start + 3]).find(_HEAD_END)
        if over_reads >= 0:
            return start + over_reads + len(_HEAD_END) - len(self._tail)
        found = data.find(_HEAD_END, start)
        return -1 if found < 0 else found + len(_HEAD_END)


class Body(Protocol):
    """The body of one request, read as its bytes arrive."""

    @property
    def is_whole(self) -> bool:
        """Whether `feed` has read the whole body."""

    @property
    def in_trailers(self) -> bool:
        """Whether only trailers are missing."""

    def feed(self, data: bytes, at: int) -> tuple[bytes, int]:
        """Read `data` from index `at`. Return the content, and the index for the next call.

        This stops at the end of the body, at the end of `data`, or after `CHUNKS_PER_CALL` chunks.
        """


def body_of(headers: Headers, max_trailers: int) -> Body | None:
    """Return the body that the headers announce; None for a request without a body."""
    coding = [value for name, value in headers if name == b"transfer-encoding"]
    if coding:
        if len(coding) > 1 or coding[0].strip().lower() != b"chunked":
            raise BadRequest("the only Transfer-Encoding that this server reads is chunked")
        return ChunkedBody(max_trailers)
    # The parser has already refused a second Content-Length, and a value that is not a number.
    length = next((value for name, value in headers if name == b"content-length"), b"0")
    return LengthBody(int(length)) if int(length) else None


class LengthBody:
    """A body of `Content-Length` bytes."""

    in_trailers = False

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def is_whole(self) -> bool:
        return not self._left

    def feed(self, data: bytes, at: int) -> tuple[bytes, int]:
        content = data[at : at + self._left]
        self._left -= len(content)
        return content, at + len(content)


class _Part(Enum):
    SIZE = "size"
    DATA = "data"
    DATA_END = "the line break after the data"
    TRAILERS = "trailers"
    WHOLE = "whole"


class ChunkedBody:
    """A body with `Transfer-Encoding: chunked`.

    Invariant: this object keeps at most `MAX_CHUNK_LINE` bytes of a line. It counts the bytes of
    trailers, and drops them.
    """

    def __init__(self, max_trailers: int) -> None:
        self._part = _Part.SIZE
        self._left = 0
        self._line = b""  # the start of a line whose end has not arrived
        self._max_trailers = max_trailers
        self._trailers = 0

    @property
    def is_whole(self) -> bool:
        return self._part is _Part.WHOLE

    @property
    def in_trailers(self) -> bool:
        return self._part is _Part.TRAILERS

    def feed(self, data: bytes, at: int) -> tuple[bytes, int]:
        pieces: list[bytes] = []
        lines = 0
        while at < len(data) and not self.is_whole and lines < 2 * CHUNKS_PER_CALL:
            if self._part is _Part.DATA:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._part = _Part.DATA_END
            else:
                lines += 1
                at = self._read_line(data, at)
        return b"".join(pieces), at

    def _read_line(self, data: bytes, at: int) -> int:
        """Read a line or the start of a line; return the index after it."""
        held = self._line
        if held.endswith(b"\r") and data[at] == 0x0A:
            end, line = at + 1, held[:-1]
        else:
            found = data.find(b"\r\n", at)
            end = len(data) if found < 0 else found + 2
            if self.in_trailers:
                self._count_trailers(end - at)
            if found < 0:
                # The first and the last byte of a trailer are enough: they show whether the line
                # is empty, and whether its line break was split between two reads.
                line = held + data[at:end]
                self._line = line[:1] + line[-1:] if self.in_trailers and len(line) > 2 else line
                if len(self._line) > MAX_CHUNK_LINE:
                    raise BadRequest(_LONG_LINE)
                return end
            line = held + data[at:found]
        self._line = b""
        self._check_line(line)
        return end

    def _count_trailers(self, size: int) -> None:
        self._trailers += size
        if self._trailers > self._max_trailers:
            raise BadRequest(f"the trailers have more than {self._max_trailers} bytes")

    def _check_line(self, line: bytes) -> None:
        if self._part is _Part.TRAILERS:
            if not line:
                self._part = _Part.WHOLE
        elif self._part is _Part.DATA_END:
            if line:
                raise BadRequest("a chunk is longer than its size line states")
            self._part = _Part.SIZE
        else:
            self._begin_chunk(line)

    def _begin_chunk(self, line: bytes) -> None:
        if len(line) > MAX_CHUNK_LINE:
            raise BadRequest(_LONG_LINE)
        matched = _CHUNK_LINE.fullmatch(line)
        if matched is None:
            raise BadRequest("a chunk must begin with its size in hexadecimal digits")
        self._left = int(matched[1], 16)
        self._part = _Part.DATA if self._left else _Part.TRAILERS


_LONG_LINE = f"the size line of a chunk has more than {MAX_CHUNK_LINE} bytes"
