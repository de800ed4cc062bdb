"""Reads PNG and APNG files: the size, the frames, and the chunks without metadata.

A PNG is a signature and chunks. A chunk is its length, its name, its data and a checksum. A
capital first letter of the name marks a chunk that a viewer must know.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from server.assets.formats.orientation import orientation_of
from server.assets.formats.picture_file import (
    MAX_PROFILE,
    KeptRanges,
    PictureFile,
    damaged,
    truncated,
)

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_NEEDED: Final = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
# What changes the look of the pixels. All other chunks are metadata.
_LOOK: Final = {b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"}
_ANIMATION: Final = {b"acTL", b"fcTL", b"fdAT"}
_KEPT: Final = _NEEDED | _LOOK | _ANIMATION | {b"mDCv", b"cLLi", b"bKGD", b"pHYs"}
_MAX_CHUNKS: Final = 100_000


class _Chunk(NamedTuple):
    name: bytes
    start: int
    end: int

    @property
    def data(self) -> slice:
        return slice(self.start + 8, self.end - 4)


@dataclass(slots=True)
class _Found:
    """What the chunks before say about the picture."""

    width: int = 0
    height: int = 0
    declared_frames: int = 0
    frames: int = 0
    has_pixels: bool = False
    orientation: int = 1


def read_png(data: bytes) -> PictureFile:
    """Return the picture. Refuse a file that is damaged or truncated."""
    found, kept = _Found(), KeptRanges(data)
    kept.keep(0, len(SIGNATURE))
    for chunk in _chunks(data):
        _note(chunk, data[chunk.data] if chunk.name != b"IDAT" else b"", found)
        if chunk.name in _KEPT and _is_kept(chunk, data):
            kept.keep(chunk.start, chunk.end)
    if found.declared_frames and found.declared_frames != found.frames:
        raise damaged("its animation has another number of frames than it says")
    return PictureFile(
        *("PNG", found.width, found.height, kept.joined()),
        orientation=found.orientation,
        frames=max(1, found.declared_frames),
    )


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Yield the sound chunks up to `IEND`. What stands behind it is no part of the picture."""
    view, start = memoryview(data), len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if start + 12 > len(data):
            raise truncated()
        length, name = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        if end > len(data):
            raise truncated()
        is_sound = zlib.crc32(view[start + 4 : end - 4]) == int.from_bytes(view[end - 4 : end])
        is_critical = not name[0] & 0x20
        if is_critical and (name not in _NEEDED or not is_sound):
            raise damaged("a part of it is unknown or has a wrong checksum")
        if is_sound:
            yield _Chunk(name, start, end)
        if name == b"IEND":
            return
        start = end
    raise damaged(f"it has more than {_MAX_CHUNKS} chunks")


def _note(chunk: _Chunk, content: bytes, found: _Found) -> None:
    if (chunk.name == b"IHDR") != (chunk.start == len(SIGNATURE)):
        raise damaged("its header is not the first chunk")
    try:
        match chunk.name:
            case b"IHDR":
                found.width, found.height = struct.unpack_from(">II", content)
            case b"acTL" if not found.has_pixels:
                (found.declared_frames,) = struct.unpack_from(">I", content)
            case b"fcTL":
                _check_frame(content, found)
            case b"IDAT":
                found.has_pixels = True
            case b"eXIf":
                found.orientation = orientation_of(content)
    except struct.error as error:
        raise damaged("a chunk is too short") from error


def _check_frame(content: bytes, found: _Found) -> None:
    _, width, height, x, y = struct.unpack_from(">IIIII", content)
    if not width or not height or x + width > found.width or y + height > found.height:
        raise damaged("a frame is not inside the picture")
    found.frames += 1


def _is_kept(chunk: _Chunk, data: bytes) -> bool:
    """Return whether the color profile, if the chunk is one, is sound and not too large."""
    if chunk.name != b"iCCP":
        return True
    name, separator, packed = data[chunk.data].partition(b"\0")
    if not separator or len(name) > 79 or packed[:1] != b"\0":
        return False
    unpack = zlib.decompressobj()
    try:
        profile = unpack.decompress(packed[1:], PNG_PROFILE)
    except zlib.error:
        return False
    return unpack.eof and len(profile) > 0


# Pillow and some browsers refuse a file whose profile is larger when it is unpacked.
PNG_PROFILE: Final = MAX_PROFILE // 4 - 1
