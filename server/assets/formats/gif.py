"""Reads GIF files: the size, the frames, and the blocks without comments.

A GIF has a header, and then images and extensions in any order, up to a trailer. Their data is in
blocks of up to 255 bytes; an empty block ends them.
"""

from __future__ import annotations

import struct
from typing import Final

from server.assets.formats.picture_file import KeptRanges, PictureFile, damaged, truncated

SIGNATURES: Final = (b"GIF87a", b"GIF89a")
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
# The two names of the extension that says how often an animation repeats.
_LOOPS: Final = {b"\x0bNETSCAPE2.0\x03\x01", b"\x0bANIMEXTS1.0\x03\x01"}
_MAX_BLOCKS: Final = 20_000


def read_gif(data: bytes) -> PictureFile:
    """Return the picture. Refuse a file that is damaged or truncated."""
    try:
        return _Reader(data).read()
    except (struct.error, IndexError) as error:
        raise truncated() from error


class _Reader:
    """Walks once over a GIF file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._kept = KeptRanges(data)
        self._frames = 0
        self._width, self._height, flags = struct.unpack_from("<HHB", data, 6)
        self._at = 13 + _table_size(flags)
        if self._at > len(data):
            raise truncated()
        self._kept.keep(0, self._at)

    def read(self) -> PictureFile:
        for _ in range(_MAX_BLOCKS):
            start, kind = self._at, self._data[self._at]
            if kind == _TRAILER:
                return self._end(start)
            if kind == _IMAGE:
                self._read_image()
                is_kept = True
            elif kind == _EXTENSION:
                is_kept = self._read_extension()
            else:
                raise damaged("a block has an unknown kind")
            if is_kept:
                self._kept.keep(start, self._at)
        raise damaged(f"it has more than {_MAX_BLOCKS} blocks")

    def _end(self, trailer: int) -> PictureFile:
        if not self._frames:
            raise damaged("it has no image")
        self._kept.keep(trailer, trailer + 1)
        content = self._kept.joined()
        return PictureFile("GIF", self._width, self._height, content, frames=self._frames)

    def _read_image(self) -> None:
        x, y, width, height, flags = struct.unpack_from("<HHHHB", self._data, self._at + 1)
        if not width or not height or x + width > self._width or y + height > self._height:
            raise damaged("a frame is not inside the picture")
        self._frames += 1
        # One byte follows the colors: the size of the first code.
        self._at += 10 + _table_size(flags) + 1
        self._skip_blocks()

    def _read_extension(self) -> bool:
        """Go to the end of the extension; return whether a viewer needs it."""
        start, label = self._at, self._data[self._at + 1]
        self._at += 2
        self._skip_blocks()
        if label == _CONTROL:
            return self._at - start == 8
        is_loop = self._data[start + 2 : start + 16] in _LOOPS and self._at - start == 19
        return label == _APPLICATION and is_loop

    def _skip_blocks(self) -> None:
        data, at = self._data, self._at
        while data[at]:
            at += 1 + data[at]
        self._at = at + 1


def _table_size(flags: int) -> int:
    """Return the bytes of a table of colors."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0
