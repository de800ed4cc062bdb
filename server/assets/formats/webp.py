"""Reads WebP files: the size, the frames, and the chunks without metadata.

A WebP is a RIFF file: chunks with a name, a length and an even number of bytes. `VP8X` comes first
when there is more than one chunk. It has the size of the canvas, and a flag for each feature.
"""

from __future__ import annotations

import struct
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

_PIXELS: Final = {b"VP8 ", b"VP8L"}
_ANIMATED, _XMP, _EXIF, _PROFILE = 0x02, 0x04, 0x08, 0x20
_MAX_CHUNKS: Final = 20_000


class _Chunk(NamedTuple):
    """A chunk: its name, its content from `at` to `stop`, and its end with the padding."""

    name: bytes
    start: int
    at: int
    stop: int
    end: int


@dataclass(slots=True)
class _Found:
    """What the chunks say about the picture."""

    chunks: list[_Chunk]
    flags: int = 0
    width: int = 0
    height: int = 0
    frames: int = 0
    orientation: int = 1
    is_lossless: bool = True


def is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read_webp(data: bytes) -> PictureFile:
    """Return the picture. Refuse a file that is damaged or truncated."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise truncated()
    found = _Found(list(_chunks(data, 12, end)))
    try:
        _read_first(data, found)
        for chunk in found.chunks:
            _note(data, chunk, found)
    except (struct.error, IndexError) as error:
        raise damaged("a chunk is too short") from error
    is_animated = bool(found.flags & _ANIMATED)
    if found.frames != 1 and (not is_animated or not found.frames):
        raise damaged("it has no picture, or more than one")
    content = _without_metadata(data, found)
    return PictureFile(
        *("WEBP", found.width, found.height, content),
        orientation=1 if is_animated else found.orientation,
        frames=found.frames,
        is_lossless=found.is_lossless,
    )


def _chunks(data: bytes, start: int, end: int) -> Iterator[_Chunk]:
    for _ in range(_MAX_CHUNKS):
        if start >= end:
            return
        if start + 8 > end:
            raise truncated()
        name, length = struct.unpack_from("<4sI", data, start)
        stop = start + 8 + length
        if stop > end:
            raise truncated()
        padded = min(stop + length % 2, end)
        yield _Chunk(name, start, start + 8, stop, padded)
        start = padded
    raise damaged(f"it has more than {_MAX_CHUNKS} chunks")


def _read_first(data: bytes, found: _Found) -> None:
    """Read the size from the first chunk. A file without `VP8X` has one chunk only."""
    if not found.chunks:
        raise truncated()
    first = found.chunks[0]
    if first.name == b"VP8X":
        found.flags = data[first.at]
        found.width, found.height = _size24(data, first.at + 4)
        return
    found.chunks = [first]
    found.width, found.height = _size_of_pixels(data, first)


def _note(data: bytes, chunk: _Chunk, found: _Found) -> None:
    if chunk.name in _PIXELS:
        if _size_of_pixels(data, chunk) != (found.width, found.height):
            raise damaged("its size is not the size in its header")
        found.frames += 1
        found.is_lossless = found.is_lossless and chunk.name == b"VP8L"
    elif chunk.name == b"ANMF":
        found.frames += 1
        _check_frame(data, chunk, found)
    elif chunk.name == b"EXIF":
        found.orientation = orientation_of(data[chunk.at : chunk.stop])


def _check_frame(data: bytes, chunk: _Chunk, found: _Found) -> None:
    x, y = (2 * (number - 1) for number in _size24(data, chunk.at))
    width, height = _size24(data, chunk.at + 6)
    if x + width > found.width or y + height > found.height:
        raise damaged("a frame is not inside the picture")
    inner = [each for each in _inner(data, chunk) if each.name in _PIXELS]
    if [_size_of_pixels(data, each) for each in inner] != [(width, height)]:
        raise damaged("a frame has another size than it says")


def _inner(data: bytes, frame: _Chunk) -> list[_Chunk]:
    return list(_chunks(data, frame.at + 16, frame.stop))


def _size24(data: bytes, at: int) -> tuple[int, int]:
    width, width_high, height, height_high = struct.unpack_from("<HBHB", data, at)
    return 1 + width + (width_high << 16), 1 + height + (height_high << 16)


def _size_of_pixels(data: bytes, chunk: _Chunk) -> tuple[int, int]:
    """Return the size in the header of the compressed pixels."""
    if chunk.name == b"VP8 " and data[chunk.at + 3 : chunk.at + 6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, chunk.at + 6)
        return width & 0x3FFF, height & 0x3FFF
    if chunk.name == b"VP8L" and data[chunk.at : chunk.at + 1] == b"\x2f":
        (bits,) = struct.unpack_from("<I", data, chunk.at + 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise damaged("its pixels have no header")


def _without_metadata(data: bytes, found: _Found) -> bytes:
    names = _PIXELS | {b"VP8X", b"ALPH", b"ANIM", b"ANMF"}
    profile = next((each for each in found.chunks if each.name == b"ICCP"), None)
    flags = found.flags & ~(_XMP | _EXIF)
    if profile is not None and profile.stop - profile.at <= MAX_PROFILE:
        names.add(b"ICCP")
    else:
        flags &= ~_PROFILE
    body = KeptRanges(data)
    body.keep(0, 12)
    for chunk in found.chunks:
        if chunk.name == b"VP8X":
            header = data[chunk.start : chunk.at] + bytes([flags]) + data[chunk.at + 1 : chunk.end]
            body.put(header, chunk.start, chunk.end)
        elif chunk.name == b"ANMF":
            body.put(_plain_frame(data, chunk), chunk.start, chunk.end)
        elif chunk.name in names:
            body.keep(chunk.start, chunk.end)
    joined = body.joined()
    if joined is data:
        return data
    return b"RIFF" + (len(joined) - 8).to_bytes(4, "little") + joined[8:]


def _plain_frame(data: bytes, frame: _Chunk) -> bytes:
    """Return the frame without chunks that have no pixels."""
    inner = _inner(data, frame)
    kept = [each for each in inner if each.name in _PIXELS | {b"ALPH"}]
    if kept == inner:
        return data[frame.start : frame.end]
    content = data[frame.at : frame.at + 16]
    content += b"".join(data[each.start : each.end] for each in kept)
    return b"ANMF" + len(content).to_bytes(4, "little") + content
