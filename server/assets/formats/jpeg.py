"""Reads JPEG files: the size, the orientation, and the segments without metadata.

A JPEG is a row of segments, each with a marker. Scans with the pixels follow their header. Cameras
store metadata in the segments APP0 to APP15 and in comments.
"""

from __future__ import annotations

import re
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

SIGNATURE: Final = b"\xff\xd8\xff"
_SOI, _EOI, _SOS, _DQT, _DHT, _DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD
_APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
# Baseline, extended and progressive. Browsers show no other kind.
_FRAMES: Final = {0xC0, 0xC1, 0xC2}
_TABLES: Final = {_DQT, _DHT, _DRI}
_JFIF, _EXIF, _PROFILE, _ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_MAX_SEGMENTS: Final = 20_000
# A progressive picture has about 10 scans. Each one costs a pass over all pixels.
_MAX_SCANS: Final = 50
_FILL: Final = re.compile(rb"\xff+")
# The first marker behind the data of a scan. `FF 00` and restarts belong to the data.
_NEXT_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


class _Segment(NamedTuple):
    """A marker with its content, from `start` to `end`; after SOS also the data of the scan."""

    marker: int
    start: int
    end: int
    content: bytes


@dataclass(slots=True)
class _Found:
    """What the segments before say about the picture."""

    width: int = 0
    height: int = 0
    scans: int = 0
    profile: int = 0
    orientation: int = 1


def read_jpeg(data: bytes) -> PictureFile:
    """Return the picture. Refuse a file that is damaged, truncated, or of a rare kind."""
    segments, found = list(_segments(data)), _Found()
    for segment in segments:
        _note(segment, found)
    if not found.width or not found.height or not found.scans:
        raise damaged("it has no pixels")
    kept = KeptRanges(data)
    kept.keep(0, 2)
    for segment in segments:
        _keep(segment, kept, keeps_profile=found.profile <= MAX_PROFILE)
    return PictureFile(
        *("JPEG", found.width, found.height, kept.joined()), orientation=found.orientation
    )


def _segments(data: bytes) -> Iterator[_Segment]:
    """Yield the segments up to the end marker. What stands behind it is no part of the picture."""
    start = 2
    for _ in range(_MAX_SEGMENTS):
        at = _last_fill_byte(data, start)
        if at + 2 > len(data):
            raise truncated()
        marker = data[at + 1]
        if marker == _EOI:
            yield _Segment(marker, at, at + 2, b"")
            return
        length = int.from_bytes(data[at + 2 : at + 4])
        if at + 4 > len(data):
            raise truncated()
        if not _has_length(marker) or length < 2:
            raise damaged("a marker is in the wrong place")
        end = at + 2 + length
        if end > len(data):
            raise truncated()
        content = data[at + 4 : end]
        if marker == _SOS:
            end = _end_of_scan(data, end)
        yield _Segment(marker, at, end, content)
        start = end
    raise damaged(f"it has more than {_MAX_SEGMENTS} segments")


def _last_fill_byte(data: bytes, start: int) -> int:
    """Return where a marker begins. Any number of `FF` may stand before it."""
    found = _FILL.match(data, start)
    if found is None and start < len(data):
        raise damaged("a marker is missing")
    return start if found is None else found.end() - 1


def _has_length(marker: int) -> bool:
    return marker > 0x01 and not 0xD0 <= marker <= _SOI


def _end_of_scan(data: bytes, start: int) -> int:
    found = _NEXT_MARKER.search(data, start)
    if found is None:
        raise truncated()
    return found.start()


def _note(segment: _Segment, found: _Found) -> None:
    marker, content = segment.marker, segment.content
    if marker in _FRAMES:
        if found.width or len(content) < 6 or content[0] != 8:
            raise damaged("its header is wrong")
        found.height, found.width = struct.unpack_from(">HH", content, 1)
    elif marker == _SOS:
        found.scans += 1
        if not found.width or found.scans > _MAX_SCANS:
            raise damaged("it has scans without a header, or too many scans")
    elif marker == _APP1 and content.startswith(_EXIF):
        found.orientation = orientation_of(content)
    elif marker == _APP2 and content.startswith(_PROFILE):
        found.profile += len(content)
    elif marker not in _TABLES | {_EOI, _COM} and not _APP0 <= marker <= _APP15:
        raise damaged("it is of a rare kind that browsers do not show")


def _keep(segment: _Segment, kept: KeptRanges, *, keeps_profile: bool) -> None:
    marker, start, end, content = segment
    if marker == _APP0 and content.startswith(_JFIF) and len(content) >= 14:
        # The last two bytes are the size of a small copy of the picture, which follows them.
        kept.put(b"\xff\xe0\0\x10" + content[:12] + b"\0\0", start, end)
    elif marker == _APP14 and content.startswith(_ADOBE) and len(content) >= 12:
        kept.put(b"\xff\xee\0\x0e" + content[:12], start, end)
    elif marker in _FRAMES | _TABLES | {_SOS, _EOI} or (
        keeps_profile and marker == _APP2 and content.startswith(_PROFILE)
    ):
        kept.keep(start, end)
