"""Walks over the boxes of an ISO media file, and removes the content of boxes in place.

An AVIF file is a row of boxes. A box is its length, its name and its content, which may be boxes.
Other boxes name places by their offset in the file. So a removal must move no byte: it fills the
content with zeros.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from server.assets.formats.picture_file import damaged, truncated

_MAX_BOXES: Final = 20_000


class Box(NamedTuple):
    """A box: its name, the start of the box, and its content from `at` to `end`."""

    name: bytes
    start: int
    at: int
    end: int


class IsoFile:
    """The bytes of an ISO media file, and a copy of them as soon as one byte changes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._changed: bytearray | None = None
        self._boxes = 0

    @property
    def content(self) -> bytes:
        """The file after the removals."""
        return self.data if self._changed is None else bytes(self._changed)

    def boxes(self, start: int, end: int) -> Iterator[Box]:
        """Yield the boxes from `start` to `end`."""
        while start < end:
            self._boxes += 1
            if self._boxes > _MAX_BOXES:
                raise damaged(f"it has more than {_MAX_BOXES} boxes")
            box = self._box(start, end)
            yield box
            start = box.end

    def inner(self, box: Box, skip: int = 0) -> dict[bytes, Box]:
        """Return the boxes inside `box` by name. Of equal names, the first one counts."""
        found: dict[bytes, Box] = {}
        for each in self.boxes(box.at + skip, box.end):
            found.setdefault(each.name, each)
        return found

    def remove(self, box: Box) -> None:
        """Make a free box with zeros of the box."""
        self.clear(box.at, box.end)
        if box.name not in {b"free", b"skip"}:
            self.write(box.start + 4, b"free")

    def clear(self, start: int, end: int) -> None:
        """Fill a range with zeros."""
        if any(memoryview(self.data)[start:end]):
            self.write(start, bytes(end - start))

    def write(self, start: int, content: bytes) -> None:
        if self._changed is None:
            self._changed = bytearray(self.data)
        self._changed[start : start + len(content)] = content

    def numbers(self, form: str, at: int) -> tuple[int, ...]:
        """Return the big-endian numbers at a place."""
        try:
            return struct.unpack_from(f">{form}", self.data, at)
        except struct.error as error:
            raise truncated() from error

    def _box(self, start: int, end: int) -> Box:
        if start + 8 > end:
            raise truncated()
        length, at = self.numbers("I", start)[0], start + 8
        if length == 1:
            length, at = self.numbers("Q", at)[0], at + 8
        stop = start + length if length else end
        if stop > end:
            raise truncated()
        if stop < at:
            raise damaged("a box is shorter than its header")
        return Box(self.data[start + 4 : start + 8], start, at, stop)
